"""The screen of a waiting room: the tickets that are called and where to go, read across the room."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from services.intake.usecases.waiting_room import WaitingRoom
from services.intake.web.reception import TOPIC
from shared.errors import ForbiddenError, TransientError
from shared.web.access import Action, allow, open_to_all
from shared.web.callers import knows
from shared.web.languages import LANGUAGES, choose_language
from shared.web.live import Event, stream
from shared.web.refusals import refused
from shared.web.session import person_of

BEAT = 10.0
"""So often a screen hears from us when nobody is called: one that does not hear says so."""


async def check_screen(request: Request, token: str = "") -> None:
    """Refuse a screen without its token that nobody who registers visitors is logged in at."""
    if knows(token, request.app.state.settings.display_token):
        return
    if token:
        refused("screen", "token")
    if not allow(await person_of(request), Action.REGISTER_VISIT):
        raise ForbiddenError


router = APIRouter(
    prefix="/waiting-room",
    include_in_schema=False,
    dependencies=[open_to_all("a screen's own token, or a login"), Depends(check_screen)],
)


@router.get("")
async def page(request: Request, desk: str | None = None, token: str = "", sound: str = "") -> Response:
    """Show the called tickets of a desk; `sound=on` plays a soft chime with each call."""
    view = {**await _view(request, desk), "asked": desk or "", "token": token, "sound": sound == "on"}
    screen: Response = request.app.state.pages.render(request, "pages/waiting_room.html", **view)
    screen.headers["referrer-policy"] = "no-referrer"  # the address holds the token
    return screen


@router.get("/live")
async def live(request: Request, desk: str | None = None) -> Response:
    """Send what the screen shows, at once and whenever it changes, and a beat while it does not."""
    return await stream(request, _news(request, desk))


async def _news(request: Request, desk: str | None) -> AsyncIterator[Event]:
    """Yield the calls when they change; a call grows old without a notice, so each beat looks too."""
    reader = request.app.state.hub.subscribe([TOPIC])
    shown = ""
    try:
        while True:
            try:
                view = await _view(request, desk)
            except TransientError:  # the screen says that it hears nothing, and comes back
                return
            html = bytes(request.app.state.pages.render(request, "partials/calls.html", **view).body).decode().strip()
            yield Event("beat") if html == shown else Event("calls", html)
            shown = html
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await anext(reader)
    finally:
        await reader.aclose()


async def _view(request: Request, desk: str | None) -> dict[str, Any]:
    room: WaitingRoom = request.app.state.waiting_room
    language, texts = choose_language(request), request.app.state.texts
    other = next(one for one in LANGUAGES if one != language)
    return {
        "screen": await room.screen(desk),
        "other": other,
        "also": lambda text, **params: texts.text(other, text, **params),
    }
