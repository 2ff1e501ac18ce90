"""What a link shows and lets one do: the citizen sees how it goes, a unit without a login acts on its hand-over."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.casework.links import Links, UnitLinks
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases import reading
from services.casework.usecases.views import HandoverView, StatusView
from shared.clock import Clock
from shared.errors import NotFoundError
from shared.vocabulary import CaseState, Role, Secrecy
from shared.web.access import Person

STATUS_DAYS = 90
"""So long after a case was closed its citizen's link shows it."""
UNIT_DAYS = 30
"""So long after a hand-over has ended its unit's link shows that it has."""


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """Read how it goes with a case, for the one who has its link."""

    uow: UnitOfWork
    links: Links
    clock: Clock

    async def run(self, token: str) -> StatusView:
        """Return it; NotFoundError for a link that is not ours, or too old, or of a case that was erased."""
        case_id = self.links.case_of(token)
        async with self.uow.read() as work:
            way = await self._way(work, case_id) if case_id else []
            if not way or any(one["purged"] for one in way) or _past(way[-1]["closed_at"], STATUS_DAYS, self.clock()):
                raise NotFoundError
            if _of_several(way):
                return await self._state_alone(work, way[0], way[-1])
            return await self._view(work, way[-1])

    async def _way(self, work: Work, case_id: str) -> list[Row]:
        """Return the case, and after it the ones that it has become part of, to the one that goes on."""
        way = await work.reads.by_ids([case_id])
        while way and way[-1]["merged_into"]:
            way += await work.reads.by_ids([way[-1]["merged_into"]])
        return way

    async def _state_alone(self, work: Work, hers: Row, row: Row) -> StatusView:
        """Return the state of the case that goes on, by her own case's number: the rest is another person's matter."""
        return replace(
            await self._view(work, row),
            number=hers["number"],
            opened_at=hers["opened_at"],
            waits_for_citizen=False,
            question="",
            unit_name="",
            answer_by=None,
            planned_for=None,
            performer="",
            progress="",
            progress_at=None,
        )

    async def _view(self, work: Work, row: Row) -> StatusView:
        latest = (await work.handovers.of_case(row["id"]))[-1:]
        hers = latest[0] if latest and row["state"] == CaseState.HANDED_OVER else {}
        waits = bool(hers.get("paused_at") or row["waiting_since"])
        promised = hers.get("answer_by") or row["due_at"]
        secret = row["protected"] or await _presumed_secret(work, row)
        unit = hers.get("unit") or row["unit"]
        names = {one["id"]: one["name"] for one in await work.catalogue.units()}
        return StatusView(
            number=row["number"],
            state=row["state"],
            question="" if secret else row["question"] or "",
            unit_name="" if secret else names.get(unit, ""),
            opened_at=row["opened_at"],
            closed_at=row["closed_at"],
            answer_by=None if waits or row["closed_at"] else promised,
            waits_for_citizen=waits and not row["closed_at"],
            received_at=hers.get("acknowledged_at"),
            planned_for=hers.get("planned_for"),
            performer="" if secret else hers.get("performer", ""),
            progress="" if secret else hers.get("progress", ""),
            progress_at=hers.get("progress_at"),
        )


def _of_several(way: list[Row]) -> bool:
    """Say whether cases that became one are known to be about more than one person."""
    return len({one["person_key"] for one in way if one["person_key"]}) > 1


async def _presumed_secret(work: Work, row: Row) -> bool:
    if row["checklist_id"] is None or row["checklist_version"] is None:
        return False
    published = await work.runs.version(row["checklist_id"], row["checklist_version"])
    return published is not None and published.checklist.secrecy is Secrecy.PRESUMED


@dataclass(frozen=True, slots=True)
class OpenUnitLink:
    """Let the one who has a unit's link act for it, on this one hand-over."""

    uow: UnitOfWork
    links: UnitLinks
    clock: Clock

    async def run(self, token: str) -> tuple[Person, HandoverView]:
        """Return who acts (the unit, with no right but its own) and the hand-over.

        NotFoundError when the link is not ours, the hand-over is another unit's by now, ended long ago, not delivered
        yet, or its unit has a login, which is then the only way in.
        """
        handover_id, now = self.links.handover_of(token), self.clock()
        async with self.uow.read() as work:
            row = await self._row(work, handover_id) if handover_id else None
            if row is None or not self.links.holds(token, row["unit"]) or _past(row["ended_at"], UNIT_DAYS, now):
                raise NotFoundError
            if (await work.unit_terms.of(row["unit"]))["has_login"]:
                raise NotFoundError
            units = {one["id"]: one["name"] for one in await work.catalogue.units()}
            number = await work.cases.number_of(row["case_id"])
        name = str(units.get(row["unit"], row["unit"]))
        person = Person(f"unit:{row['unit']}", name, frozenset({Role.OFFICER}), frozenset({row["unit"]}))
        return person, reading.handover_view(row, number, units, now)

    async def _row(self, work: Work, handover_id: str) -> Row | None:
        try:
            row = await work.handovers.find(handover_id, None, hold=False)
        except NotFoundError:
            return None
        return row if row["delivered_at"] is not None else None


def _past(ended: datetime | None, days: int, now: datetime) -> bool:
    return ended is not None and ended + timedelta(days=days) < now
