"""Handing over from the desk: what goes, what is missing, what may not go; then the hand-over, once per request."""

import contextlib
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from services.casework.domain.handover import NoReceiverError
from services.casework.usecases.views import CaseView
from services.casework.web.desk import Agent
from services.casework.web.desk_case import ended, keep_note, lock_note
from services.casework.web.desk_view import answer_with_work, is_part
from services.casework.web.house import casework_of, names_of
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError, NotFoundError
from shared.ids import new_id
from shared.web.access import Person

router = APIRouter(prefix="/desk/cases/{number}/handover", include_in_schema=False)

_DIALOG, _WITHDRAW = "partials/dialog_handover.html", "partials/dialog_withdraw.html"


@router.get("")
async def ask(
    request: Request, number: str, person: Agent, to: str = "", seen: str = "", message: str = ""
) -> Response:
    """Show what would go, and what is missing."""
    return await _show(request, number, person, {"to": to, "seen": seen, "message": message})


@router.post("/preview")
async def preview(request: Request, number: str, person: Agent) -> Response:
    """Show the same for another receiver; what was typed stays, and nothing happens."""
    form = await typed(request)
    await keep_note(request, number, person, form.values.get("note"))
    return await _show(request, number, person, form.values)


@router.post("")
async def hand_over(request: Request, number: str, person: Agent) -> Response:
    """Hand the case over; a refusal is the dialog again, with what was typed."""
    form = await typed(request)
    await keep_note(request, number, person, form.values.get("note"))
    try:
        case = await casework_of(request).read_case.run(number, person)
        await _hand_over(request, case, person, form)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        refused = Refused.by(error, request, "handover", form)
        return await _show(request, number, person, form.values, refused)
    return await ended(request, case, person)


@router.get("/withdraw")
async def ask_back(request: Request, number: str, person: Agent) -> Response:
    """Ask why a hand-over that nobody has received is taken back."""
    case = await casework_of(request).read_case.run(number, person)
    if case.handover is None:
        raise NotFoundError
    return _render(request, _WITHDRAW, "Ta tillbaka", None, {"case": case})


@router.post("/withdraw")
async def withdraw(request: Request, number: str, person: Agent) -> Response:
    """Take it back: it went to the wrong unit, or was solved after all."""
    form = await typed(request)
    case = await casework_of(request).read_case.run(number, person)
    if case.handover is None:
        raise NotFoundError
    try:
        reason = form.text("reason", wanted=True, most=2_000)
        form.check()
        await casework_of(request).withdraw.run(case.handover.id, person, reason)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        refused = Refused.by(error, request, "withdraw", form)
        return _render(request, _WITHDRAW, "Ta tillbaka", refused, {"case": case})
    return await answer_with_work(request, person, number, done=True)


async def _hand_over(request: Request, case: CaseView, person: Person, form: Typed) -> None:
    to, message = form.text("to", most=SHORT), form.text("message")
    request_id = form.text("request_id", wanted=True, most=64)
    form.check()
    seen = form.number("seen")
    if "hand_over" in case.can and seen in {None, case.version}:  # else it was made already, or is refused in a moment
        await casework_of(request).preview_handover.run(case.number, person, to or None)
        await lock_note(request, case, person, request_id)
    await casework_of(request).hand_over.run(
        case.number, person, request_id=request_id, to=to or None, message=message, seen=seen, undoable=True
    )
    if form.values.get("sms"):
        await casework_of(request).outgoing.confirm.run(case.number, person)


async def _show(
    request: Request, number: str, person: Person, said: Mapping[str, str], refused: Refused | None = None
) -> Response:
    """Render the dialog: alone for scripts, inside a page of its own otherwise."""
    case = await casework_of(request).read_case.run(number, person)
    plan = None
    hidden = contextlib.suppress(DomainError if refused else NoReceiverError)
    with hidden:
        plan = await casework_of(request).preview_handover.run(number, person, said.get("to") or None)
    facts: dict[str, Any] = {
        "case": case,
        "preview": plan,
        "units": sorted((await names_of(request)()).units.items(), key=lambda unit: unit[1]),
        "to": said.get("to", ""),
        "message": said.get("message", ""),
        "request_id": said.get("request_id") or new_id(),
        "seen": case.version if refused else said.get("seen") or case.version,
    }
    return _render(request, _DIALOG, "Lämna över", refused, facts)


def _render(request: Request, template: str, title: str, refused: Refused | None, facts: Mapping[str, Any]) -> Response:
    """Render a dialog, whatever the form that it answers wanted to change."""
    pages, status = request.app.state.pages, refused.status if refused else 200
    if not is_part(request):
        whole: Response = pages.render(
            request,
            "pages/dialog.html",
            status_code=status,
            dialog=template,
            dialog_title=title,
            refused=refused,
            **facts,
        )
        return whole
    part: Response = pages.render(request, template, status_code=status, refused=refused, **facts)
    part.headers["hx-retarget"], part.headers["hx-reswap"] = "#dialog-body", "innerHTML"
    return part
