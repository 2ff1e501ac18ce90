"""What the use cases of a hand-over share: finding and holding it, who may act on it, its receiver, its deeds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case
from services.casework.domain.deadline import OFFICE, BadCalendarError, calendar_of
from services.casework.domain.handover import (
    STORED,
    HandoverDeed,
    HandoverState,
    NoReceiverError,
    Standing,
    after,
    controller_of,
    state_of,
)
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.protection import guard
from shared.calendar import WorkingCalendar
from shared.errors import DomainError
from shared.events import HandoverAcknowledged
from shared.web.access import ALL_UNITS, Person, visible_units


class NotReceiverError(DomainError):
    """Only the unit that has the hand-over acts on it; who sees the case reads along."""

    type = "not-receiver"
    status = 403
    title = "Överlämningen ligger hos en annan verksamhet."


@dataclass(frozen=True, slots=True)
class Held:
    """A hand-over and its case, both held for a deed: the case first, as everywhere."""

    row: Row
    case: Case
    state: HandoverState
    """Where the deed leads."""
    now: datetime

    @property
    def id(self) -> str:
        """The hand-over's id."""
        return str(self.row["id"])

    def facts(self, person: Person) -> dict[str, Any]:
        """Return what every event of a hand-over says; who by is an id there, the name stays in the case."""
        return event_facts(self.row, self.case, person.id, self.now)

    @property
    def stored(self) -> str:
        """How that state is written."""
        return STORED[self.state]

    def received(self, by: str) -> dict[str, Any]:
        """Return what to write when this deed is the first sign that the hand-over was received."""
        return {} if self.row["acknowledged_at"] else {"acknowledged_at": self.now, "acknowledged_by": by}


def event_facts(row: Row, case: Case, by: str, now: datetime) -> dict[str, Any]:
    """Return the fields that every event of a hand-over has."""
    return {"case_id": case.id, "case_number": case.number, "handover_id": row["id"], "by": by, "at": now}


def standing(row: Row) -> Standing:
    """Return where a hand-over is, with what its refusals say."""
    names = ("acknowledged_by", "acknowledged_at", "ended_by", "ended_at", "paused_at", "deliver_at")
    delivered = row["deliver_at"] is None or row["delivered_at"] is not None
    state = state_of(row["state"], delivered=delivered, paused=row["paused_at"] is not None)
    return Standing(state, **{name: row[name] for name in names})


async def hold(work: Work, handover_id: str, person: Person) -> tuple[Row, Case]:
    """Return the hand-over and its case, both held; NotReceiverError when another unit has it.

    Who acts for every unit, and not for this one by name, is refused where the case hides its person from her.
    """
    units = visible_units(person)
    found = await work.handovers.find(handover_id, units, hold=False)
    case = await work.cases.lock_id(found["case_id"], units)
    row = await work.handovers.find(handover_id, units)
    if ALL_UNITS not in person.units and row["unit"] not in person.units:
        raise NotReceiverError
    if row["unit"] not in person.units:
        guard(person, case)
    return row, case


async def held(work: Work, handover_id: str, person: Person, deed: HandoverDeed, now: datetime) -> Held:
    """Return both, held, with where the deed leads; an error that says why when it cannot be done now."""
    row, case = await hold(work, handover_id, person)
    return moving(row, case, deed, now)


def moving(row: Row, case: Case, deed: HandoverDeed, now: datetime) -> Held:
    """Return where the deed leads with what is held; an error that says why when it cannot be done now."""
    return Held(row, case, after(standing(row), deed, now), now)


def was_done(row: Row, **values: object) -> bool:
    """Say whether the very same has been done already: a second press, or an answer of ours that got lost."""
    return all(row[name] == value for name, value in values.items())


async def noted(work: Work, one: Held, person: Person, by: str, deed: HandoverDeed, **facts: object) -> None:
    """Write a deed into the history of the case, by the name that stands for it."""
    more = {"handover_id": one.id, "unit": one.row["unit"], **facts}
    await work.history.write(one.case.id, one.now, by=person.id, by_name=by, what=deed.value, facts=more)


def tell_received(work: Work, one: Held, person: Person) -> None:
    """Tell the receipt when this deed was the first sign of it."""
    if not one.row["acknowledged_at"]:
        work.tell(HandoverAcknowledged(**one.facts(person)))


async def receiver(work: Work, to: str | None, fallback: str) -> tuple[Row, str]:
    """Return the unit that receives and what the receiver is called; NoReceiverError when nobody can be found.

    `to` is a unit's id or name, or `unit/function` as ends of checklists say it; a function of no known unit is
    reached through the case's own (`fallback`).
    """
    label = (to or "").strip()
    named = await work.catalogue.unit_called(label.split("/", 1)[0].strip()) if label else None
    unit = named or await work.catalogue.unit(fallback)
    if unit is None or not unit["handover_address"]:
        raise NoReceiverError
    return unit, label if label and label != unit["id"] else str(unit["name"])


def ring_centre(work: Work, one: Held) -> None:
    """Ring at the desks of the agent whose case it is and of the one who handed it over."""
    work.ring(one.case.agent_id, one.row["by"])


async def works(work: Work, unit: str) -> tuple[WorkingCalendar, tuple[str, ...]]:
    """Return when a unit works and the times of day that it picks for what can wait; office hours, at once, if none."""
    terms = await work.unit_terms.of(unit)
    try:
        calendar = calendar_of(terms["calendar"])
    except BadCalendarError:
        calendar = OFFICE
    return calendar, tuple(terms["delivery_times"])


async def other_controller(work: Work, case: Case, unit: Row) -> str:
    """Return the legal person that the receiver belongs to when it is another than that of the case's own unit."""
    own = unit if unit["id"] == case.unit else await work.catalogue.unit(case.unit)
    names = ("legal_form", "controller", "name")
    mine = controller_of(*(own[name] for name in names)) if own else ""
    theirs = controller_of(*(unit[name] for name in names))
    return "" if mine == theirs else theirs or str(unit["name"])
