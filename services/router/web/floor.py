"""The doors of those who watch the floor: every agent, every open offer, and who waits in a queue."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.router.store.floor import Floor
from services.router.store.look import Look, WaitingView
from services.router.usecases.supervise import Supervise, UnknownQueueError
from shared.vocabulary import Channel, Presence, Priority, WorkKind
from shared.web.access import Action, Person, requires, visible_units

router = APIRouter(prefix="/api/v1", tags=["supervise"])

Supervisor = Annotated[Person, requires(Action.SUPERVISE)]


class AgentReply(BaseModel):
    """One agent; capacity in units (a call costs 100), contacts by id."""

    agent_id: str
    presence: Presence
    reason: str | None
    capacity: int
    used: int
    offer: str | None
    holds: list[str]
    on_hold: list[str]
    """Mails and e-services that she has left for a live contact."""
    wrapping: list[str]
    waits: bool
    idle_seconds: float


class AgentsReply(BaseModel):
    """Every agent that is logged in, or still has something, by id."""

    items: list[AgentReply]
    next: str | None = None


class OfferReply(BaseModel):
    """One open offer."""

    contact_id: str
    agent_id: str
    queue: str
    channel: Channel
    expires_in_seconds: float


class OffersReply(BaseModel):
    """The open offers, the one that ends next first."""

    items: list[OfferReply]
    next: str | None = None


class WaitingReply(BaseModel):
    """One contact that nobody has accepted."""

    contact_id: str
    queue: str
    channel: Channel
    priority: Priority
    kind: WorkKind
    waited_seconds: float
    due_at: datetime | None
    unit: str
    state: str
    agent_id: str | None
    step: int
    why_waiting: str | None


class WaitingsReply(BaseModel):
    """Who waits in a queue, whose turn it is first; `next` is the `offset` to go on from."""

    items: list[WaitingReply]
    next: str | None = None


@router.get("/agents")
async def agents(request: Request, _person: Supervisor) -> AgentsReply:
    """Say who is at work, with what, and how much more she could take."""
    floor: Floor = request.app.state.floor
    return AgentsReply(items=[AgentReply(**asdict(view)) for view in await floor.agents()])


@router.get("/offers")
async def offers(request: Request, _person: Supervisor) -> OffersReply:
    """Say which offers are open and for how long."""
    floor: Floor = request.app.state.floor
    return OffersReply(items=[OfferReply(**asdict(view)) for view in await floor.offers()])


@router.get("/queues/{queue}/contacts")
async def contacts(
    queue: str,
    request: Request,
    person: Supervisor,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> WaitingsReply:
    """Say who waits in a queue and why; 404 when nothing names that queue."""
    look: Look = request.app.state.look
    supervise: Supervise = request.app.state.supervise
    if queue not in await supervise.queues():
        raise UnknownQueueError(queue=queue)
    found = await look.waiting(queue, limit, offset)
    seen = visible(found, person)
    following = str(offset + limit) if len(found) == limit else None
    return WaitingsReply(items=[WaitingReply(**asdict(view)) for view in seen], next=following)


def visible(found: Sequence[WaitingView], person: Person) -> list[WaitingView]:
    """Return the contacts of units that she sees, and those of no unit."""
    units = visible_units(person)
    return [view for view in found if units is None or not view.unit or view.unit in units]
