"""The JSON doors of hand-overs: receive, assign, say how it goes, ask, move, pass on, send back, answer, take back."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.casework.usecases import views
from services.casework.usecases.misrouted import MisroutedRow
from services.casework.web.given import House, RequestId
from shared.errors import FieldError
from shared.vocabulary import ReturnReason
from shared.web.access import Action, Person, requires
from shared.web.errors import InvalidError

router = APIRouter(prefix="/api/v1/handovers", tags=["handovers"])

Receiver = Annotated[Person, requires(Action.WORK_INBOX)]
Reader = Annotated[Person, requires(Action.READ_CASES)]
Agent = Annotated[Person, requires(Action.WORK_DESK)]
By = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=20_000)]
Words = Annotated[str, Field(min_length=1, max_length=20_000)]
Name = Annotated[str, Field(max_length=200)]
Ref = Annotated[str, Field(max_length=200)]


class Deed(BaseModel):
    """What the receiver does; `by` is a named person or function."""

    by: By
    external_ref: Ref | None = None


class Assign(BaseModel):
    """Which officer of the unit gets it."""

    by: By
    officer: Annotated[str, Field(min_length=1, max_length=200)]


class Progress(BaseModel):
    """How it goes (*Läget just nu*): what is left out stays; a null `planned_for` or `performer` takes it away."""

    by: By
    planned_for: AwareDatetime | None = None
    performer: Name | None = None
    text: Text | None = None
    external_ref: Ref | None = None


class Reassign(BaseModel):
    """Which unit or function it goes to instead; `text` or `reason` says why."""

    by: By
    to: Name | None = None
    text: Text | None = None
    reason: Text | None = None


class Return(BaseModel):
    """Why it goes back, in a code and in words (`reason` or `text`); `to` is the unit that it belongs to."""

    by: By
    reason: Text | None = None
    text: Text | None = None
    code: ReturnReason = ReturnReason.WRONG_PLACE
    to: Name | None = None


class Answer(BaseModel):
    """The answer: to the citizen, which closes the case, or to the agent who tells her."""

    by: By
    text: Text | None = None
    external_ref: Ref | None = None
    to: Literal["citizen", "agent"] = "citizen"


class Ask(BaseModel):
    """What the citizen is asked for."""

    by: By
    text: Words


class Move(BaseModel):
    """When the answer is promised instead, and why: the reason is told to the citizen."""

    by: By
    answer_by: AwareDatetime
    reason: Words


class Withdraw(BaseModel):
    """Why it is taken back."""

    reason: Words


class HandOn(BaseModel):
    """Hand the case on to the unit that a return names; the same `request_id` is the same hand-over."""

    request_id: Annotated[str, Field(min_length=1, max_length=200)]
    message: Text = ""


class HandedOn(BaseModel):
    """A hand-over that was made."""

    handover_id: str
    acknowledge_by: AwareDatetime
    answer_by: AwareDatetime


class Assigned(BaseModel):
    """Who has it now; `substitute_for` names the officer who is away."""

    officer: str
    name: str
    substitute_for: str | None


class Misrouted(BaseModel):
    """How often each version of a checklist led to the wrong place, the worst first."""

    items: list[MisroutedRow]
    next: None = None


@router.get("/misrouted")
async def misrouted(
    house: House,
    person: Annotated[Person, requires(Action.SEE_STATS)],
    begin: Annotated[AwareDatetime, Query(alias="from")],
    end: Annotated[AwareDatetime, Query(alias="to")],
) -> Misrouted:
    """Return, per checklist and version, how many hand-overs were made and how many came back as misplaced."""
    return Misrouted(items=list(await house.read_misrouted.run(person, begin, end)))


@router.get("/{handover_id}")
async def show(house: House, person: Reader, handover_id: str) -> views.HandoverView:
    """Return a hand-over."""
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/acknowledge")
async def acknowledge(house: House, person: Receiver, handover_id: str, body: Deed) -> views.HandoverView:
    """Confirm that it has been received."""
    await house.acknowledge.run(handover_id, person, body.by, body.external_ref)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/assign")
async def assign(house: House, person: Receiver, handover_id: str, body: Assign) -> Assigned:
    """Give it to an officer of the unit, or to her substitute while she is away."""
    given = await house.assign.run(handover_id, person, body.by, body.officer)
    return Assigned(officer=given.officer, name=given.name, substitute_for=given.substitute_for)


@router.post("/{handover_id}/progress")
async def progress(house: House, person: Receiver, handover_id: str, body: Progress) -> views.HandoverView:
    """Say how it goes."""
    facts = body.model_dump(exclude={"by"})
    emptied = {name for name in body.model_fields_set if facts.get(name, "") is None}
    facts |= {"performer": ""} if "performer" in emptied else {}
    facts["unplanned"] = "planned_for" in emptied
    await house.progress.run(handover_id, person, body.by, **facts)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/ask-citizen")
async def ask_citizen(
    house: House, person: Receiver, handover_id: str, body: Ask, key: RequestId = None
) -> views.HandoverView:
    """Ask the citizen for what is missing; the answer's clock stands still until she has written."""
    await house.ask_citizen.run(handover_id, person, body.by, body.text, key)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/resume")
async def resume(house: House, person: Receiver, handover_id: str, body: Deed) -> views.HandoverView:
    """Let the answer's clock run on."""
    await house.resume.run(handover_id, person, body.by)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/answer-by")
async def move(house: House, person: Receiver, handover_id: str, body: Move) -> views.HandoverView:
    """Promise the answer for another time; the citizen hears it."""
    await house.move_answer.run(handover_id, person, body.by, body.answer_by, body.reason)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/reassign")
async def reassign(house: House, person: Receiver, handover_id: str, body: Reassign) -> dict[str, str]:
    """Pass it on to another unit or function."""
    if not body.to:
        raise InvalidError(errors=[FieldError("/to", "Uppgiften saknas.")])
    await house.reassign.run(handover_id, person, body.to, body.reason or body.text or "", body.by)
    return {"handover_id": handover_id, "to": body.to}


@router.post("/{handover_id}/return")
async def send_back(house: House, person: Receiver, handover_id: str, body: Return) -> views.HandoverView:
    """Send it back: it came to the wrong place, is something else, lacks something, or is for the centre to solve."""
    why = body.reason or body.text or ""
    await house.send_back.run(handover_id, person, body.by, why, code=body.code, to=body.to)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/answer")
async def answer(house: House, person: Receiver, handover_id: str, body: Answer) -> views.HandoverView:
    """Answer the citizen, or the agent who tells her."""
    await house.answer.run(handover_id, person, body.by, body.text, body.external_ref, to=body.to)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/withdraw")
async def withdraw(house: House, person: Agent, handover_id: str, body: Withdraw) -> views.HandoverView:
    """Take it back as long as nobody has received it."""
    await house.withdraw.run(handover_id, person, body.reason)
    return await house.read_handover.run(handover_id, person)


@router.post("/{handover_id}/hand-on", status_code=201)
async def hand_on(house: House, person: Agent, handover_id: str, body: HandOn) -> HandedOn:
    """Hand a returned case on to the unit that the return names."""
    made = await house.hand_on.run(handover_id, person, request_id=body.request_id, message=body.message)
    return HandedOn(handover_id=made.id, acknowledge_by=made.acknowledge_by, answer_by=made.answer_by)
