"""The JSON doors of cases (`doors.md`, casework): read, classify, step, note, close, hand over."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.casework.usecases import reading, views
from services.casework.usecases.hand_over import Handed
from services.casework.web.given import House, RequestId, Seen, Version
from shared.ids import new_id
from shared.vocabulary import CaseState, Cause, Resolution
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])

Reader = Annotated[Person, requires(Action.READ_CASES)]
Worker = Annotated[Person, requires(Action.WORK_DESK)]
Text = Annotated[str, Field(max_length=20_000)]


class Classify(BaseModel):
    """The case type that it is."""

    case_type: str
    version: Version = None


class StepDone(BaseModel):
    """A step and its answer: the label or the number (from 1)."""

    step: str
    option: str | None = None
    note: Text = ""
    reference: Annotated[str, Field(max_length=200)] = ""
    """By which delegation a decision is taken."""
    version: Version = None


class Written(BaseModel):
    """A text that somebody wrote."""

    text: Annotated[str, Field(min_length=1, max_length=20_000)]


class Close(BaseModel):
    """How it ended, why it arose, and an answer to the citizen."""

    resolution: Resolution
    cause: Cause | None = None
    text: Text | None = None
    version: Version = None


class Ended(BaseModel):
    """A case that is closed; `GET` shows the whole of it."""

    number: str
    state: CaseState = CaseState.CLOSED
    resolution: Resolution
    closed_at: AwareDatetime


class Noted(Written):
    """A note; `corrects` is the id of the one that was wrong."""

    corrects: Annotated[str | None, Field(max_length=200)] = None


class Preview(BaseModel):
    """To whom (unit, or `unit/function`; by default where the checklist leads), and values for its fields."""

    to: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    message: Text | None = None


class HandOver(Preview):
    """A hand-over; the same `request_id` is the same hand-over."""

    request_id: Annotated[str, Field(min_length=1, max_length=200)]
    version: Version = None


class HandedOver(BaseModel):
    """A hand-over that was made."""

    handover_id: str
    acknowledge_by: str
    answer_by: str


@router.get("")
async def list_cases(  # noqa: PLR0913, PLR0917 - each a query parameter
    house: House,
    person: Reader,
    contact_id: str | None = None,
    number: str | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    state: CaseState | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> views.CasePage:
    """List cases, newest first; `after` is the `next` of the page before."""
    return await house.list_cases.run(
        person, contact_id=contact_id, number=number, text=q, state=state, cursor=after, limit=limit
    )


@router.get("/{number}")
async def show_case(house: House, person: Reader, number: str, response: Response) -> views.CaseView:
    """Return one case; its entity tag is its version, for `If-Match`."""
    case = await house.read_case.run(number, person)
    response.headers["etag"] = f'"{case.version}"'
    return case


@router.post("/{number}/classify")
async def classify(house: House, person: Worker, number: str, body: Classify, seen: Seen) -> views.CaseView:
    """Confirm or correct the case type."""
    await house.classify.run(number, person, body.case_type, body.version if seen is None else seen)
    return await house.read_case.run(number, person)


@router.post("/{number}/steps")
async def do_step(house: House, person: Worker, number: str, body: StepDone, seen: Seen) -> views.CaseView:
    """Do the step that is next."""
    version = body.version if seen is None else seen
    await house.do_step.run(number, person, body.step, body.option, body.note, reference=body.reference, seen=version)
    return await house.read_case.run(number, person)


@router.post("/{number}/steps/back")
async def step_back(house: House, person: Worker, number: str) -> views.CaseView:
    """Take back the last step."""
    await house.step_back.run(number, person)
    return await house.read_case.run(number, person)


@router.post("/{number}/notes", status_code=201)
async def add_note(house: House, person: Worker, number: str, body: Noted, key: RequestId = None) -> dict[str, str]:
    """Lock a note, or what corrects one."""
    return {"note_id": await house.add_note.run(number, person, body.text, key, body.corrects)}


@router.post("/{number}/close")
async def close(house: House, person: Worker, number: str, body: Close, seen: Seen, key: RequestId = None) -> Ended:
    """Close the case."""
    version = body.version if seen is None else seen
    done = await house.close.run(
        number, person, resolution=body.resolution, cause=body.cause, text=body.text, request_id=key, seen=version
    )
    return Ended(number=done.number, resolution=done.resolution, closed_at=done.closed_at)


@router.post("/{number}/reopen")
async def reopen(house: House, person: Worker, number: str, seen: Seen) -> views.CaseView:
    """Bring a closed case back to life."""
    await house.reopen.run(number, person, seen)
    return await house.read_case.run(number, person)


@router.post("/{number}/handover/preview")
async def preview(house: House, person: Worker, number: str, body: Preview | None = None) -> views.PreviewView:
    """Say what would go and what is missing; nothing happens."""
    asked = body or Preview()
    plan = await house.preview_handover.run(number, person, asked.to, asked.fields)
    return reading.preview_view(plan, asked.message or "")


@router.post("/{number}/handover", status_code=201)
async def hand_over(house: House, person: Worker, number: str, body: HandOver, seen: Seen) -> HandedOver:
    """Hand the case over."""
    made = await house.hand_over.run(
        number,
        person,
        request_id=body.request_id or new_id(),
        to=body.to,
        message=body.message or "",
        given=body.fields,
        seen=body.version if seen is None else seen,
    )
    return _handed(made)


def _handed(made: Handed) -> HandedOver:
    terms = {"acknowledge_by": made.acknowledge_by.isoformat(), "answer_by": made.answer_by.isoformat()}
    return HandedOver(handover_id=made.id, **terms)
