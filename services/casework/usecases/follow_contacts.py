"""What `contacts` says becomes cases: opened at arrival, followed up, left, bounced, erased."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from services.casework.domain.case import case_id_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.bounces import take_bounces
from services.casework.usecases.first_contact import came_back
from services.casework.usecases.opening import classify, follow_up, open_cases
from services.casework.usecases.place_contacts import PlaceContacts, link_claimed
from services.casework.usecases.receipts import SendReceipts
from services.casework.usecases.reread import take_rereads
from services.casework.usecases.scans import take_scans
from services.casework.usecases.tell_unit import TellUnit
from shared.clock import Clock
from shared.events import (
    ContactBounced,
    ContactEnded,
    ContactFollowedUp,
    ContactPurged,
    ContactReceived,
    ContactReread,
    ContactScanned,
    Event,
)
from shared.vocabulary import LIVE_CHANNELS, Channel

E = TypeVar("E", bound=Event)

READS = (
    ContactReceived,
    ContactFollowedUp,
    ContactReread,
    ContactScanned,
    ContactEnded,
    ContactBounced,
    ContactPurged,
)


@dataclass(frozen=True, slots=True)
class FollowContacts:
    """Take in a batch of facts about contacts, in one transaction, any number of times."""

    uow: UnitOfWork
    receipts: SendReceipts
    places: PlaceContacts
    units: TellUnit
    clock: Clock
    reopen_days: int = 30

    async def run(self, events: Sequence[Event]) -> None:
        """Take in `events`; of one contact they come in the order received, reread, ended, purged."""
        async with self.uow.begin() as work:
            await work.cases.hold_of({event.key for event in events})
            arrived = [one for one in events if isinstance(one, ContactReceived) and not isinstance(one, ContactReread)]
            await self._arrive(work, arrived)
            await take_rereads(work, _of(events, ContactReread))
            gone = await work.contacts.leave([_left(event) for event in _of(events, ContactEnded)])
            work.ring(*(row["agent_id"] for row in gone))
            await take_bounces(work, _of(events, ContactBounced), self.clock())
            await take_scans(work, _of(events, ContactScanned))
            for purge in _of(events, ContactPurged):
                await work.texts.erase_contact(purge.contact_id, purge.purged_at)
            await came_back(work, self.clock())

    async def _arrive(self, work: Work, events: Sequence[ContactReceived]) -> None:
        now = self.clock()
        rows = {event.contact_id: _received(event) for event in events}
        arrived = await work.contacts.arrive(list(rows.values()))
        if not arrived:
            return
        tags = {event.contact_id: event.tagged_case for event in events if event.tagged_case}
        placed = await self.places.run(work, arrived, rows, tags, now)
        news = placed.news()
        followers = [row for row in news if row["follows"] and row["case_id"] == row["follows"]]
        opening = [row for row in news if row not in followers and not _waits_for_agent(row)]
        numbers = await open_cases(work, opening, now)
        await link_claimed(work, placed, numbers, now)
        bodies = {name: row["body"] for name, row in rows.items()}
        await self.receipts.run(work, placed.heard(opening), numbers, now, bodies=bodies)
        if followers:
            anew = await follow_up(work, followers, now, self.reopen_days)
            fresh = [{**row, "case_id": case_id_of(row["id"])} for row in placed.heard(followers) if row["id"] in anew]
            await self.receipts.run(work, fresh, anew, now, bodies=bodies)
            await self.units.citizen_wrote(work, placed.heard(followers), now)
            await classify(work, followers, now)
        late = [row for row in news if row["case_id"] not in (None, row["follows"]) and row["id"] not in numbers]
        await work.cases.complete_rows([_late_facts(row) for row in late])
        work.first_contacts.typed(*(row["case_id"] for row in late))


def _of(events: Sequence[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def _waits_for_agent(row: Row) -> bool:
    """Return whether the case opens only when an agent has accepted: a call, a visit."""
    return Channel(row["channel"]) in LIVE_CHANNELS


def _late_facts(row: Row) -> dict[str, Any]:
    names = ("case_id", "person_key", "language", "entrance", "unit")
    return {name: row[name] for name in names}


def _left(event: ContactEnded) -> dict[str, Any]:
    return {
        "id": event.contact_id,
        "at": event.ended_at,
        "reason": event.reason,
        "talk_seconds": event.talk_seconds,
    }


_SAME = (
    "entrance",
    "unit",
    "language",
    "received_at",
    "person_key",
    "subject",
    "fields",
    "form",
    "original_key",
    "message_id",
    "ticket",
    "automatic",
    "unreadable",
    "flags",
    "linked_case",
)


def _received(event: ContactReceived) -> dict[str, Any]:
    follows = event.follows if isinstance(event, ContactFollowedUp) else None
    own = None if event.channel in LIVE_CHANNELS else case_id_of(event.contact_id)
    return {
        **{name: getattr(event, name) for name in _SAME},
        "id": event.contact_id,
        "case_id": follows or own,
        "channel": event.channel.value,
        "sender_name": event.sender.name,
        "sender_email": event.sender.email,
        "sender_phone": event.sender.phone,
        "body": event.text,
        "full_body": event.full_text,
        "attachments": [one.model_dump() for one in event.attachments],
        "reference_ids": event.references,
        "follows": follows,
    }
