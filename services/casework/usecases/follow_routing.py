"""What `routing` says becomes known to the cases: candidates and type, who took a contact, who is done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.opening import classify, take
from shared.clock import Clock
from shared.events import ContactAbandoned, ContactCompleted, ContactRequeued, ContactRouted, Event, OfferAccepted

READS = (ContactRouted, OfferAccepted, ContactRequeued, ContactCompleted, ContactAbandoned)


@dataclass(frozen=True, slots=True)
class FollowRouting:
    """Take in a batch of the router's facts, in one transaction, any number of times."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, events: Sequence[Event]) -> None:
        """Take in `events`; an older epoch never undoes a newer one, so their order does not matter."""
        async with self.uow.begin() as work:
            await self._route(work, [event for event in events if isinstance(event, ContactRouted)])
            await self._accept(work, [event for event in events if isinstance(event, OfferAccepted)])
            await self._end(work, events)

    async def _route(self, work: Work, events: Sequence[ContactRouted]) -> None:
        rows = {event.contact_id: _routed(event) for event in events}
        known = await work.contacts.route(list(rows.values()))
        await classify(work, [row for row in known if row["case_id"]], self.clock())

    async def _accept(self, work: Work, events: Sequence[OfferAccepted]) -> None:
        newest: dict[str, OfferAccepted] = {}
        for event in events:
            if event.contact_id not in newest or newest[event.contact_id].epoch < event.epoch:
                newest[event.contact_id] = event
        news = await work.contacts.accept([_accepted(event) for event in newest.values()])
        if taken := [row for row in news if not row["done_at"]]:
            await take(work, taken, self.clock())

    async def _end(self, work: Work, events: Sequence[Event]) -> None:
        requeued = {
            e.contact_id: {"id": e.contact_id, "epoch": e.epoch} for e in events if isinstance(e, ContactRequeued)
        }
        for row in await work.contacts.requeue(list(requeued.values())):
            work.ring(row["agent_id"])
            if row["case_id"]:
                await work.cases.change(row["case_id"], self.clock(), agent_id=None)
        completed = {e.contact_id: _completed(e) for e in events if isinstance(e, ContactCompleted)}
        await work.contacts.complete(list(completed.values()))
        gone = [e for e in events if isinstance(e, ContactAbandoned)]
        left = [{"id": e.contact_id, "at": e.at, "reason": "abandoned", "talk_seconds": None} for e in gone]
        work.ring(*await work.contacts.leave(left))


_SAME = ("entrance", "unit", "language", "received_at", "person_key", "follows", "queue", "due_at", "why")


def _routed(event: ContactRouted) -> dict[str, Any]:
    return {
        **{name: getattr(event, name) for name in _SAME},
        "id": event.contact_id,
        "channel": event.channel.value,
        "priority": event.priority.value,
        "taken_over": event.taken_over.value,
        "candidates": [candidate.model_dump() for candidate in event.candidates],
        "checklist_id": event.checklist.id if event.checklist else None,
        "checklist_version": event.checklist.version if event.checklist else None,
    }


def _accepted(event: OfferAccepted) -> dict[str, Any]:
    return {
        "id": event.contact_id,
        "channel": event.channel.value,
        "entrance": "",
        "unit": "",
        "received_at": event.at,
        "queue": event.queue,
        "agent_id": event.agent_id,
        "epoch": event.epoch,
        "accepted_at": event.at,
        "waited_seconds": event.waited_seconds,
    }


def _completed(event: ContactCompleted) -> dict[str, Any]:
    return {"id": event.contact_id, "epoch": event.epoch, "at": event.at, "talk_seconds": event.talk_seconds}
