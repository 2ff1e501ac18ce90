"""What agents have found missing or wrong in a unit's checklists: the owner's list, answered by keyboard."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from services.casework.usecases.gaps import GapKind, GapView
from services.casework.web.desk import Agent
from services.casework.web.desk_view import answer_with_work
from services.casework.web.given import House, RequestId
from services.casework.web.house import casework_of
from services.casework.web.typed import SHOWN_AGAIN, Refused, typed
from shared.errors import DomainError
from shared.web.access import Action, Person, requires

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["checklists"])

Worker = Annotated[Person, requires(Action.WORK_DESK)]
Owner = Annotated[Person, requires(Action.EDIT_CHECKLISTS)]
GapId = Annotated[str, Path(max_length=200)]


@dataclass(frozen=True, slots=True)
class GapPage:
    """Reports on checklists."""

    reports: tuple[GapView, ...]


class Reported(BaseModel):
    """What is wrong or missing; `step` is the step of the case's checklist that it is about."""

    model_config = ConfigDict(extra="forbid")
    kind: GapKind = GapKind.WRONG
    step: Annotated[str, Field(max_length=200)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=2_000)]


class Answer(BaseModel):
    """What is said to whoever reported it; `declined` when nothing will be done."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=2_000)]
    declined: bool = False


class Told(BaseModel):
    """The report that was made."""

    id: str


@router.get("/editor/gaps")
async def page(request: Request, person: Owner) -> Response:
    """Show what is to be answered and what has been."""
    return await _page(request, person)


async def _page(request: Request, person: Person, gap_id: str = "", refused: Refused | None = None) -> Response:
    read = casework_of(request).gaps.read
    waiting, answered = await read.of_owner(person), await read.of_owner(person, is_open=False)
    found: Response = request.app.state.pages.render(
        request,
        "pages/gaps.html",
        status_code=refused.status if refused else 200,
        waiting=waiting,
        answered=answered,
        refused_id=gap_id,
        refused=refused,
    )
    return found


@router.post("/editor/gaps/{gap_id}/answer")
async def answer(request: Request, gap_id: GapId, person: Owner) -> Response:
    """Answer one, or decline it; a refusal is the page again, with what was typed."""
    form = await typed(request)
    try:
        text = form.text("text", wanted=True, most=2_000)
        form.check()
        declined = form.values.get("deed") == "decline"
        await casework_of(request).gaps.answer.run(gap_id, person, text, declined=declined)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _page(request, person, gap_id, Refused.by(error, request, "answer", form))
    return RedirectResponse("/editor/gaps", status_code=303)


@router.post("/desk/gaps/seen")
async def seen(request: Request, person: Agent) -> Response:
    """The answers to her reports are read."""
    await casework_of(request).gaps.read.saw(person)
    return await answer_with_work(request, person)


@api.post("/cases/{number}/knowledge-gaps", status_code=201)
async def report(house: House, person: Worker, number: str, body: Reported, key: RequestId = None) -> Told:
    """Report to the checklist's owner what is wrong or missing; the same Idempotency-Key reports it once."""
    made = await house.gaps.report.run(number, person, body.text, body.step, kind=body.kind, request_id=key)
    return Told(id=made)


@api.post("/knowledge-gaps/{gap_id}/answer", status_code=204)
async def answer_report(house: House, gap_id: GapId, person: Owner, body: Answer) -> None:
    """Answer a report to the caller's units, or decline it; the same answer again changes nothing."""
    await house.gaps.answer.run(gap_id, person, body.text, declined=body.declined)


@api.get("/knowledge-gaps/mine")
async def mine(house: House, person: Worker) -> GapPage:
    """Return the answers to the caller's own reports that she has not read."""
    return GapPage(await house.gaps.read.unseen(person))


@api.get("/knowledge-gaps")
async def listed(house: House, person: Owner, *, is_open: bool = True) -> GapPage:
    """Return what is reported to the caller's units: what is open, or what has an answer."""
    return GapPage(await house.gaps.read.of_owner(person, is_open=is_open))
