"""Pages for those who have a link and no login: the citizen's *Läget i ditt ärende*, and a unit's hand-over.

Nothing is done by opening a link (mail filters open them all): every deed is a form.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.domain.handover import FREE_WORDS
from services.casework.usecases.views import HandoverView
from services.casework.web.house import casework_of, names_of
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.clock import local
from shared.errors import DomainError
from shared.vocabulary import ReturnReason
from shared.web.access import Person, open_to_all

BY_LINK = open_to_all("whoever has the link may see this one thing, and nothing else")
router = APIRouter(include_in_schema=False, dependencies=[BY_LINK])

Token = Annotated[str, Path(max_length=100)]
Act = Callable[[Typed, Person, HandoverView, str], Awaitable[object]]
_REASONS = frozenset(reason.value for reason in ReturnReason)
_PRIVATE = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow"}


@router.get("/lage/{token}")
async def status(request: Request, token: Token) -> Response:
    """Show the citizen how it goes with her case."""
    found = await casework_of(request).read_status.run(token)
    page: Response = request.app.state.pages.render(request, "pages/status.html", one=found)
    page.headers.update(_PRIVATE)
    return page


@router.get("/h/{token}")
async def handover(request: Request, token: Token, done: str = "") -> Response:
    """Show a unit without a login the hand-over that the link is for."""
    _, one = await casework_of(request).open_unit_link.run(token)
    return await _show(request, token, one, done=done)


@router.post("/h/{token}/acknowledge")
async def acknowledge(request: Request, token: Token) -> Response:
    """Confirm the receipt, as a named person or function."""

    async def act(form: Typed, person: Person, one: HandoverView, by: str) -> None:
        ref = form.text("external_ref", most=SHORT)
        form.check()
        await casework_of(request).acknowledge.run(one.id, person, by, ref or None)

    return await _do(request, token, "acknowledge", act)


@router.post("/h/{token}/progress")
async def progress(request: Request, token: Token) -> Response:
    """Say how it goes: planned day, who comes, what may be told."""

    async def act(form: Typed, person: Person, one: HandoverView, by: str) -> None:
        planned_for, performer = form.moment("day", "clock"), form.text("performer", most=SHORT)
        showed = bool(form.text("showed", most=SHORT))  # what was said before stood in the form: emptied, it goes
        text = form.text("text", wanted=not (planned_for or performer or showed or form.faults))
        form.check()
        await casework_of(request).progress.run(
            one.id,
            person,
            by,
            planned_for=planned_for,
            performer=performer if showed else performer or None,
            text=text if showed else text or None,
            unplanned=showed and planned_for is None,
        )

    return await _do(request, token, "progress", act)


@router.post("/h/{token}/answer")
async def answer(request: Request, token: Token) -> Response:
    """Answer the citizen, which ends the case."""

    async def act(form: Typed, person: Person, one: HandoverView, by: str) -> None:
        text = form.text("text", wanted=True)
        form.check()
        await casework_of(request).answer.run(one.id, person, by, text)

    return await _do(request, token, "answer", act)


@router.post("/h/{token}/return")
async def send_back(request: Request, token: Token) -> Response:
    """Send it back, with why and where it belongs."""

    async def act(form: Typed, person: Person, one: HandoverView, by: str) -> None:
        reason, words = form.one_of("reason", _REASONS), form.text("words", wanted=True)
        to = form.text("to", most=SHORT)
        form.check()
        back = casework_of(request).send_back
        await back.run(one.id, person, by, words, code=ReturnReason(reason), to=to or None)

    return await _do(request, token, "return", act)


async def _do(request: Request, token: str, deed: str, act: Act) -> Response:
    """Do a deed in the name that was written; a refusal is the page again with what was typed."""
    form = await typed(request)
    person, one = await casework_of(request).open_unit_link.run(token)
    try:
        by = form.text("by", wanted=True, most=SHORT)
        await act(form, person, one, by)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        refused = Refused.by(error, request, deed, form, {"planned_for": "day"})
        _, now = await casework_of(request).open_unit_link.run(token)
        return await _show(request, token, now, refused)
    return RedirectResponse(f"/h/{token}?done={deed}", status_code=303, headers=_PRIVATE)


async def _show(
    request: Request, token: str, one: HandoverView, refused: Refused | None = None, *, done: str = ""
) -> Response:
    called = await names_of(request)()
    kept = {field.name for field in one.withheld}
    page: Response = request.app.state.pages.render(
        request,
        "pages/unit_handover.html",
        status_code=refused.status if refused else 200,
        one=one,
        message="" if kept.intersection(FREE_WORDS) else one.message,
        shown=[field for field in one.fields if field.value and field.name not in kept],
        units=sorted(((key, name) for key, name in called.units.items() if key != one.unit), key=lambda it: it[1]),
        refused=refused,
        done=done,
        token=token,
        local=local,
    )
    page.headers.update(_PRIVATE)
    return page
