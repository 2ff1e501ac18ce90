"""Notes that were taken while nothing answered, taken in afterwards with their own time; nothing lost, nothing twice.

A note has a key of its own, made where it was written: whoever takes it in again, or at the same time, gets the case
that it has become. Nothing that is odd about a note refuses it, save that it says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.casework.domain.case import Deed, ObligatoryStepOpenError, case_id_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.close_case import close
from services.casework.usecases.first_contact import came_back
from services.casework.usecases.opening import take
from services.casework.usecases.standing import write_down
from services.casework.usecases.work_case import wanted
from shared.clock import Clock
from shared.events import CaseClassified
from shared.ids import natural_contact_id, natural_event_id
from shared.vocabulary import CaseState, Channel, Resolution
from shared.web.access import ALL_UNITS, Person

FALLBACK = "fallback"
"""The flag of a contact that was noted by hand while nothing answered."""
NOTED = "noted_away"
"""What the history of the case calls it."""
LONGEST_AGO = timedelta(days=30)
"""A clock that says more than this, or a time to come, is wrong: the note then gets the time of now."""


@dataclass(frozen=True, slots=True)
class NotedAway:
    """A note as it was kept in a browser."""

    words: str
    at: datetime
    channel: Channel = Channel.PHONE
    name: str = ""
    phone: str = ""
    case_type: str = ""
    done: bool = False
    """Nothing is left to be done: the case is closed as solved, unless its checklist asks for more."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The case that a note has become."""

    number: str
    closed: bool


@dataclass(frozen=True, slots=True)
class TakeInNote:
    """Make a note a contact and its case at the desk of whoever takes it in."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, note: NotedAway, key: str) -> TakenIn:
        """Return the case, the same for the same `key`; EmptyTextError for a note without words."""
        words, now = wanted(note.words), self.clock()
        at = note.at if now - LONGEST_AGO <= note.at <= now else now
        contact_id = natural_contact_id(FALLBACK, key)
        async with self.uow.begin() as work:
            kind = await work.catalogue.case_type(note.case_type) if note.case_type else None
            kind = None if kind is None or kind["deprecated"] else kind
            if not await work.contacts.arrive([_arrived(contact_id, note, kind, person, at)]):
                return await self._before(work, contact_id)
            case_id = case_id_of(contact_id)
            number = await self._open(work, contact_id, kind, person, at)
            said = {"author": person.id, "author_name": person.name, "at": at}
            await work.texts.add_note(id=natural_event_id("note", contact_id), case_id=case_id, body=words, **said)
            await work.history.write(case_id, now, by=person.id, by_name=person.name, what=NOTED)
            closed = note.done and kind is not None and await self._close(work, case_id, person, at)
            await came_back(work, at)
            work.ring(person.id)
        return TakenIn(number, closed)

    @staticmethod
    async def _before(work: Work, contact_id: str) -> TakenIn:
        case = await work.cases.lock_id(case_id_of(contact_id))
        return TakenIn(case.number, case.state is CaseState.CLOSED)

    @staticmethod
    async def _open(work: Work, contact_id: str, kind: Row | None, person: Person, at: datetime) -> str:
        names = ("id", "channel", "entrance", "unit", "received_at")
        row = await work.contacts.get(contact_id) or {}
        hers = {"queue": "", "agent_id": person.id, "epoch": 1, "accepted_at": at, "waited_seconds": 0.0}
        taken = await work.contacts.accept([{**{name: row[name] for name in names}, **hers}])
        number = (await take(work, taken, at))[contact_id]
        if kind is not None:
            case_id = case_id_of(contact_id)
            checklist = {name: kind[name] for name in ("checklist_id", "checklist_version")}
            typed = {"case_type": kind["id"], "classified_how": "confirmed", "unit": kind["unit"], **checklist}
            await work.cases.change(case_id, at, **typed)
            work.first_contacts.typed(case_id)
            of: dict[str, Any] = {"case_id": case_id, "case_number": number, "contact_id": contact_id, "at": at}
            work.tell(CaseClassified(**of, case_type=kind["id"], unit=kind["unit"], how="confirmed", by=person.id))
        return number

    async def _close(self, work: Work, case_id: str, person: Person, at: datetime) -> bool:
        """Close it as of then; an obligatory step that nobody has done leaves it open, to be done now."""
        case = await work.cases.lock_id(case_id)
        try:
            await close(work, case, person.id, Resolution.SOLVED, None, at)
        except ObligatoryStepOpenError:
            return False
        solved = {"resolution": Resolution.SOLVED.value}
        await write_down(work, case_id, person, person.id, Deed.CLOSE, self.clock, **solved)
        return True


def _arrived(contact_id: str, note: NotedAway, kind: Row | None, person: Person, at: datetime) -> Mapping[str, object]:
    """Return the row of the contact; one without a type belongs to a unit of whoever noted it."""
    own = sorted(person.units - {ALL_UNITS})
    unit = kind["unit"] if kind is not None else own[0] if own and ALL_UNITS not in person.units else ""
    said = {"sender_name": note.name or None, "sender_phone": note.phone or None, "sender_email": None}
    nothing = ("case_id", "person_key", "form", "original_key", "message_id", "ticket", "linked_case", "follows")
    return {
        **dict.fromkeys(nothing),
        **said,
        "id": contact_id,
        "channel": note.channel.value,
        "entrance": "",
        "unit": unit,
        "language": "sv",
        "received_at": at,
        "subject": "",
        "body": "",
        "full_body": "",
        "fields": {},
        "attachments": [],
        "reference_ids": [],
        "automatic": False,
        "unreadable": False,
        "flags": [FALLBACK],
    }
