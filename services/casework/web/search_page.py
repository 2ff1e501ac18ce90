"""The page where cases are found: by number, name, phone number or words, and without a query the newest."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.casework.usecases.views.search import HitView, SearchView
from services.casework.web.house import casework_of
from shared.vocabulary import CaseState
from shared.web.access import Action, Person, allow, requires

router = APIRouter(prefix="/cases", include_in_schema=False)

LONGEST = 200
Reader = Annotated[Person, requires(Action.READ_CASES)]


@router.get("")
async def page(request: Request, person: Reader, q: str = "", state: str = "", after: str = "") -> Response:
    """Show the search and what it finds."""
    return await _show(request, person, "pages/cases.html", q, state, after)


@router.get("/part")
async def part(request: Request, person: Reader, q: str = "", state: str = "", after: str = "") -> Response:
    """Show what is found alone."""
    return await _show(request, person, "partials/found_cases.html", q, state, after)


async def _show(request: Request, person: Person, template: str, q: str, state: str, after: str) -> Response:
    text, wanted = q.strip()[:LONGEST], state if state in set(CaseState) else None
    house = casework_of(request)
    if text:
        found = await house.search_cases.run(person, text, state=wanted, cursor=after or None)
    else:
        listed = await house.list_cases.run(person, state=wanted, cursor=after or None, limit=20)
        found = SearchView(tuple(HitView(row, (), near=False) for row in listed.items), listed.next)
    supervises = not text and not after and allow(person, Action.SUPERVISE)
    shown: Response = request.app.state.pages.render(
        request,
        template,
        found=found,
        q=text,
        state=wanted or "",
        after=after,
        states=[one.value for one in CaseState],
        forgotten=await house.deeds.forgotten.run(person) if supervises else (),
    )
    return shown
