"""The agents' desk: its page, presence, the next contact, and the one stream that keeps it live."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.casework.web.desk_view import (
    PRESENCE_COOKIE,
    Desk,
    answer_with_work,
    desk_of,
    is_part,
    top_of,
)
from services.casework.web.house import casework_of, seats_of
from shared.clock import utc_now
from shared.errors import ConflictError, NotFoundError
from shared.web.access import Action, Person, allow, requires
from shared.web.live import Event, Subscription, stream

router = APIRouter(prefix="/desk", include_in_schema=False)

Agent = Annotated[Person, requires(Action.WORK_DESK)]
_PARTS = {
    "offer": "partials/desk_offer.html",
    "presence": "partials/desk_presence.html",
    "waiting": "partials/desk_waiting.html",
    "queues": "partials/desk_queues.html",
}
_FOLLOWING = {
    "offer": ("offer",),
    "presence": ("presence",),
    "peak": ("presence",),
    "waiting": ("waiting", "queues"),
}
"""Which parts are rendered anew by which notice."""


_HEARD = ("queues", "incidents")


def _leads(person: Person) -> tuple[str, ...]:
    return ("help",) if allow(person, Action.SUPERVISE) else ()


@router.get("")
async def page(request: Request, person: Agent, case: str = "", q: str = "") -> Response:
    """Show the desk."""
    desk = await desk_of(request, person, case, q)
    sending = await casework_of(request).outgoing.sending.run(person.id)
    place = await casework_of(request).places.of(person.id)
    found: Response = request.app.state.pages.render(
        request, "pages/desk.html", **desk.context(), sending=sending, place=place
    )
    return found


@router.get("/work")
async def work(request: Request, person: Agent, case: str = "") -> Response:
    """Show the work area again."""
    return await answer_with_work(request, person, case)


@router.get("/state")
async def state(request: Request, person: Agent, case: str = "") -> Response:
    """Show how it stands with the case on the desk; an idle desk gets the work that has come to it."""
    desk = await desk_of(request, person, case)
    if desk.case is None:
        return Response(status_code=204)
    if not case:
        return await answer_with_work(request, person, desk.case.number)
    part: Response = request.app.state.pages.render(request, "partials/desk_state_now.html", **desk.context())
    part.headers["hx-retarget"] = "#contact-state"
    part.headers["hx-reswap"] = "innerHTML"
    return part


@router.get("/sending")
async def sending(request: Request, person: Agent) -> Response:
    """Show what she has just sent and can still take back."""
    found = await casework_of(request).outgoing.sending.run(person.id)
    part: Response = request.app.state.pages.render(request, "partials/desk_sending.html", sending=found, now=utc_now())
    return part


@router.get("/shortcuts")
async def shortcuts(request: Request, person: Agent) -> Response:  # noqa: ARG001 - the guard
    """Show the shortcuts."""
    return dialog(request, "partials/dialog_shortcuts.html", "Kortkommandon")


@router.get("/live")
async def live(request: Request, person: Agent) -> Response:
    """Keep the desk live: offers, presence and queues as they change; sitting here is the heartbeat."""
    return await stream(request, _events(request, person))


async def _events(request: Request, person: Person) -> AsyncIterator[Event]:
    seats = seats_of(request)
    seat = seats.sit(person.id, request.cookies.get(PRESENCE_COOKIE, "away"))
    reader: Subscription = request.app.state.hub.subscribe([f"agent:{person.id}", *_HEARD, *_leads(person)])
    try:
        for name in _PARTS:
            yield await _part(request, person, name)
        async for notice in reader:
            for name in _FOLLOWING.get(notice.name, ()):
                yield await _part(request, person, name)
            if notice.name not in _FOLLOWING:
                yield notice
    finally:
        await reader.aclose()
        seats.rise(seat)


async def _part(request: Request, person: Person, name: str) -> Event:
    desk = await top_of(request, person)
    html = request.app.state.pages.render(request, _PARTS[name], **desk.context()).body
    return Event(name, bytes(html).decode().strip())


@router.post("/presence")
async def presence(
    request: Request,
    person: Agent,
    presence: Annotated[Literal["ready", "wrap_up", "away"] | None, Form()] = None,
    mode: Annotated[str | None, Form(max_length=100)] = None,
) -> Response:
    """Choose whether the next contact may come, and on what part of her work."""
    seats = seats_of(request)
    seat = await seats.choose(person.id, presence, mode)
    if not is_part(request):
        seats.hold(person.id)
        response: Response = RedirectResponse("/desk", status_code=303)
    else:
        desk = await top_of(request, person)
        response = request.app.state.pages.render(request, "partials/desk_presence.html", **desk.context())
    response.set_cookie(PRESENCE_COOKIE, seat.presence, httponly=True, samesite="lax", path="/desk")
    return response


@router.post("/wrap-up/end")
async def end_wrap_up(request: Request, person: Agent) -> Response:
    """End her after-work before its time; mandatory after-work ends by itself."""
    await seats_of(request).end_wrap_up(person.id)
    if not is_part(request):
        return RedirectResponse("/desk", status_code=303)
    desk = await top_of(request, person)
    part: Response = request.app.state.pages.render(request, "partials/desk_presence.html", **desk.context())
    return part


@router.post("/next")
async def next_contact(request: Request, person: Agent) -> Response:
    """Ask once for the next contact: the way without scripts, and by hand."""
    seats = seats_of(request)
    await seats.pull_once(person.id)
    if not is_part(request):
        seats.hold(person.id)
        response: Response = RedirectResponse("/desk", status_code=303)
    else:
        response = await _offer(request, person)
    response.set_cookie(PRESENCE_COOKIE, "ready", httponly=True, samesite="lax", path="/desk")
    return response


@router.post("/accept")
async def accept(request: Request, person: Agent, offer_id: Annotated[str, Form()]) -> Response:
    """Take the offered contact; its case is on the desk when this answers."""
    seats = seats_of(request)
    offer = seats.offer_of(person.id)
    if offer is None or offer["offer_id"] != offer_id:
        seats.drop(person.id)
        raise ConflictError
    try:
        number = await casework_of(request).accept_offer.run(person.id, offer)
    except (ConflictError, NotFoundError) as error:
        seats.drop(person.id)
        seats.wake(person.id)
        raise ConflictError from error
    answer = await answer_with_work(request, person, number)
    seats.drop(person.id)
    seats.wake(person.id)  # calls and visits are asked for while she writes
    return answer


@router.post("/decline")
async def decline(request: Request, person: Agent) -> Response:
    """Leave the offered contact; it waits on at its old place."""
    await seats_of(request).decline(person.id, "agent")
    if not is_part(request):
        return RedirectResponse("/desk", status_code=303)
    return await _offer(request, person)


@router.post("/gone")
async def gone(request: Request, person: Agent) -> Response:
    """It has been seen that somebody hung up."""
    seats_of(request).seen(person.id)
    if not is_part(request):
        return RedirectResponse("/desk", status_code=303)
    return await _offer(request, person)


@router.post("/gone/call")
async def call_back(request: Request, person: Agent, contact_id: Annotated[str, Form(max_length=200)]) -> Response:
    """Call who hung up before she was answered: her case is on the desk when this answers, with her number."""
    seats = seats_of(request)
    left = seats.gone_of(person.id)
    if left is None or left.offer["contact_id"] != contact_id:
        raise ConflictError
    number = await casework_of(request).call_back.run(person.id, left.offer)
    seats.seen(person.id)
    seats.wake(person.id)
    return await answer_with_work(request, person, number)


async def _offer(request: Request, person: Person) -> Response:
    desk: Desk = await top_of(request, person)
    part: Response = request.app.state.pages.render(request, "partials/desk_offer.html", **desk.context())
    return part


def dialog(request: Request, template: str, title: str, **context: object) -> HTMLResponse:
    """Show a dialog: alone for scripts, inside a page of its own otherwise."""
    pages = request.app.state.pages
    if is_part(request):
        part: HTMLResponse = pages.render(request, template, **context)
        return part
    whole: HTMLResponse = pages.render(request, "pages/dialog.html", dialog=template, dialog_title=title, **context)
    return whole
