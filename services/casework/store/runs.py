"""Walks through checklists: each step done is a row, a step taken back keeps its row and says who took it back."""

from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.domain.case import Case
from services.casework.domain.checklist import Checklist, Done, Run
from services.casework.store.bodies import checklist_from
from services.casework.store.params import Params
from services.casework.store.sql import row_of, rows_of
from services.casework.store.tables import checklist_versions, run_steps
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a checklist and when it was published."""

    checklist: Checklist
    published_at: datetime
    review_by: datetime | None
    unit: str = ""
    """The unit that owns it, whose local facts fill its texts."""


MOST_KEPT = 2_000
_KEPT: WeakKeyDictionary[Engine, dict[tuple[str, int], Published]] = WeakKeyDictionary()
"""Versions by database: one that is published is never changed, so each is fetched and parsed once in a process."""


class Runs:
    """Runs within one transaction."""

    def __init__(self, conn: AsyncConnection, params: Params) -> None:
        self._conn = conn
        self._params = params
        self._done: dict[tuple[str, int], tuple[Done, ...]] = {}

    async def version(self, checklist_id: str, version: int) -> Published | None:
        """Return one version of a checklist that is or has been live, its texts to be filled with what is so now."""
        found = await self._kept(checklist_id, version)
        if found is None or not found.checklist.params:
            return found
        return replace(found, checklist=found.checklist.with_facts(await self._params.values(found.unit)))

    async def _kept(self, checklist_id: str, version: int) -> Published | None:
        kept = _KEPT.setdefault(self._conn.sync_engine, {})
        if (checklist_id, version) not in kept:
            found = await self._fetch(checklist_id, version)
            if found is None:
                return None
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[checklist_id, version] = found
        return kept[checklist_id, version]

    async def _fetch(self, checklist_id: str, version: int) -> Published | None:
        query = select(checklist_versions).where(
            checklist_versions.c.id == checklist_id,
            checklist_versions.c.version == version,
            checklist_versions.c.published_at.is_not(None),
        )
        row = await row_of(self._conn, query)
        if row is None:
            return None
        return Published(checklist_from(row["body"], version), row["published_at"], row["review_by"], row["unit"])

    async def of(self, case: Case) -> Run | None:
        """Return the walk of a case through the version it began with; None when it has no checklist."""
        if case.checklist_id is None or case.checklist_version is None:
            return None
        published = await self.version(case.checklist_id, case.checklist_version)
        return Run(published.checklist, await self.done(case.id, case.run)) if published else None

    async def done(self, case_id: str, run: int) -> tuple[Done, ...]:
        """Return the steps that are done, in their order; read once in a transaction."""
        if (case_id, run) not in self._done:
            self._done[case_id, run] = await self._read(case_id, run)
        return self._done[case_id, run]

    async def _read(self, case_id: str, run: int) -> tuple[Done, ...]:
        query = (
            select(run_steps)
            .where(run_steps.c.case_id == case_id, run_steps.c.run == run, run_steps.c.undone_at.is_(None))
            .order_by(run_steps.c.seq)
        )
        rows = await rows_of(self._conn, query)
        names = ("step", "option", "note", "by", "at", "reference")
        return tuple(Done(**{name: row[name] for name in names}) for row in rows)

    async def append(self, case: Case, seq: int, done: Done) -> None:
        """Write a step that was done."""
        self._done.pop((case.id, case.run), None)
        await self._conn.execute(
            insert(run_steps).values(
                id=new_id(),
                case_id=case.id,
                run=case.run,
                seq=seq,
                step=done.step,
                option=done.option,
                note=done.note,
                reference=done.reference,
                by=done.by,
                at=done.at,
            )
        )

    async def undo_last(self, case: Case, by: str, at: datetime) -> None:
        """Take back the last step of the run; its row stays."""
        self._done.pop((case.id, case.run), None)
        alive = (run_steps.c.case_id == case.id) & (run_steps.c.run == case.run) & run_steps.c.undone_at.is_(None)
        last = select(func.max(run_steps.c.seq)).where(alive).scalar_subquery()
        await self._conn.execute(
            update(run_steps).where(alive, run_steps.c.seq == last).values(undone_at=at, undone_by=by)
        )
