"""A supervisor's acts as forms: a dialog on the page, and without a script a page of its own that leads back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.router.domain.acts import REASONS, Act
from services.router.usecases.supervise import Measures, Order, Supervise
from services.router.web.acts import supervise_of
from services.router.web.floor import Supervisor
from services.router.web.names import Names
from shared.clock import STOCKHOLM, utc_now
from shared.errors import DomainError
from shared.ids import new_id
from shared.vocabulary import Priority
from shared.web.access import visible_units

router = APIRouter(prefix="/queues/acts", include_in_schema=False)

_PEAK_LASTS = timedelta(hours=2)
_Id = Annotated[str, Query(max_length=200)]


class BadTimeError(DomainError):
    """A time was not written as one."""

    type = "bad-time"
    title = "Tiden går inte att läsa. Skriv datum och klockslag."


class NothingChosenError(DomainError):
    """The form does not say what it concerns."""

    type = "nothing-chosen"
    title = "Välj vad det gäller."


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent; what an act does not need is empty."""

    contact: Annotated[str, Form(max_length=200)] = ""
    agent: Annotated[str, Form(max_length=200)] = ""
    queue: Annotated[str, Form(max_length=100)] = ""
    to: Annotated[str, Form(max_length=100)] = ""
    priority: Annotated[str, Form(max_length=20)] = ""
    until: Annotated[str, Form(max_length=40)] = ""
    instead: Annotated[str, Form(max_length=100)] = ""
    mail_waits: Annotated[bool, Form()] = False
    rings_open: Annotated[bool, Form()] = False
    reserves: Annotated[bool, Form()] = False
    queue_message: Annotated[bool, Form()] = False
    reason: Annotated[str, Form(max_length=40)] = ""
    note: Annotated[str, Form(max_length=500)] = ""
    command: Annotated[str, Form(max_length=100)] = ""
    back: Annotated[str, Form(max_length=100)] = ""


@router.get("/{act}")
async def form(
    act: Act,
    request: Request,
    _person: Supervisor,
    contact: _Id = "",
    agent: _Id = "",
    queue: _Id = "",
    back: _Id = "",
) -> Response:
    """Show the form of an act: alone for the dialog, in a page without a script."""
    names: Names = request.app.state.names
    known = await supervise_of(request).queues()
    queues = sorted(((name, names.queue(name)) for name in known if name != (back or queue)), key=lambda one: one[1])
    alone = "hx-request" in request.headers
    found: Response = request.app.state.pages.render(
        request,
        "partials/act.html" if alone else "pages/act.html",
        act=act.value,
        reasons=REASONS[act],
        contact=contact,
        agent=agent,
        agent_name=names.agent(agent),
        queue=queue,
        queue_name=names.queue(queue) if queue else "",
        queues=queues,
        priorities=[one.value for one in Priority],
        until=(utc_now() + _PEAK_LASTS).astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M"),
        command=new_id(),
        back=back,
    )
    return found


@router.post("/{act}")
async def do(act: Act, request: Request, person: Supervisor, filled: Annotated[Filled, Depends()]) -> Response:
    """Do it; the dialog closes and the page is shown anew, without a script the browser goes back to it."""
    order = Order(person.id, filled.reason, filled.note, filled.command, visible_units(person))
    await _DO[act](supervise_of(request), filled, order)
    request.app.state.floorboard.forget()
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "kc:done"})
    address = request.app.state.links.to("router", "/queues")
    query = f"?{urlencode({'queue': filled.back})}" if filled.back else ""
    return RedirectResponse(address + query, status_code=303)


async def _move(supervise: Supervise, filled: Filled, order: Order) -> None:
    await supervise.move(_given(filled.contact), _given(filled.to), order)


async def _raise(supervise: Supervise, filled: Filled, order: Order) -> None:
    if filled.priority not in set(Priority):
        raise NothingChosenError
    await supervise.raise_(_given(filled.contact), Priority(filled.priority), order)


async def _release(supervise: Supervise, filled: Filled, order: Order) -> None:
    await supervise.release(_given(filled.contact), order)


async def _away(supervise: Supervise, filled: Filled, order: Order) -> None:
    await supervise.away(_given(filled.agent), order)


async def _close(supervise: Supervise, filled: Filled, order: Order) -> None:
    until = _time(filled.until) if filled.until else None
    await supervise.close(_given(filled.queue), order, until=until, instead=filled.instead or None)


async def _open(supervise: Supervise, filled: Filled, order: Order) -> None:
    await supervise.open(_given(filled.queue), order)


async def _peak(supervise: Supervise, filled: Filled, order: Order) -> None:
    measures = Measures(filled.mail_waits, filled.rings_open, filled.reserves, filled.queue_message)
    await supervise.begin_peak(_time(filled.until), measures, order)


async def _peak_end(supervise: Supervise, filled: Filled, order: Order) -> None:  # noqa: ARG001 - one shape for all
    await supervise.end_peak(order)


_DO: dict[Act, Callable[[Supervise, Filled, Order], Awaitable[Any]]] = {
    Act.MOVE: _move,
    Act.RAISE: _raise,
    Act.RELEASE: _release,
    Act.AWAY: _away,
    Act.CLOSE: _close,
    Act.OPEN: _open,
    Act.PEAK: _peak,
    Act.PEAK_END: _peak_end,
}


def _given(value: str) -> str:
    if not value:
        raise NothingChosenError
    return value


def _time(text: str) -> datetime:
    """Return what a browser's field for date and time says, on Stockholm's clock unless it says another."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadTimeError from error
    return found if found.tzinfo else found.replace(tzinfo=STOCKHOLM)
