"""What a person takes in by hand: a visitor gets a ticket, a call is noted; event and answer in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.channels.phone import e164
from services.intake.domain.text import clean, one_line
from services.intake.domain.visit import Visit, VisitState, ticket
from services.intake.store.answers import Answers, Asked
from services.intake.store.database import transaction
from services.intake.store.tables import OUTBOX
from services.intake.store.visits import Visits
from services.intake.usecases.entrances import Entrances
from shared import outbox
from shared.clock import Clock, local
from shared.errors import DomainError, FieldError
from shared.events import ContactAnswered, ContactEnded, ContactReceived, Sender
from shared.ids import natural_event_id, new_id
from shared.person import person_key
from shared.publish import Message, message
from shared.records import EntranceRecord
from shared.vocabulary import Channel, EntranceKind

MAX_MATTER = 4000


class UnknownEntranceError(DomainError):
    """A person chose an entrance that is not in the catalogue."""

    type = "invalid-input"
    status = 422
    title = "Något i det du skickade stämmer inte."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/entrance", "Ingången finns inte.")])


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands at the desk and why; `entrance` is a desk's id or value."""

    entrance: str
    matter: str
    name: str | None = None
    language: str = "sv"


@dataclass(frozen=True, slots=True)
class Ticket:
    """The visitor's receipt."""

    contact_id: str
    ticket: str


@dataclass(frozen=True, slots=True)
class RegisterVisit:
    """Give a visitor the next ticket of the desk's day."""

    engine: AsyncEngine
    entrances: Entrances
    visits: Visits
    answers: Answers
    clock: Clock

    async def register(self, visitor: Visitor, asked: Asked, taken_by: str | None = None) -> Ticket:
        """Write visit, event and answer; the same Idempotency-Key again is the same ticket.

        `taken_by` is the agent who takes her at once, where she stands: she is offered to nobody and called by nobody.
        """
        entrance = known(self.entrances, EntranceKind.DESK, visitor.entrance)
        async with transaction(self.engine) as connection:
            before = await self.answers.recall(connection, asked)
            if before:
                return Ticket(**before)
            now = self.clock()
            day = local(now).date()
            number = await self._ticket(connection, day, entrance.id)
            visit = Visit(
                contact_id=new_id(),
                day=day,
                entrance=entrance.id,
                ticket=number,
                matter=clean(visitor.matter).strip()[:MAX_MATTER],
                name=one_line(visitor.name or "")[:200] or None,
                state=VisitState.WITH_AGENT if taken_by else VisitState.WAITING,
                registered_at=now,
                language=visitor.language,
                agent_id=taken_by,
            )
            await self.visits.add(connection, visit, *_visit_events(visit, entrance))
            given = Ticket(visit.contact_id, number)
            await self.answers.remember(connection, asked, {"contact_id": given.contact_id, "ticket": number})
        return given

    async def _ticket(self, connection: AsyncConnection, day: date, desk: str) -> str:
        """Return the next ticket of a desk's day that somebody else's queue has not given there."""
        while True:
            number = ticket(await self.visits.number(connection, day, desk))
            if not await self.visits.has_ticket(connection, day, desk, number):
                return number


@dataclass(frozen=True, slots=True)
class HandCall:
    """A call that somebody took at a phone of their own; `entrance` is a number's id or value."""

    entrance: str
    caller: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RegisterCall:
    """Take in a call by hand."""

    engine: AsyncEngine
    entrances: Entrances
    answers: Answers
    clock: Clock
    person_secret: bytes

    async def register(self, call: HandCall, asked: Asked) -> str:
        """Write event and answer; return the contact id."""
        entrance = known(self.entrances, EntranceKind.NUMBER, call.entrance)
        async with transaction(self.engine) as connection:
            before: Mapping[str, Any] | None = await self.answers.recall(connection, asked)
            if before:
                return str(before["contact_id"])
            now, phone = self.clock(), e164(call.caller)
            note = clean(call.note).strip()[:MAX_MATTER]
            event = ContactReceived(
                contact_id=new_id(),
                channel=Channel.PHONE,
                entrance=entrance.id,
                unit=entrance.unit,
                received_at=now,
                sender=Sender(phone=phone or one_line(call.caller or "")[:60] or None),
                person_key=person_key(self.person_secret, now, phone=phone),
                text=note,
                full_text=note,
                flags=("by_hand",),
            )
            await outbox.add(connection, OUTBOX, _told(event))
            await self.answers.remember(connection, asked, {"contact_id": event.contact_id})
        return event.contact_id


@dataclass(frozen=True, slots=True)
class EndVisit:
    """Note that a visitor has left."""

    visits: Visits
    clock: Clock

    async def end(self, contact_id: str) -> bool:
        """Write the end and its event, once; return whether it was now."""
        now = self.clock()
        event = ContactEnded(contact_id=contact_id, ended_at=now, reason="left")
        return await self.visits.leave(contact_id, now, _told(event))


def known(entrances: Entrances, kind: EntranceKind, given: str) -> EntranceRecord:
    """Return the entrance that a person chose, by id or value."""
    chosen = entrances.entrance(given)
    if chosen is not None and chosen.kind is kind:
        return chosen
    found, exact = entrances.entrance_for(kind, given)
    if found is None or not exact:
        raise UnknownEntranceError
    return found


def _visit_events(visit: Visit, entrance: EntranceRecord) -> list[Message]:
    """Return that she has come, and who has taken her already: the router has them by one key, in this order."""
    told = [_told(_visit_event(visit, entrance))]
    if visit.agent_id:
        taken = {"contact_id": visit.contact_id, "answered_at": visit.registered_at, "agent_id": visit.agent_id}
        told.append(_told(ContactAnswered.model_validate(taken)))
    return told


def _visit_event(visit: Visit, entrance: EntranceRecord) -> ContactReceived:
    return ContactReceived(
        contact_id=visit.contact_id,
        channel=Channel.VISIT,
        entrance=entrance.id,
        unit=entrance.unit,
        language=visit.language,
        received_at=visit.registered_at,
        sender=Sender(name=visit.name),
        text=visit.matter,
        full_text=visit.matter,
        ticket=visit.ticket,
    )


def _told(event: ContactReceived | ContactAnswered | ContactEnded) -> Message:
    return message(event, event_id=natural_event_id(event.event_type, event.contact_id))
