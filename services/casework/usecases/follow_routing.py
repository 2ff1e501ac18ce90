"""What `routing` says becomes known to the cases: candidates and type, who took a contact, who is done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from services.casework.domain.case import question_about
from services.casework.store.bell import LEFT, TAKEN
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.first_contact import came_back
from services.casework.usecases.handling import after_work_ended
from services.casework.usecases.opening import classify, let_go, take, tell_askers
from shared.clock import Clock
from shared.events import (
    ContactAbandoned,
    ContactCompleted,
    ContactConferenced,
    ContactHeld,
    ContactRequeued,
    ContactResumed,
    ContactRouted,
    ContactTransferred,
    Event,
    OfferAccepted,
    ReturnCallPromised,
    WrapUpStarted,
)
from shared.vocabulary import LIVE_CHANNELS, WorkKind

E = TypeVar("E", bound=Event)

Move = ContactRequeued | ContactTransferred | ContactConferenced | ContactHeld | ContactResumed | ReturnCallPromised
_MOVES: dict[type[Event], str] = {
    ContactRequeued: "requeued",
    ContactTransferred: "transferred",
    ContactConferenced: "conferenced",
    ContactHeld: "held",
    ContactResumed: "resumed",
    ReturnCallPromised: "return_call",
}
"""What stands on the timeline, and its name there."""
READS: tuple[type[Event], ...] = (
    ContactRouted,
    OfferAccepted,
    *_MOVES,
    WrapUpStarted,
    ContactCompleted,
    ContactAbandoned,
)


@dataclass(frozen=True, slots=True)
class FollowRouting:
    """Take in a batch of the router's facts, in one transaction, any number of times."""

    uow: UnitOfWork
    clock: Clock
    reopen_days: int = 30

    async def run(self, events: Sequence[Event]) -> None:
        """Take in `events`; an older epoch never undoes a newer one, so their order does not matter."""
        async with self.uow.begin() as work:
            await work.cases.hold_of({event.key for event in events})
            await self._route(work, _of(events, ContactRouted))
            await self._accept(work, _newest(_of(events, OfferAccepted)))
            await self._transfer(work, _newest(_of(events, ContactTransferred)))
            await self._send_on(work, events)
            await self._end(work, events)
            await came_back(work, self.clock())

    async def _route(self, work: Work, events: Sequence[ContactRouted]) -> None:
        rows = {event.contact_id: _routed(event) for event in events}
        known = await work.contacts.route(list(rows.values()))
        await classify(work, [row for row in known if row["case_id"]], self.clock())

    async def _accept(self, work: Work, newest: Sequence[OfferAccepted]) -> None:
        asked = [(event, about) for event in newest if (about := question_about(event.contact_id))]
        await work.contacts.ask(
            [{"id": e.contact_id, "about": about, "asked": e.agent_id, "at": e.at} for e, about in asked]
        )
        news = [row for row in await work.contacts.accept([_accepted(event) for event in newest]) if not row["done_at"]]
        questions = [row for row in news if row["kind"] == WorkKind.CONSULT]
        work.ring(*(row["agent_id"] for row in questions))
        await tell_askers(work, questions)
        if taken := [row for row in news if row["kind"] != WorkKind.CONSULT]:
            await take(work, taken, self.clock(), self.reopen_days)
            work.ring(*(f"{TAKEN}{row['id']}|{row['agent_id']}" for row in taken if row["channel"] in LIVE_CHANNELS))

    async def _transfer(self, work: Work, newest: Sequence[ContactTransferred]) -> None:
        rows = [{"id": e.contact_id, "epoch": e.epoch, "agent_id": e.agent_id} for e in newest]
        if news := await work.contacts.transfer(rows):
            await take(work, news, self.clock(), self.reopen_days)
            moved = {row["id"] for row in news}
            work.ring(*(who for e in newest if e.contact_id in moved for who in (e.agent_id, e.from_agent)))

    async def _send_on(self, work: Work, events: Sequence[Event]) -> None:
        await work.moves.add([_moved(event) for event in events if isinstance(event, Move)])
        changed = [e for e in events if isinstance(e, ContactHeld | ContactResumed | ContactConferenced)]
        work.ring(*(event.agent_id for event in changed))
        promised = _newest(_of(events, ReturnCallPromised))
        await work.contacts.return_call([{"id": e.contact_id, "epoch": e.epoch} for e in promised])
        back = _newest([e for e in events if isinstance(e, ContactRequeued | ReturnCallPromised)])
        await let_go(work, [{"id": e.contact_id, "epoch": e.epoch, "at": e.at} for e in back], self.clock())

    async def _end(self, work: Work, events: Sequence[Event]) -> None:
        """A contact is done when its after-work begins, or when there was none."""
        ended: dict[str, dict[str, Any]] = {}
        for event in events:
            if isinstance(event, WrapUpStarted | ContactCompleted):
                ended[event.contact_id] = _completed(event, ended.get(event.contact_id))
        completed = await work.contacts.complete(list(ended.values()))
        await after_work_ended(work, completed, self.clock())
        await tell_askers(work, completed)
        left = [
            {"id": event.contact_id, "at": event.at, "reason": "abandoned", "talk_seconds": None}
            for event in _of(events, ContactAbandoned)
        ]
        gone = await work.contacts.leave(left)
        work.ring(*(row["agent_id"] for row in gone), *(f"{LEFT}{row['id']}" for row in left))
        await tell_askers(work, gone)


def _of(events: Sequence[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def _newest(events: Sequence[Any]) -> list[Any]:
    """Return the newest event of each contact; of several with one epoch, the last."""
    newest: dict[str, Any] = {}
    for event in events:
        if event.contact_id not in newest or newest[event.contact_id].epoch <= event.epoch:
            newest[event.contact_id] = event
    return list(newest.values())


_SAME = ("entrance", "unit", "language", "received_at", "person_key", "follows", "queue", "due_at", "why")


def _routed(event: ContactRouted) -> dict[str, Any]:
    return {
        **{name: getattr(event, name) for name in _SAME},
        "id": event.contact_id,
        "channel": event.channel.value,
        "priority": event.priority.value,
        "taken_over": event.taken_over.value,
        "kind": event.kind.value,
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


def _moved(event: Move) -> dict[str, Any]:
    others = ("officer_id", "from_agent", "queue")
    return {
        "contact_id": event.contact_id,
        "epoch": event.epoch,
        "what": _MOVES[type(event)],
        "at": event.at,
        "agent_id": getattr(event, "agent_id", None) or "",
        "other": next((getattr(event, name) for name in others if hasattr(event, name)), ""),
        "call_at": event.call_at if isinstance(event, ReturnCallPromised) else None,
    }


def _completed(event: WrapUpStarted | ContactCompleted, before: dict[str, Any] | None) -> dict[str, Any]:
    """Return when the work on a contact was over: when its after-work began, if it had any."""
    whole = isinstance(event, ContactCompleted)
    times = {name: getattr(event, name) if whole else None for name in ("talk_seconds", "after_work_seconds")}
    return {"id": event.contact_id, "epoch": event.epoch, "at": before["at"] if before else event.at, **times}
