"""What can be done from the page of a case: notes and their corrections, reopening, following up, undoing a merge."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.cases_pages import case_page
from services.casework.web.house import casework_of
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/cases/{number}", include_in_schema=False)

Agent = Annotated[Person, requires(Action.WORK_DESK)]


async def _refuse(
    request: Request, number: str, person: Person, error: DomainError, deed: str, form: Typed
) -> Response:
    if error.status not in SHOWN_AGAIN:
        raise error
    return await case_page(request, number, person, Refused.by(error, request, deed, form))


@router.post("/note")
async def note(request: Request, number: str, person: Agent) -> Response:
    """Lock a note, or what corrects one."""
    form = await typed(request)
    corrects = form.text("corrects", most=SHORT)
    try:
        text, request_id = form.text("text", wanted=True), form.text("request_id", wanted=True, most=64)
        form.check()
        await casework_of(request).add_note.run(number, person, text, request_id, corrects or None)
    except DomainError as error:
        return await _refuse(request, number, person, error, f"note{corrects}", form)
    return RedirectResponse(f"/cases/{number}", status_code=303)


@router.post("/reopen")
async def reopen(request: Request, number: str, person: Agent) -> Response:
    """Bring the case back to life; it is on the desk then."""
    form = await typed(request)
    try:
        await casework_of(request).reopen.run(number, person, form.number("seen"))
    except DomainError as error:
        return await _refuse(request, number, person, error, "reopen", form)
    return RedirectResponse(f"/desk?case={number}", status_code=303)


@router.post("/follow-up")
async def follow_up(request: Request, number: str, person: Agent) -> Response:
    """Open a new case that follows this one up; it is on the desk then."""
    form = await typed(request)
    try:
        request_id = form.text("request_id", wanted=True, most=64)
        form.check()
        made = await casework_of(request).deeds.follow_up.run(number, person, request_id)
    except DomainError as error:
        return await _refuse(request, number, person, error, "follow_up", form)
    return RedirectResponse(f"/desk?case={made}", status_code=303)


@router.post("/unmerge")
async def unmerge(request: Request, number: str, person: Agent) -> Response:
    """Make the case one of its own again."""
    form = await typed(request)
    try:
        await casework_of(request).deeds.unmerge.run(number, person)
    except DomainError as error:
        return await _refuse(request, number, person, error, "unmerge", form)
    return RedirectResponse(f"/cases/{number}", status_code=303)
