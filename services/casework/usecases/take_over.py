"""Taking over in one act, giving back in one act, and what that means for a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.store.waves import takeover_record
from services.casework.usecases import wave_views
from services.casework.usecases.files.takeovers_yaml import takeover_id
from shared.clock import Clock
from shared.errors import NotFoundError
from shared.takeover import CASE_TYPE, ENTRANCE, least_taken, state_at
from shared.vocabulary import Channel, TakenOver

UNIT = "unit"
"""A whole wave: every case type of a unit, and every entrance that is the unit's own."""


@dataclass(frozen=True, slots=True)
class Move:
    """How far something is to have moved in: on one channel or on all, from a day (`2027-01-11`) or at once."""

    state: TakenOver
    channel: Channel | None = None
    from_day: str | None = None
    forward_to: str | None = None
    """None keeps what was said before."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Move a case type, an entrance or a whole unit in or out; the same act with the old state undoes it."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, subject: str, subject_id: str, move: Move, by: str) -> tuple[wave_views.TakeoverView, ...]:
        """Return what holds now; NotFoundError when there is no such thing.

        Until `from_day` holds what held at the time of the act; of what nothing had been said, it is not ours before
        it is taken over, and ours before it is given back. An act on all channels is one on each that has a
        state of its own, too.
        """
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            rows = []
            for kind, ids in (await _meant(work, subject, subject_id)).items():
                rows += self._rows(kind, ids, move, await work.waves.takeovers_of(kind, ids), by)
            for row in await work.waves.put_takeovers(rows):
                work.tell(takeover_record(row))
            names = await _names(work)
        return tuple(_view(row, names, self.clock()) for row in rows)

    def _rows(self, kind: str, ids: Sequence[str], move: Move, known: Sequence[Row], by: str) -> list[dict[str, Any]]:
        said = {row["id"]: row for row in known}
        rows = []
        for one in ids:
            own = {row["channel"] for row in known if row["subject_id"] == one} if move.channel is None else set()
            for channel in sorted({move.channel, *own}, key=str):
                before = said.get(takeover_id(kind, one, channel)) or said.get(takeover_id(kind, one, None))
                rows.append(self._row(kind, one, channel, move, before, by))
        return rows

    def _row(
        self, kind: str, subject_id: str, channel: str | None, move: Move, before: Row | None, by: str
    ) -> dict[str, Any]:
        now = self.clock()
        usual = TakenOver.TAKEN if move.state is TakenOver.NOT else TakenOver.NOT
        forward = move.forward_to if move.forward_to is not None else (before["forward_to"] if before else "")
        return {
            "id": takeover_id(kind, subject_id, channel),
            "subject": kind,
            "subject_id": subject_id,
            "channel": channel,
            "state": move.state.value,
            "from_day": move.from_day,
            "before": (state_at(takeover_record(before), now) if before else usual).value,
            "forward_to": forward,
            "changed_by": by,
            "changed_at": now,
        }


async def _meant(work: Work, subject: str, subject_id: str) -> dict[str, list[str]]:
    """Return ids by kind: the thing itself, or all that is a unit's."""
    types, entrances = await work.catalogue.case_types(), await work.catalogue.entrances()
    wanted = "unit" if subject == UNIT else "id"
    found = {
        CASE_TYPE: [row["id"] for row in types if row[wanted] == subject_id] if subject in {CASE_TYPE, UNIT} else [],
        ENTRANCE: [row["id"] for row in entrances if row[wanted] == subject_id] if subject in {ENTRANCE, UNIT} else [],
    }
    if not any(found.values()):
        raise NotFoundError
    return {kind: ids for kind, ids in found.items() if ids}


async def _names(work: Work) -> dict[tuple[str, str], str]:
    types = {(CASE_TYPE, str(row["id"])): " / ".join(row["path"]) for row in await work.catalogue.case_types()}
    return types | {(ENTRANCE, row["id"]): row["name"] for row in await work.catalogue.entrances()}


def _view(row: Row, names: Mapping[tuple[str, str], str], now: datetime) -> wave_views.TakeoverView:
    return wave_views.TakeoverView(
        subject=row["subject"],
        id=row["subject_id"],
        name=names.get((row["subject"], row["subject_id"])) or row["subject_id"],
        channel=row["channel"],
        state=row["state"],
        from_day=row["from_day"],
        before=row["before"],
        forward_to=row["forward_to"],
        now=state_at(takeover_record(row), now).value,
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
    )


@dataclass(frozen=True, slots=True)
class ReadTakeovers:
    """Read how far everything has moved in; what is not listed has always been ours."""

    uow: UnitOfWork
    clock: Clock

    async def run(self) -> tuple[wave_views.TakeoverView, ...]:
        """Return everything that has been said, with the state of now."""
        async with self.uow.read() as work:
            names, rows = await _names(work), await work.waves.takeovers()
        return tuple(_view(row, names, self.clock()) for row in rows)


async def taken_over(work: Work, case: Case | Row, contact: Row | None) -> tuple[TakenOver, str]:
    """Return whether the centre answers for a case yet, and where it is forwarded meanwhile (empty: its unit's own).

    Until an agent has said what it is about, what the router decided holds; afterwards her case type does.
    """
    row = case if not isinstance(case, Case) else _plain(case)
    rows = await work.waves.takeovers_on(row["channel"], case_type=row["case_type"], entrance=row["entrance"])
    at = (contact and contact["received_at"]) or row["opened_at"]
    said = least_taken(map(takeover_record, rows), at)
    if contact is None or not contact["taken_over"] or row["classified_how"] not in {None, "set"}:
        return said
    routed = TakenOver(contact["taken_over"])
    return routed, said[1] if said[0] is routed else ""


def _plain(case: Case) -> dict[str, Any]:
    names = ("channel", "entrance", "case_type", "classified_how", "opened_at")
    return {name: getattr(case, name) for name in names}
