"""The doors of who holds a contact: after-work, colleagues, officers, return calls, and whether a call is through."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from pydantic import AwareDatetime, BaseModel, Field

from services.router.usecases.answer_offer import AnswerOffer
from services.router.usecases.hand_on import HandOn
from services.router.web.pull import Accepted, herself, only
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1", tags=["agents"])

_Agent = Annotated[Person, requires(Action.WORK_DESK)]
_Epoch = Annotated[int, Field(ge=1)]
_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Command = Annotated[str, Header(alias="Idempotency-Key", max_length=100)]


class Question(BaseModel):
    """Who is asked about a contact, by the epoch that it is held by."""

    epoch: _Epoch
    to_agent: _Id


class Asked(BaseModel):
    """The question; accepted, it can be answered by giving the contact to the colleague."""

    consult_id: str


class Transfer(BaseModel):
    """The question that the colleague has accepted."""

    epoch: _Epoch
    consult_id: _Id


class Conference(BaseModel):
    """The officer who is to be brought into the call."""

    epoch: _Epoch
    officer_id: _Id


class ReturnCall(BaseModel):
    """When to call back (left out: when it is her turn); with the epoch when the agent promises it."""

    at: AwareDatetime | None = None
    epoch: _Epoch | None = None


class Through(BaseModel):
    """The epoch that the call is held by."""

    epoch: _Epoch


class ModesReply(BaseModel):
    """The parts of her work that an agent can choose between."""

    items: list[str]
    next: str | None = None


@router.get("/agents/{agent_id}/modes")
async def modes(agent_id: str, request: Request, person: _Agent) -> ModesReply:
    """Say which work modes an agent has."""
    herself(person, agent_id)
    use_case: HandOn = request.app.state.hand_on
    return ModesReply(items=use_case.modes(agent_id))


@router.post("/contacts/{contact_id}/connected", status_code=204)
async def connected(contact_id: str, answer: Through, request: Request, _: _Agent) -> None:
    """The call is through to its agent; 409 when it has moved on."""
    use_case: AnswerOffer = request.app.state.answer_offer
    await use_case.connected(contact_id, answer.epoch)


@router.post("/contacts/{contact_id}/wrap-up/end", status_code=204)
async def end_wrap_up(contact_id: str, request: Request, person: _Agent) -> None:
    """End after-work before its time; 409 when it is mandatory, or no longer hers."""
    use_case: HandOn = request.app.state.hand_on
    await use_case.wrap_end(contact_id, only(person))


@router.post("/contacts/{contact_id}/consult", status_code=201)
async def consult(
    contact_id: str, question: Question, request: Request, person: _Agent, _command: _Command = ""
) -> Asked:
    """Ask a colleague, who has 30 s to answer; 409 when the contact is no longer hers who asks.

    Asked again of the same colleague it is the same question, with an `Idempotency-Key` or without.
    """
    use_case: HandOn = request.app.state.hand_on
    return Asked(consult_id=await use_case.consult(contact_id, question.epoch, question.to_agent, only(person)))


@router.post("/contacts/{contact_id}/transfer")
async def transfer(contact_id: str, wish: Transfer, request: Request, person: _Agent) -> Accepted:
    """Give the contact to the colleague who has accepted the question; 409 when she has not."""
    use_case: HandOn = request.app.state.hand_on
    contact, epoch = await use_case.transfer(contact_id, wish.epoch, wish.consult_id, only(person))
    return Accepted(contact_id=contact, epoch=epoch)


@router.post("/contacts/{contact_id}/conference", status_code=202)
async def conference(contact_id: str, wish: Conference, request: Request, person: _Agent) -> None:
    """Ask for an officer to be brought into the call."""
    use_case: HandOn = request.app.state.hand_on
    await use_case.conference(contact_id, wish.epoch, wish.officer_id, only(person))


@router.post("/contacts/{contact_id}/return-call", status_code=202)
async def return_call(
    contact_id: str, wish: ReturnCall, request: Request, person: _Agent, command: _Command = ""
) -> None:
    """Call the citizen back, now in her turn or at a time; she keeps her place."""
    use_case: HandOn = request.app.state.hand_on
    await use_case.return_call(contact_id, wish.at, wish.epoch, only(person), command)
