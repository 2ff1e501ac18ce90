"""The doors of agents: presence, pull, and the answers to an offer."""

import asyncio
import re
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from services.router.store.queues import Availability, Destination
from services.router.usecases.answer_offer import AnswerOffer
from services.router.usecases.complete import Complete
from services.router.usecases.pull import Offer, Pull, SetPresence
from shared.errors import ForbiddenError
from shared.vocabulary import Channel, Presence, TakenOver, WorkKind, WrapUpMode
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1", tags=["agents"])

_Agent = Annotated[Person, requires(Action.WORK_DESK)]
_Epoch = Annotated[int, Field(ge=1)]


_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def code_of(reason: str) -> str:
    """Return a reason that is a code as it is, anything else as `other`: free text could name somebody, and is kept."""
    return reason if not reason or _CODE.fullmatch(reason) else "other"


Reason = Annotated[str, Field(max_length=200), AfterValidator(code_of)]
"""Why: a code of the caller's, as `lunch` or `wrong_skill`."""


class PresenceWish(BaseModel):
    """What an agent is available for from now on; repeated every 10 s it is her heartbeat."""

    presence: Literal[Presence.READY, Presence.AWAY, Presence.OFFLINE]
    reason: Reason | None = None
    mode: str | None = Field(None, max_length=100)
    """The work mode that she has chosen (her profile names them); repeated with each heartbeat and pull."""
    chosen: bool = False
    """She says it now, herself; a heartbeat repeats it. It takes this to be ready after a supervisor sent her away."""


class WrapUpReply(BaseModel):
    """The after-work that she is in; `until` at the latest."""

    contact_id: str
    mode: WrapUpMode
    until: datetime


class PresenceReply(BaseModel):
    """Capacity in units: a call or a visit costs 100, a mail or an e-service 30."""

    presence: Presence
    capacity: int
    used: int
    on_hold: int = 0
    """Mails and e-services that she has left for a live contact."""
    wrap_up: WrapUpReply | None = None
    sent_away: bool = False
    """A supervisor has set her away, and she has not chosen to be ready since."""


class PullWish(BaseModel):
    """Only these channels this time; all of hers when left out."""

    channels: list[Channel] | None = None
    mode: str | None = Field(None, max_length=100)
    """The work mode that she is ready in."""


class CandidateReply(BaseModel):
    """A case type that the contact may be about."""

    case_type: str
    unit: str
    area: str
    question: str
    confidence: float


class ChecklistReply(BaseModel):
    """A published version of a checklist."""

    id: str
    version: int


class AfterWork(BaseModel):
    """The after-work that will follow."""

    mode: WrapUpMode
    seconds: float


class OfferReply(BaseModel):
    """One contact, for one agent, until `expires_at`."""

    offer_id: str
    epoch: int
    contact_id: str
    channel: Channel
    entrance: str
    greeting: str
    unit: str
    queue: str
    priority: str
    waited_seconds: float
    due_at: datetime | None
    expires_at: datetime
    candidates: list[CandidateReply]
    checklist: ChecklistReply | None
    why: list[str] = []
    """Why this contact and this agent: `preferred`, `late`, `next_in_line`, `longest_idle`, `signed_off`, `ring:2`,
    `return_call`."""
    kind: WorkKind = WorkKind.CONTACT
    about: str | None = None
    """The contact that a colleague asks about."""
    taken_over: TakenOver = TakenOver.TAKEN
    forward_to: str = ""
    wrap_up: AfterWork | None = None


class Acceptance(BaseModel):
    """The epoch of the offer."""

    epoch: _Epoch


class Accepted(BaseModel):
    """The epoch by which the contact is held from now on."""

    contact_id: str
    epoch: int


class Refusal(BaseModel):
    """Why an offer could not be taken."""

    epoch: _Epoch
    reason: Reason = ""


class Completion(BaseModel):
    """What the contact turned out to be about."""

    epoch: _Epoch
    case_type: str | None = None


class GivenBack(BaseModel):
    """Where and why a contact should wait again."""

    epoch: _Epoch
    queue: str | None = Field(None, max_length=100, pattern=r"^[^|#]*$")
    to_agent: str | None = Field(None, max_length=100)
    """A colleague who has it for herself at first: a cold transfer."""
    not_before: AwareDatetime | None = None
    reason: Reason = ""


