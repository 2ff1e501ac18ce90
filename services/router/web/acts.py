"""The doors of supervisors' acts: each with a reason (a code), each done once for an Idempotency-Key."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Request
from pydantic import AwareDatetime, BaseModel, Field

from services.router.usecases.peak import Peak
from services.router.usecases.supervise import Measures, Order, Supervise
from services.router.web.floor import Supervisor
from shared.vocabulary import Priority
from shared.web.access import Person, visible_units

router = APIRouter(prefix="/api/v1", tags=["supervise"])

Command = Annotated[str, Header(alias="Idempotency-Key", max_length=100)]


class ActWish(BaseModel):
    """Why: a code of the act's; `note` is for the router's own log alone and names nobody."""

    reason: str = Field(max_length=40)
    note: str = Field("", max_length=500)


class MoveWish(ActWish):
    """Where it is to wait from now on."""

    queue: str = Field(min_length=1, max_length=100)


class RaiseWish(ActWish):
    """How urgent it is from now on; lower is possible too."""

    priority: Priority


class CloseWish(ActWish):
    """Until when (left out: until somebody opens it), and where contacts go meanwhile (left out: they wait)."""

    until: AwareDatetime | None = None
    instead: str | None = Field(None, min_length=1, max_length=100)


class PeakWish(ActWish):
    """Until when, at most 24 hours from now, and what it consists of."""

    until: AwareDatetime
    mail_waits: bool = True
    rings_open: bool = True
    reserves: bool = True
    queue_message: bool = True


class PeakReply(BaseModel):
    """The peak that holds; everything else is empty when none does."""

    active: bool
    until: datetime | None = None
    started_at: datetime | None = None
    by: str | None = None
    reason: str | None = None
    mail_waits: bool = False
    rings_open: bool = False
    reserves: bool = False
    queue_message: bool = False


def order_of(person: Person, wish: ActWish, command: str) -> Order:
    """Return who acts and why."""
    return Order(person.id, wish.reason, wish.note, command, visible_units(person))


def supervise_of(request: Request) -> Supervise:
    """Return the use case that the lifespan has put on the app."""
    found: Supervise = request.app.state.supervise
    return found


@router.post("/contacts/{contact_id}/move", status_code=204)
async def move(contact_id: str, wish: MoveWish, request: Request, person: Supervisor, command: Command = "") -> None:
    """Let a waiting contact wait in another queue, at its place; 409 when it waits no longer."""
    await supervise_of(request).move(contact_id, wish.queue, order_of(person, wish, command))


@router.post("/contacts/{contact_id}/raise", status_code=204)
async def raise_(contact_id: str, wish: RaiseWish, request: Request, person: Supervisor, command: Command = "") -> None:
    """Give a waiting contact another class of urgency; 409 when it waits no longer."""
    await supervise_of(request).raise_(contact_id, wish.priority, order_of(person, wish, command))


@router.post("/contacts/{contact_id}/release", status_code=204)
async def release(contact_id: str, wish: ActWish, request: Request, person: Supervisor, command: Command = "") -> None:
    """Take a contact from its agent, back at its old place; 409 when nobody has it."""
    await supervise_of(request).release(contact_id, order_of(person, wish, command))


@router.post("/agents/{agent_id}/away", status_code=204)
async def away(agent_id: str, wish: ActWish, request: Request, person: Supervisor, command: Command = "") -> None:
    """Let an agent be offered nothing until she says that she is ready; 409 when she is not logged in."""
    await supervise_of(request).away(agent_id, order_of(person, wish, command))


@router.post("/queues/{queue}/close", status_code=204)
async def close(queue: str, wish: CloseWish, request: Request, person: Supervisor, command: Command = "") -> None:
    """Let a queue take nothing new: it goes elsewhere, or waits; who waits in it already is served."""
    order = order_of(person, wish, command)
    await supervise_of(request).close(queue, order, until=wish.until, instead=wish.instead)


@router.post("/queues/{queue}/open", status_code=204)
async def open_(queue: str, wish: ActWish, request: Request, person: Supervisor, command: Command = "") -> None:
    """Let a queue take what is new again; 404 when it is not closed."""
    await supervise_of(request).open(queue, order_of(person, wish, command))


@router.get("/peak")
async def peak(request: Request, _person: Supervisor) -> PeakReply:
    """Say whether a peak holds."""
    return _reply(request.app.state.peak)


@router.put("/peak")
async def begin_peak(wish: PeakWish, request: Request, person: Supervisor, command: Command = "") -> PeakReply:
    """Let a peak hold until then, in place of one that holds already."""
    measures = Measures(wish.mail_waits, wish.rings_open, wish.reserves, wish.queue_message)
    await supervise_of(request).begin_peak(wish.until, measures, order_of(person, wish, command))
    return _reply(request.app.state.peak)


@router.delete("/peak", status_code=204)
async def end_peak(wish: ActWish, request: Request, person: Supervisor, command: Command = "") -> None:
    """End the peak before its time; nothing happens when none holds."""
    await supervise_of(request).end_peak(order_of(person, wish, command))


def _reply(peak: Peak) -> PeakReply:
    found = peak.active()
    if found is None:
        return PeakReply(active=False)
    return PeakReply(active=True, **found.model_dump(include=set(PeakReply.model_fields)))
