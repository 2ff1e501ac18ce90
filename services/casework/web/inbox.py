"""The officers' inbox: what was handed over to their units, whose it is, and what is due first."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.usecases.read_inbox import SHOWN
from services.casework.web.desk_view import is_part
from services.casework.web.house import casework_of, names_of
from shared.clock import utc_now
from shared.web.access import Action, Person, requires, visible_units

router = APIRouter(prefix="/inbox", include_in_schema=False)

Officer = Annotated[Person, requires(Action.WORK_INBOX)]
Show = Annotated[str, Query(max_length=20)]
Words = Annotated[str, Query(max_length=200)]


@router.get("")
async def page(request: Request, person: Officer, show: Show = "unit", q: Words = "") -> Response:
    """Show the inbox."""
    here = [await casework_of(request).read_colleagues.run(unit) for unit in sorted(person.units)[:1]]
    away = next((one.away_until for found in here for one in found if one.id == person.id), None)
    return await show_inbox(request, person, "pages/inbox.html", show, q, away_until=away)


@router.get("/part")
async def part(request: Request, person: Officer, show: Show = "unit", q: Words = "") -> Response:
    """Show the list alone."""
    return await show_inbox(request, person, "partials/inbox.html", show, q)


@router.post("/{handover_id}/take")
async def take(request: Request, handover_id: str, person: Officer, show: Show = "unit", q: Words = "") -> Response:
    """Receive one in one's own name, from the list; the list is shown again as it was."""
    await casework_of(request).acknowledge.run(handover_id, person, person.name)
    if is_part(request):
        return await show_inbox(request, person, "partials/inbox.html", show, q)
    return RedirectResponse(f"/inbox?{urlencode({'show': show, 'q': q})}", status_code=303)


async def show_inbox(request: Request, person: Person, template: str, show: str, q: str, **more: object) -> Response:
    """Render the inbox or its list."""
    shown = show if show in SHOWN else "unit"
    units = visible_units(person)
    called = await names_of(request)()
    names = sorted(called.units.get(unit, unit) for unit in units) if units is not None else []
    inbox = await casework_of(request).read_inbox.run(person, show=shown, text=q)
    facts = {"inbox": inbox, "unit_names": names, "show": shown, "q": q.strip(), "now": utc_now(), **more}
    found: Response = request.app.state.pages.render(request, template, name_of=called.person, **facts)
    return found
