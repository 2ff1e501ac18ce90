"""The reception desk's page: register a visitor with a touch or a key, see who waits, note who leaves."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from services.intake.store.answers import Asked
from services.intake.store.visits import Visits
from services.intake.usecases.register_visit import Visitor
from shared.catalogue import Catalogue
from shared.clock import Clock, local
from shared.ids import new_id
from shared.vocabulary import EntranceKind
from shared.web.access import Action, Person, requires
from shared.web.live import stream

TOPIC = "visits"
LANGUAGES = (("sv", "Svenska"), ("en", "English"), ("fi", "Suomi"), ("ar", "العربية"), ("so", "Soomaali"))


class VisitorForm(BaseModel):
    """The form of the page; `once` is its one-time value."""

    entrance: str = Field(max_length=100)
    matter: str = Field("", max_length=4000)
    name: str = Field("", max_length=200)
    language: str = Field("sv", pattern=r"^[a-z]{2,3}$")
    once: str = Field("", max_length=100)


@dataclass(frozen=True, slots=True)
class Reception:
    """What the page is made of."""

    catalogue: Catalogue
    visits: Visits
    clock: Clock

    async def view(self, desk: str | None) -> dict[str, Any]:
        """Return what the page shows: the desks, the one chosen, and its visitors of today."""
        desks = [one for one in self.catalogue.entrances() if one.kind is EntranceKind.DESK]
        chosen = next((one for one in desks if one.id == desk), None) or next(
            (one for one in desks if one.default), desks[0] if desks else None
        )
        now = self.clock()
        waiting = await self.visits.today(local(now).date(), chosen.id) if chosen else []
        view = {"desks": desks, "desk": chosen, "visits": waiting, "now": now, "languages": LANGUAGES}
        return {**view, "once": new_id()}


router = APIRouter(prefix="/reception", include_in_schema=False, dependencies=[requires(Action.REGISTER_VISIT)])


@router.get("")
async def page(request: Request, desk: str | None = None, ticket: str = "") -> Response:
    """Show the desk: the form for a visitor, her ticket when she has just got one, and who waits."""
    shown = ticket if len(ticket) <= 8 and ticket.isalnum() else ""
    return render(request, "pages/reception.html", await _view(request, desk), ticket=shown)


@router.get("/waiting")
async def waiting(request: Request, desk: str | None = None) -> Response:
    """Show who waits, alone."""
    return render(request, "partials/waiting.html", await _view(request, desk))


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
    given = await request.app.state.register_visit.register(said, asked)
    request.app.state.hub.publish(TOPIC, "visits")
    return back(request, visitor.entrance, given.ticket)


@router.post("/visits/{contact_id}/left")
async def left(request: Request, contact_id: str, desk: str = "") -> Response:
    """Note that a visitor has left."""
    await request.app.state.end_visit.end(contact_id)
    request.app.state.hub.publish(TOPIC, "visits")
    if "hx-request" in request.headers:
        return render(request, "partials/waiting.html", await _view(request, desk))
    return back(request, desk)


async def _view(request: Request, desk: str | None) -> dict[str, Any]:
    view: dict[str, Any] = await request.app.state.reception.view(desk)
    return view


def render(request: Request, name: str, view: dict[str, Any], *, status_code: int = 200, **more: Any) -> Response:
    """Render a page or partial with everything its template names."""
    context = {"ticket": "", "given": None, "missing": False, **view, **more}
    page: Response = request.app.state.pages.render(request, name, status_code=status_code, **context)
    return page


def back(request: Request, desk: str, ticket: str = "") -> Response:
    """Lead back to the page after a post, so that a reload registers nobody twice."""
    address = request.app.state.links.to("intake", "/reception")
    return RedirectResponse(f"{address}?{urlencode({'desk': desk, 'ticket': ticket})}", status_code=303)
