"""An officer says until when she is away and who stands in for her; or that she is here again."""

from datetime import time

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.usecases.views import ColleagueView
from services.casework.web.house import casework_of
from services.casework.web.inbox import Officer
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, typed
from shared.clock import local, utc_now
from shared.errors import DomainError
from shared.web.access import Person

router = APIRouter(prefix="/inbox/away", include_in_schema=False)

_MIDNIGHT = time(23, 59)
"""Away until a day is until it is over."""


@router.get("")
async def page(request: Request, person: Officer) -> Response:
    """Show whether she is away, and ask until when."""
    return await _show(request, person)


@router.post("")
async def away(request: Request, person: Officer) -> Response:
    """Say that she is away."""
    form = await typed(request)
    try:
        until = form.moment("until", "clock", wanted=True, otherwise=_MIDNIGHT)
        substitute = form.text("substitute", most=SHORT)
        form.check()
        await casework_of(request).set_away.run(person, until, substitute or None)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _show(request, person, Refused.by(error, request, "away", form))
    return RedirectResponse("/inbox/away", status_code=303)


@router.post("/back")
async def back(request: Request, person: Officer) -> Response:
    """Say that she is here again."""
    await casework_of(request).set_away.run(person, None)
    return RedirectResponse("/inbox", status_code=303)


async def _show(request: Request, person: Person, refused: Refused | None = None) -> Response:
    others = await colleagues_of(request, person)
    found: Response = request.app.state.pages.render(
        request,
        "pages/away.html",
        status_code=refused.status if refused else 200,
        me=next((one for one in others if one.id == person.id), None),
        colleagues=[one for one in others if one.id != person.id],
        refused=refused,
        today=local(utc_now()).date().isoformat(),
    )
    return found


async def colleagues_of(request: Request, person: Person) -> list[ColleagueView]:
    """Return the officers of her units, herself too, by name."""
    found: dict[str, ColleagueView] = {}
    for unit in sorted(person.units):
        found |= {one.id: one for one in await casework_of(request).read_colleagues.run(unit)}
    return sorted(found.values(), key=lambda one: one.name)
