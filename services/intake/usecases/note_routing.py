"""What the router decides about calls and visits: the caller's next turn, and who still waits at the desk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.intake.domain.visit import VisitState
from services.intake.store.calls import Turned
from services.intake.store.return_legs import Accepted
from services.intake.store.visits import VisitTurn
from shared.events import (
    ContactAbandoned,
    ContactCompleted,
    ContactRequeued,
    ContactTransferred,
    OfferAccepted,
    ReturnCallOffered,
)
from shared.lane import Received
from shared.vocabulary import LIVE_CHANNELS

WANTED = (
    OfferAccepted,
    ContactTransferred,
    ContactRequeued,
    ContactCompleted,
    ContactAbandoned,
    ReturnCallOffered,
)
RoutingEvent = OfferAccepted | ContactTransferred | ContactRequeued | ContactCompleted | ContactAbandoned


class Calls(Protocol):
    """Where calls are kept."""

    async def turn(self, turns: Sequence[Turned]) -> None: ...
    async def offer_return_call(self, contact_ids: Sequence[str]) -> None: ...


class Legs(Protocol):
    """Where return calls wait to be rung."""

    async def accepted(self, each: Sequence[Accepted]) -> None: ...


class Visits(Protocol):
    """Where visits are kept."""

    async def turn(self, turns: Sequence[VisitTurn]) -> int: ...


@dataclass(frozen=True, slots=True)
class NoteRouting:
    """Take in a batch from `routing`; of each contact the last word counts, and an older epoch is history.

    For a call it is the last that says where its caller goes: a contact that is completed in the same batch as it was
    accepted keeps its caller no less connected than one that is completed in the next.
    """

    calls: Calls
    visits: Visits
    changed: Callable[[], None]
    legs: Legs | None = None
    """None where no telephony rings return calls: the agent dials herself."""

    async def handle(self, batch: Sequence[Received[Any]]) -> None:
        """Write the batch; a repetition changes nothing."""
        last: dict[str, RoutingEvent] = {}
        moved: dict[str, OfferAccepted | ContactTransferred | ContactRequeued] = {}
        offered = [one.event.contact_id for one in batch if isinstance(one.event, ReturnCallOffered)]
        if offered:
            await self.calls.offer_return_call(offered)
        for received in batch:
            if isinstance(received.event, ReturnCallOffered):
                continue
            event: RoutingEvent = received.event
            if not _live(event):
                continue
            if _is_news(event, last.get(event.contact_id)):
                last[event.contact_id] = event
            if isinstance(event, _TURNS) and _is_news(event, moved.get(event.contact_id)):
                moved[event.contact_id] = event
        turns = [_turned(event) for event in moved.values()]
        if turns:
            await self.calls.turn(turns)
        accepted = [_accepted(event) for event in moved.values() if isinstance(event, OfferAccepted)]
        if accepted and self.legs is not None:
            await self.legs.accepted(accepted)
        if last and await self.visits.turn([_visit(event) for event in last.values()]):
            self.changed()


_TURNS = OfferAccepted | ContactTransferred | ContactRequeued


def _is_news(event: RoutingEvent, before: RoutingEvent | None) -> bool:
    return before is None or before.epoch <= event.epoch


def _live(event: RoutingEvent) -> bool:
    """Say whether it may be about a call or visit; one that goes back or to a colleague does not say its channel."""
    return isinstance(event, ContactRequeued | ContactTransferred) or event.channel in LIVE_CHANNELS


def _turned(event: OfferAccepted | ContactTransferred | ContactRequeued) -> Turned:
    return Turned(event.contact_id, event.epoch, None if isinstance(event, ContactRequeued) else event.agent_id)


def _accepted(event: OfferAccepted) -> Accepted:
    return Accepted(event.contact_id, event.epoch, event.agent_id, event.at)


def _visit(event: RoutingEvent) -> VisitTurn:
    match event:
        case OfferAccepted():
            return VisitTurn(event.contact_id, event.epoch, VisitState.WITH_AGENT, event.agent_id, called_at=event.at)
        case ContactTransferred():
            return VisitTurn(event.contact_id, event.epoch, VisitState.WITH_AGENT, event.agent_id, called_at=event.at)
        case ContactRequeued():
            return VisitTurn(event.contact_id, event.epoch, VisitState.WAITING)
        case ContactCompleted():
            return VisitTurn(event.contact_id, event.epoch, VisitState.DONE, event.agent_id, event.at)
        case ContactAbandoned():
            return VisitTurn(event.contact_id, event.epoch, VisitState.LEFT, None, event.at)
