"""The officers' inbox: what was handed over to their units; acknowledge, send back, answer."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.house import casework_of, names_of
from shared.web.access import Action, Person, requires, visible_units

router = APIRouter(prefix="/inbox", include_in_schema=False)

Officer = Annotated[Person, requires(Action.WORK_INBOX)]
Case = Annotated[str, Form()]


@router.get("")
async def page(request: Request, person: Officer) -> Response:
    """Show the inbox."""
    return await _show(request, person, "pages/inbox.html")


@router.get("/part")
async def part(request: Request, person: Officer) -> Response:
    """Show the list alone."""
    return await _show(request, person, "partials/inbox.html")


@router.post("/{handover_id}/acknowledge")
async def acknowledge(request: Request, handover_id: str, person: Officer, case: Case = "") -> Response:
    """Confirm the receipt in one's own name."""
    await casework_of(request).acknowledge.run(handover_id, person, person.name)
    return _back(case)


@router.post("/{handover_id}/return")
async def send_back(
    request: Request, handover_id: str, person: Officer, reason: Annotated[str, Form(max_length=2_000)], case: Case = ""
) -> Response:
    """Send it back: it came to the wrong place."""
    await casework_of(request).send_back.run(handover_id, person, person.name, reason)
    return _back(case)


@router.post("/{handover_id}/answer")
async def answer(
    request: Request, handover_id: str, person: Officer, text: Annotated[str, Form(max_length=20_000)], case: Case = ""
) -> Response:
    """Answer the citizen and close the case."""
    await casework_of(request).answer.run(handover_id, person, person.name, text)
    return _back(case)


def _back(case: str) -> Response:
    safe = case if case.replace("-", "").isalnum() else ""
    return RedirectResponse(f"/cases/{safe}" if safe else "/inbox", status_code=303)


async def _show(request: Request, person: Person, template: str) -> Response:
    units = visible_units(person)
    called = await names_of(request)()
    names = sorted(called.units.get(unit, unit) for unit in units) if units is not None else []
    inbox = await casework_of(request).read_inbox.run(person)
    found: Response = request.app.state.pages.render(request, template, inbox=inbox, unit_names=names)
    return found