@router.put("/agents/{agent_id}/presence")
async def set_presence(agent_id: str, wish: PresenceWish, request: Request, person: _Agent) -> PresenceReply:
    """Say what the agent is available for; 30 s of silence frees her offers and mail."""
    herself(person, agent_id)
    use_case: SetPresence = request.app.state.set_presence
    now = await use_case.set(agent_id, wish.presence, wish.reason, wish.mode, chosen=wish.chosen)
    return _said(now)


@router.post("/agents/{agent_id}/pull", response_model=OfferReply, responses={204: {"description": "Nothing to do."}})
async def pull(
    agent_id: str,
    request: Request,
    person: _Agent,
    wish: PullWish | None = None,
    wait: Annotated[float, Query(ge=0, le=30)] = 0,
) -> Any:
    """Ask for the next contact, and wait up to `wait` seconds for one."""
    herself(person, agent_id)
    use_case: Pull = request.app.state.pull
    wish = wish or PullWish()
    asked = use_case.next_offer(agent_id, wait, wish.channels, wish.mode)
    offer = await _unless_gone(request, asked)
    return Response(status_code=204) if offer is None else offer


@router.post("/offers/{offer_id}/accept")
async def accept(offer_id: str, answer: Acceptance, request: Request, person: _Agent) -> Accepted:
    """Take the contact; 409 when it is no longer hers."""
    use_case: AnswerOffer = request.app.state.answer_offer
    contact_id, epoch = await use_case.accept(offer_id, answer.epoch, only(person))
    return Accepted(contact_id=contact_id, epoch=epoch)


@router.post("/offers/{offer_id}/decline", status_code=204)
async def decline(offer_id: str, answer: Refusal, request: Request, person: _Agent) -> None:
    """Let somebody else have it; 409 when it is no longer hers."""
    use_case: AnswerOffer = request.app.state.answer_offer
    await use_case.decline(offer_id, answer.epoch, answer.reason, only(person))


@router.post("/contacts/{contact_id}/complete", status_code=204)
async def complete(contact_id: str, answer: Completion, request: Request, person: _Agent) -> None:
    """The agent is done; 409 when the contact is no longer hers."""
    use_case: Complete = request.app.state.complete
    await use_case.by_agent(contact_id, answer.epoch, answer.case_type, only(person))


@router.post("/contacts/{contact_id}/requeue", status_code=204)
async def requeue(contact_id: str, answer: GivenBack, request: Request, person: _Agent) -> None:
    """Let the contact wait again at its old place, for others, a colleague, or later; 409 when it is no longer hers."""
    use_case: AnswerOffer = request.app.state.answer_offer
    to = Destination(answer.queue, answer.to_agent, answer.not_before)
    await use_case.requeue(contact_id, answer.epoch, to, reason=answer.reason, agent_id=only(person))


def _said(now: Availability) -> PresenceReply:
    wrap = now.wrap_up
    wrap_up = WrapUpReply(contact_id=wrap.contact_id, mode=wrap.mode, until=wrap.until) if wrap else None
    return PresenceReply(
        presence=now.presence,
        capacity=now.capacity,
        used=now.used,
        on_hold=now.on_hold,
        wrap_up=wrap_up,
        sent_away=now.sent_away,
    )


def herself(person: Person, agent_id: str) -> None:
    """Refuse an agent who speaks for another; a machine speaks for any."""
    if not person.machine and person.id != agent_id:
        raise ForbiddenError


def only(person: Person) -> str | None:
    """Return the agent that an answer may come from; a machine answers for any."""
    return None if person.machine else person.id


async def _unless_gone(request: Request, asked: Any) -> Offer | None:
    """Wait for an offer, but not for longer than the client listens or the service stands."""
    offer: asyncio.Task[Offer | None] = asyncio.create_task(asked)
    ends = {asyncio.create_task(_disconnected(request)), asyncio.create_task(request.app.state.closing.wait())}
    try:
        await asyncio.wait({offer, *ends}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*ends, *(() if offer.done() else (offer,))):
            task.cancel()
        await asyncio.gather(offer, *ends, return_exceptions=True)
    return None if offer.cancelled() else offer.result()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
