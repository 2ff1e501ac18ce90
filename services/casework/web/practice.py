"""Practice: what can be practised, and how a run went."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.desk import Agent
from services.casework.web.house import casework_of
from services.casework.web.typed import SHOWN_AGAIN, Refused, Typed
from shared.errors import DomainError
from shared.web.access import Person

router = APIRouter(prefix="/practice", include_in_schema=False)

RunId = Annotated[str, Path(max_length=64)]


@router.get("")
async def page(request: Request, person: Agent) -> Response:
    """Show what can be practised, by unit, with what she has done."""
    return await _page(request, person)


async def _page(request: Request, person: Person, refused: Refused | None = None) -> Response:
    units = await casework_of(request).practice.exercises.run(person)
    status = refused.status if refused else 200
    found: Response = request.app.state.pages.render(
        request, "pages/practice.html", status_code=status, units=units, refused=refused
    )
    return found


@router.post("/start")
async def start(request: Request, person: Agent, exercise: Annotated[str, Form(max_length=100)]) -> Response:
    """Begin one, or go on with it."""
    try:
        run_id = await casework_of(request).practice.start.run(exercise, person)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _page(request, person, Refused.by(error, request, "start", Typed({})))
    return RedirectResponse(f"/practice/runs/{run_id}", status_code=303)


@router.get("/runs/{run_id}/result")
async def result(request: Request, run_id: RunId, person: Agent) -> Response:
    """Show how her run went, and how a good one goes."""
    shown = await casework_of(request).practice.read.result(run_id, person)
    found: Response = request.app.state.pages.render(request, "pages/practice_result.html", shown=shown, mine=True)
    return found


@router.post("/runs/{run_id}/leave")
async def leave(request: Request, run_id: RunId, person: Agent) -> Response:
    """Break a run off."""
    await casework_of(request).practice.work.leave(run_id, person)
    return RedirectResponse("/practice", status_code=303)
