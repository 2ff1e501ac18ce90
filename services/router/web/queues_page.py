"""The supervisor's page: queues, who waits and why, agents and offers, live; read once for all who watch."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.router.store.floor import AgentView
from services.router.store.look import QueueView, WaitingView
from services.router.usecases.floorboard import PAGE, TOPIC, Floorboard, Seen
from services.router.web.floor import Supervisor, visible
from services.router.web.names import Names
from services.router.web.reasons import Because, because
from shared.errors import TransientError
from shared.records import QueueClosure
from shared.vocabulary import Channel
from shared.web.access import Person
from shared.web.languages import choose_language
from shared.web.live import stream

router = APIRouter(prefix="/queues", include_in_schema=False)

Chosen = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue, and its closure if it is closed."""

    view: QueueView
    name: str
    closure: QueueClosure | None


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Who waits, since when, whom it is offered to and why it waits."""

    view: WaitingView
    since: datetime
    unit: str
    agent: str
    why: Because | None


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent by name, and since when she is idle."""

    view: AgentView
    name: str
    idle_since: datetime


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An open offer and when it ends."""

    contact_id: str
    agent: str
    queue: str
    channel: Channel
    until: datetime


@router.get("")
async def page(request: Request, person: Supervisor, queue: Chosen = "") -> Response:
    """Show the page."""
    return await _render(request, person, "pages/queues.html", queue)


@router.get("/floor")
async def floor(request: Request, person: Supervisor, queue: Chosen = "") -> Response:
    """Show the live part alone."""
    return await _render(request, person, "partials/floor.html", queue)


@router.get("/live")
async def live(request: Request, _person: Supervisor) -> Response:
    """Say when there is something new, at most once a second."""
    return await stream(request, request.app.state.floor_hub.subscribe([TOPIC]))


async def _render(request: Request, person: Person, template: str, queue: str) -> Response:
    """Render with what is seen; a store that is away is said on the page, and the page comes again."""
    board: Floorboard = request.app.state.floorboard
    try:
        seen = await board.get(queue or None)
        chosen = queue or _first(seen)
        seen = await board.get(chosen) if chosen and not queue else seen
        shown = _shown(request, person, seen, chosen)
    except TransientError:
        shown = {"seen": None, "chosen": queue}
    found: Response = request.app.state.pages.render(request, template, **shown)
    return found


def _first(seen: Seen) -> str:
    """Return the queue that is shown when none is chosen: where somebody has waited longest."""
    waiting = [view for view in seen.queues if view.waiting]
    return max(waiting, key=lambda view: view.oldest_seconds).queue if waiting else ""


def _shown(request: Request, person: Person, seen: Seen, chosen: str) -> dict[str, Any]:
    names: Names = request.app.state.names
    language = choose_language(request)
    found = seen.waiting.get(chosen, [])
    contacts = visible(found, person)
    return {
        "seen": seen,
        "chosen": chosen,
        "chosen_name": names.queue(chosen) if chosen else "",
        "queues": _queues(seen, names),
        "contacts": [_contact(one, names, language, seen.at) for one in contacts],
        "unseen": len(found) - len(contacts),
        "more": _more(seen, chosen, len(found)),
        "agents": [
            AgentRow(one, names.agent(one.agent_id), seen.at - timedelta(seconds=one.idle_seconds))
            for one in sorted(seen.agents, key=lambda one: names.agent(one.agent_id))
        ],
        "offers": [
            OfferRow(
                one.contact_id,
                names.agent(one.agent_id),
                names.queue(one.queue),
                one.channel,
                seen.at + timedelta(seconds=one.expires_in_seconds),
            )
            for one in seen.offers
        ],
        "names": names,
        "waiting_count": sum(view.waiting for view in seen.queues),
        "ready_count": sum(view.presence == "ready" for view in seen.agents),
    }


def _queues(seen: Seen, names: Names) -> list[QueueRow]:
    """Return every queue by name, closed ones that nobody has come to as well."""
    known = {view.queue for view in seen.queues}
    none = dict.fromkeys(map(str, Channel), 0)
    views = [*seen.queues, *(QueueView(name, 0, 0.0, 0, none) for name in seen.closures if name not in known)]
    return [QueueRow(one, names.queue(one.queue), seen.closures.get(one.queue)) for one in names.by_name(views)]


def _contact(view: WaitingView, names: Names, language: str, now: datetime) -> ContactRow:
    return ContactRow(
        view=view,
        since=now - timedelta(seconds=view.waited_seconds),
        unit=names.unit(view.unit),
        agent=names.agent(view.agent_id),
        why=because(view.why_waiting, names, language, now),
    )


def _more(seen: Seen, chosen: str, shown: int) -> int:
    total = next((view.waiting for view in seen.queues if view.queue == chosen), 0)
    return max(0, total - shown) if shown >= PAGE else 0
