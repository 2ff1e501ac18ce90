"""The reception desk's page: register a visitor with a touch or a key, see who waits, note who leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Cookie, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from services.intake.domain.visit import Visit, VisitState, direction, said_to_visitor
from services.intake.store.answers import Asked
from services.intake.store.visits import Visits
from services.intake.usecases.register_visit import Visitor
from services.intake.usecases.waiting_room import Agents, choose, name_of, place_of
from shared.catalogue import Catalogue
from shared.clock import Clock, local
from shared.errors import ForbiddenError
from shared.ids import new_id
from shared.languages import SHOWN
from shared.vocabulary import EntranceKind
from shared.web.access import Action, Person, allow, requires
from shared.web.live import stream

TOPIC = "visits"
DESK_COOKIE = "kc_desk"
_YEAR = 365 * 24 * 3600
ENDED_FOR = timedelta(minutes=30)
"""So long those who are done or have gone are still listed."""


class VisitorForm(BaseModel):
    """The form of the page; `once` is its one-time value."""

    entrance: str = Field(max_length=100)
    matter: str = Field("", max_length=4000)
    name: str = Field("", max_length=200)
    language: str = Field("sv", pattern=r"^[a-z]{2,3}$")
    once: str = Field("", max_length=100)
    now: bool = False
    """*Ta emot nu*: who registers her takes her at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """One visitor in the list, with the name and the place of who takes her."""

    visit: Visit
    agent: str
    place: str


@dataclass(frozen=True, slots=True)
class Reception:
    """What the page is made of."""

    catalogue: Catalogue
    visits: Visits
    agents: Agents
    clock: Clock

    async def view(self, desk: str | None) -> dict[str, Any]:
        """Return what the page shows: the desks, the one chosen, and its visitors of today."""
        entrances, now = self.catalogue.entrances(), self.clock()
        desks = [one for one in entrances if one.kind is EntranceKind.DESK]
        chosen = choose(entrances, desk)
        found = await self.visits.today(local(now).date(), chosen.id, now - ENDED_FOR) if chosen else []
        lines = [Line(one, name_of(self.agents, one.agent_id), place_of(self.agents, one.agent_id)) for one in found]
        return {
            "desks": desks,
            "desk": chosen,
            "waiting": _of(lines, VisitState.WAITING),
            "called": _of(lines, VisitState.WITH_AGENT),
            "over": _of(lines, VisitState.DONE, VisitState.LEFT, VisitState.NO_SHOW)[::-1],
            "now": now,
            "languages": SHOWN,
            "once": new_id(),
        }


def _of(lines: Sequence[Line], *states: VisitState) -> list[Line]:
    return [one for one in lines if one.visit.state in states]


router = APIRouter(prefix="/reception", include_in_schema=False, dependencies=[requires(Action.REGISTER_VISIT)])


@router.get("")
async def page(
    request: Request,
    desk: str | None = None,
    ticket: str = "",
    language: str = "sv",
    kept: Annotated[str | None, Cookie(alias=DESK_COOKIE)] = None,
) -> Response:
    """Show the desk: the form for a visitor, her ticket when she has just got one, and who waits.

    The desk that was chosen here is this browser's from then on.
    """
    shown = ticket if len(ticket) <= 8 and ticket.isalnum() else ""
    view = await _view(request, desk or kept)
    words: dict[str, Any] = {
        "words": said_to_visitor(shown, language),
        "words_in": language,
        "words_dir": direction(language),
    }
    answer = render(request, "pages/reception.html", view, ticket=shown, **words)
    if desk and view["desk"]:
        answer.set_cookie(DESK_COOKIE, view["desk"].id, max_age=_YEAR, httponly=True, samesite="lax", path="/")
    return answer


@router.get("/waiting")
async def waiting(request: Request, desk: str | None = None) -> Response:
    """Show who waits, alone."""
    return render(request, "partials/visits.html", await _view(request, desk))


@router.get("/stream")
async def notices(request: Request) -> Response:
    """Say when the list of visitors has changed."""
    return await stream(request, request.app.state.hub.subscribe([TOPIC]))


@router.post("/visits")
async def register(
    request: Request,
    visitor: Annotated[VisitorForm, Form()],
    person: Annotated[Person, requires(Action.REGISTER_VISIT)],
) -> Response:
    """Register a visitor; the page's one-time value makes a doubled click one visitor."""
    if not visitor.matter.strip():
        view = await _view(request, visitor.entrance)
        return render(request, "pages/reception.html", view, given=visitor, missing=True, status_code=422)
    said = Visitor(visitor.entrance, visitor.matter, visitor.name or None, visitor.language)
    asked = Asked(f"reception:{person.id}", visitor.once or None, visitor.model_dump())
    if visitor.now and not (allow(person, Action.WORK_DESK) and not person.machine):
        raise ForbiddenError
    given = await request.app.state.register_visit.register(said, asked, person.id if visitor.now else None)
    request.app.state.hub.publish(TOPIC, "visits")
    if visitor.now:
        return RedirectResponse(request.app.state.links.to("casework", "/desk"), status_code=303)
    return back(request, visitor.entrance, given.ticket, visitor.language)


@router.post("/visits/{contact_id}/left")
async def left(request: Request, contact_id: str, desk: str = "") -> Response:
    """Note that a visitor has left."""
    await request.app.state.end_visit.end(contact_id)
    request.app.state.hub.publish(TOPIC, "visits")
    if "hx-request" in request.headers:
        return render(request, "partials/visits.html", await _view(request, desk))
    return back(request, desk)


async def _view(request: Request, desk: str | None) -> dict[str, Any]:
    view: dict[str, Any] = await request.app.state.reception.view(desk)
    return view


def render(request: Request, name: str, view: dict[str, Any], *, status_code: int = 200, **more: Any) -> Response:
    """Render a page or partial with everything its template names."""
    empty = {"ticket": "", "given": None, "missing": False, "words": "", "words_in": "", "words_dir": ""}
    page: Response = request.app.state.pages.render(request, name, status_code=status_code, **(empty | view | more))
    return page


def back(request: Request, desk: str, ticket: str = "", language: str = "sv") -> Response:
    """Lead back to the page after a post, so that a reload registers nobody twice."""
    address = request.app.state.links.to("intake", "/reception")
    shown = {"desk": desk, "ticket": ticket} | ({"language": language} if language != "sv" else {})
    return RedirectResponse(f"{address}?{urlencode(shown)}", status_code=303)
