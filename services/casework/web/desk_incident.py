"""Incidents at the desk: the banner while one lasts, and one key that links the case at hand to it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response

from services.casework.web.desk import Agent, dialog
from services.casework.web.desk_view import answer_with_work, desk_of, is_part
from services.casework.web.house import casework_of
from shared.ids import new_id

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("/incidents")
async def banner(request: Request, person: Agent, case: str = "") -> Response:
    """Show what is disturbed now, for the case at hand or for an idle desk."""
    casework = casework_of(request)
    shown = await casework.read_case.run(case, person) if case else None
    part: Response = request.app.state.pages.render(
        request,
        "partials/desk_incidents.html",
        case=shown,
        incidents=await casework.incidents.at_desk.run(person, shown),
        request_id=new_id(),
    )
    return part


@router.get("/cases/{number}/incident")
async def choose(request: Request, number: str, person: Agent) -> Response:
    """Ask which incident the case is about."""
    casework = casework_of(request)
    case = await casework.read_case.run(number, person)
    found = await casework.incidents.at_desk.run(person, case)
    return dialog(
        request, "partials/dialog_incident.html", "Driftstörning", case=case, choices=(*found.here, *found.others)
    )


@router.post("/cases/{number}/incident")
async def link(
    request: Request,
    number: str,
    person: Agent,
    incident: Annotated[str, Form(max_length=100)],
    act: Annotated[Literal["link", "unlink"], Form()] = "link",
    note: Annotated[str | None, Form(max_length=20_000)] = None,
) -> Response:
    """Link the case to an incident, or take the link away; what is typed as a note is kept."""
    casework = casework_of(request)
    if note is not None:
        await casework.save_draft.run(number, person, note)
    if act == "unlink":
        await casework.incidents.unlink.run(incident, number, person)
        return await answer_with_work(request, person, number, done=True)
    await casework.incidents.link.run(incident, number, person)
    if not is_part(request):
        return await answer_with_work(request, person, number)
    desk = await desk_of(request, person, number)
    context = desk.context() | {"just_linked": incident}
    part: Response = request.app.state.pages.render(request, "partials/desk_work.html", **context)
    part.headers["hx-trigger"] = "kc:done"
    return part
