"""What agents have found missing or wrong in a unit's checklists: the owner's list, answered by keyboard."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.usecases.gaps import GapView
from services.casework.web.desk import Agent
from services.casework.web.desk_view import answer_with_work
from services.casework.web.given import House
from services.casework.web.house import casework_of
from services.casework.web.typed import SHOWN_AGAIN, Refused, typed
from shared.errors import DomainError
from shared.web.access import Action, Person, requires

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1/knowledge-gaps", tags=["checklists"])

Owner = Annotated[Person, requires(Action.EDIT_CHECKLISTS)]
Reader = Annotated[Person, requires(Action.READ_CASES)]
GapId = Annotated[str, Path(max_length=200)]


@dataclass(frozen=True, slots=True)
class GapPage:
    """Reports on checklists."""

    reports: tuple[GapView, ...]


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


@api.get("")
async def listed(house: House, person: Reader, *, is_open: bool = True) -> GapPage:
    """Return what is reported to the caller's units: what is open, or what has an answer."""
    return GapPage(await house.gaps.read.of_owner(person, is_open=is_open))
