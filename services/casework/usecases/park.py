"""Letting a case rest until a moment, and waking it then: nobody has to remember it, and nobody forgets it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from services.casework.domain.case import Case, Deed, after
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.calendars import calendar_for
from services.casework.usecases.protection import hold
from services.casework.usecases.stand_in import stand_in
from services.casework.usecases.standing import not_behind, permitted, write_down
from services.casework.usecases.who import author
from shared.calendar import WorkingCalendar
from shared.clock import STOCKHOLM, Clock, local
from shared.errors import DomainError
from shared.events import CaseParked
from shared.vocabulary import CaseState, WorkKind
from shared.web.access import Person

REMINDED_AT = time(9)
LONGEST = timedelta(days=366)
LONGEST_WHY = 500
ROUND = 200
"""How many are woken at once."""


class ReminderTimeError(DomainError):
    """The reminder lies in the past, or more than a year ahead."""

    type = "reminder-time"
    status = 422
    title = "Påminnelsen ska ligga i framtiden, högst ett år fram."


def next_morning(now: datetime) -> datetime:
    """Return nine o'clock of the next working day: when a case is taken up again if nothing else is said."""
    day = WorkingCalendar().next_working_day(local(now).date())
    return datetime.combine(day, REMINDED_AT, tzinfo=STOCKHOLM)


def quick_choices(now: datetime) -> dict[str, datetime]:
    """Return the moments that have a key of their own: in an hour, next working day, the first one of next week."""
    here = local(now)
    sunday = here.date() + timedelta(days=6 - here.weekday())
    monday = datetime.combine(WorkingCalendar().next_working_day(sunday), REMINDED_AT, tzinfo=STOCKHOLM)
    in_an_hour = local(now + timedelta(hours=1)).replace(second=0, microsecond=0)
    return {"hour": in_an_hour, "morning": next_morning(now), "week": monday}


async def waited(work: Work, case: Case, now: datetime) -> dict[str, object]:
    """Return the columns that end a wait for the citizen: its working time is added to the promise."""
    if case.waiting_since is None:
        return {}
    if case.due_at is None:
        return {"waiting_since": None}
    calendar = await calendar_for(work, case.unit)
    due = calendar.moved(case.due_at, case.waiting_since, case.closed_at or now)
    again = {"due_missed": False} if due > now else {}
    return {"waiting_since": None, "due_at": due, **again}


async def rested(work: Work, case: Case, now: datetime) -> dict[str, object]:
    """Return the columns that end the rest of a parked case, and its wait; none for a case that does not rest."""
    return {"parked_until": None, **await waited(work, case, now)} if case.state is CaseState.PARKED else {}


async def put_down(work: Work, case: Case, contact_id: str, now: datetime) -> dict[str, Any]:
    """Note that nobody works on a contact any more; return `contact_id` and `epoch` for the event that frees capacity.

    A return call that was promised and waits in the router is kept: it is no work yet, and no contact is told.
    """
    contact = await work.contacts.get(contact_id)
    work.ring(case.agent_id, contact["agent_id"] if contact else None)
    if contact and contact["kind"] == WorkKind.RETURN_CALL and not contact["agent_id"] and not contact["done_at"]:
        return {"contact_id": "", "epoch": 0}
    await work.contacts.done(contact_id, now)
    return {"contact_id": contact_id, "epoch": int(contact["epoch"]) if contact else 0}


@dataclass(frozen=True, slots=True)
class ParkCase:
    """Park a case until a moment; parking it again moves the moment."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self,
        number: str,
        person: Person,
        *,
        until: datetime | None = None,
        why: str = "",
        waiting: bool = False,
        seen: int | None = None,
    ) -> datetime:
        """Park; `waiting` for the citizen also stops the clock of the promise. Returns when she is reminded."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            now, by = self.clock(), author(person, case)
            await not_behind(work, case, person, seen, self.clock)
            state = await permitted(work, case, Deed.PARK, self.clock)
            moment = until or next_morning(now)
            if not now < moment <= now + LONGEST:
                raise ReminderTimeError
            said = why.replace("\x00", "").strip()[:LONGEST_WHY]
            rest = {"parked_until": moment, "parked_why": said, "parked_by": by}
            waits = {"waiting_since": case.waiting_since or now} if waiting else await waited(work, case, now)
            await work.cases.change(case.id, now, state=state.value, agent_id=by, **rest, **waits)
            put = await put_down(work, case, case.current_contact, now)
            await write_down(work, case.id, person, by, Deed.PARK, self.clock, until=moment.isoformat())
            named = {"case_id": case.id, "case_number": case.number, "by": by, "at": now}
            work.tell(CaseParked.model_validate({**named, **put, "until": moment}))
        return moment


@dataclass(frozen=True, slots=True)
class WakeParked:
    """Bring the cases back whose moment has come: open again, on top of their agent's desk.

    An agent who is away has a substitute, who gets it; without one it stays hers, and one who has left has none:
    `ReadForgotten` lists both for supervisors.
    """

    uow: UnitOfWork
    clock: Clock

    async def run(self) -> int:
        """Wake what is due; returns how many."""
        now = self.clock()
        async with self.uow.begin() as work:
            cases = await work.cases.hold_parked(now, ROUND)
            for case in cases:
                await self._wake(work, case, now)
        return len(cases)

    async def _wake(self, work: Work, case: Case, now: datetime) -> None:
        state, agent = after(case.state, Deed.REMIND), await stand_in(work, case.agent_id, now)
        to = agent["id"] if agent else None
        await work.cases.change(case.id, now, state=state.value, agent_id=to, **await waited(work, case, now))
        facts = {"substitute": to} if to and to != case.agent_id else {}
        await write_down(work, case.id, None, "", Deed.REMIND, self.clock, **facts)
        work.ring(to)
