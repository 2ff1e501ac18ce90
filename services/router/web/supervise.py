"""The doors of those who watch: one contact, and the queues."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from services.router.store.look import Look
from shared.errors import NotFoundError
from shared.web.access import Action, requires

router = APIRouter(prefix="/api/v1", tags=["supervise"])


class HappeningReply(BaseModel):
    """One thing that happened to a contact in the router."""

    at: datetime
    what: str
    agent_id: str | None
    detail: str | None


class ContactReply(BaseModel):
    """Where a contact is; a waiting one has a position (1 is next in its queue) and says why it waits."""

    contact_id: str
    state: str
    queue: str
    position: int | None
    why_waiting: str | None
    owner: str | None
    epoch: int
    history: list[HappeningReply]


class QueueReply(BaseModel):
    """Who waits in a queue, and how many ready agents could take from it."""

    queue: str
    waiting: int
    oldest_seconds: float
    ready_agents: int
    by_channel: dict[str, int]


class QueuesReply(BaseModel):
    """All queues by name."""

    items: list[QueueReply]
    next: str | None = None


@router.get("/contacts/{contact_id}", dependencies=[requires(Action.READ_CASES)])
async def contact(contact_id: str, request: Request) -> ContactReply:
    """Say where a contact is."""
    look: Look = request.app.state.look
    view = await look.contact(contact_id)
    if view is None:
        raise NotFoundError
    history = [HappeningReply(at=h.at, what=h.what, agent_id=h.agent_id, detail=h.detail) for h in view.history]
    return ContactReply(
        contact_id=contact_id,
        state=view.state,
        queue=view.queue,
        position=view.position,
        why_waiting=view.why_waiting,
        owner=view.owner,
        epoch=view.epoch,
        history=history,
    )


@router.get("/queues", dependencies=[requires(Action.SEE_STATS)])
async def queues(request: Request) -> QueuesReply:
    """Say who waits where."""
    look: Look = request.app.state.look
    return QueuesReply(
        items=[
            QueueReply(
                queue=view.queue,
                waiting=view.waiting,
                oldest_seconds=view.oldest_seconds,
                ready_agents=view.ready_agents,
                by_channel=view.by_channel,
            )
            for view in await look.queues()
        ]
    )
