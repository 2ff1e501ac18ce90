"""What an officer does with one hand-over: each deed a form that comes back with its words when it is refused."""

from collections.abc import Awaitable, Callable
from datetime import time
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.web.desk_view import is_part
from services.casework.web.handover_view import show_handover
from services.casework.web.house import casework_of
from services.casework.web.inbox import Officer
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError
from shared.vocabulary import ReturnReason
from shared.web.access import Person

router = APIRouter(prefix="/inbox/{handover_id}", include_in_schema=False)

HandoverId = Annotated[str, Path(max_length=100)]
Act = Callable[[Typed], Awaitable[object]]
_REASONS = frozenset(reason.value for reason in ReturnReason)
_ANSWER_TO = frozenset({"citizen", "agent"})
_END_OF_DAY = time(17)
"""A day that an answer is promised for, without a time, is until the offices close."""
_CALLED = {"planned_for": "day", "answer_by": "day"}
"""The form's field where a rule speaks of a moment."""


@router.get("")
async def page(request: Request, handover_id: HandoverId, person: Officer, done: str = "") -> Response:
    """Show one hand-over."""
    return await show_handover(request, person, handover_id, done=done)


@router.post("/acknowledge")
async def acknowledge(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Confirm the receipt, in one's own name or a function's."""

    async def act(form: Typed) -> None:
        by, ref = form.text("by", most=SHORT) or person.name, form.text("external_ref", most=SHORT)
        form.check()
        await casework_of(request).acknowledge.run(handover_id, person, by, ref or None)

    return await _do(request, person, handover_id, "acknowledge", act)


@router.post("/assign")
async def assign(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Give it to a colleague; while she is away her substitute gets it."""

    async def act(form: Typed) -> None:
        officer = form.text("officer", wanted=True, most=SHORT)
        form.check()
        await casework_of(request).assign.run(handover_id, person, person.name, officer, seen=form.number("seen"))

    return await _do(request, person, handover_id, "assign", act)


@router.post("/progress")
async def progress(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Say how it goes: planned day, who comes, what may be told, the unit's own number."""

    async def act(form: Typed) -> None:
        planned_for = form.moment("day", "clock")
        performer, ref = form.text("performer", most=SHORT), form.text("external_ref", most=SHORT)
        showed = bool(form.text("showed", most=SHORT))  # a planned day or who comes, which may be taken away alone
        text = form.text("text", wanted=not (planned_for or performer or ref or showed or form.faults))
        form.check()
        await casework_of(request).progress.run(
            handover_id,
            person,
            person.name,
            planned_for=planned_for,
            performer=performer,
            text=text,
            external_ref=ref,
            seen=form.number("seen"),
            unplanned=showed and planned_for is None,
        )

    return await _do(request, person, handover_id, "progress", act)


@router.post("/ask")
async def ask(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Ask the citizen for what is missing; the answer's clock stands still meanwhile."""

    async def act(form: Typed) -> None:
        text = form.text("text", wanted=True)
        form.check()
        request_id = form.text("request_id", most=SHORT) or None
        await casework_of(request).ask_citizen.run(handover_id, person, person.name, text, request_id)

    return await _do(request, person, handover_id, "ask", act)


@router.post("/resume")
async def resume(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Let the clock run on though the citizen has not written."""

    async def act(_: Typed) -> None:
        await casework_of(request).resume.run(handover_id, person, person.name)

    return await _do(request, person, handover_id, "resume", act)


@router.post("/move")
async def move(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Promise the answer for another day, for a reason that may be told."""

    async def act(form: Typed) -> None:
        answer_by = form.moment("day", "clock", wanted=True, otherwise=_END_OF_DAY)
        why = form.text("why", wanted=True, most=2_000)
        form.check()
        if answer_by is not None:
            await casework_of(request).move_answer.run(
                handover_id, person, person.name, answer_by, why, seen=form.number("seen")
            )

    return await _do(request, person, handover_id, "move", act)


@router.post("/answer")
async def answer(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Answer the citizen, which ends the case, or the agent who tells her."""

    async def act(form: Typed) -> None:
        text, ref = form.text("text", wanted=True), form.text("external_ref", most=SHORT)
        to = form.one_of("to", _ANSWER_TO, wanted=False) or "citizen"
        form.check()
        await casework_of(request).answer.run(handover_id, person, person.name, text, ref or None, to=to)

    return await _do(request, person, handover_id, "answer", act)


@router.post("/return")
async def send_back(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Send it back, with why and where it belongs."""

    async def act(form: Typed) -> None:
        reason, words = form.one_of("reason", _REASONS), form.text("words", wanted=True)
        to = form.text("to", most=SHORT)
        form.check()
        code = ReturnReason(reason)
        await casework_of(request).send_back.run(handover_id, person, person.name, words, code=code, to=to or None)

    return await _do(request, person, handover_id, "return", act)


@router.post("/reassign")
async def reassign(request: Request, handover_id: HandoverId, person: Officer) -> Response:
    """Pass it on to another unit; it may then be out of one's sight."""

    async def act(form: Typed) -> None:
        to, words = form.text("to", wanted=True, most=SHORT), form.text("words")
        form.check()
        await casework_of(request).reassign.run(handover_id, person, to, words, person.name)

    return await _do(request, person, handover_id, "reassign", act, home=True)


async def _do(
    request: Request, person: Person, handover_id: str, deed: str, act: Act, *, home: bool = False
) -> Response:
    """Do a deed; a refusal is the page again with what was typed, a deed that was done says so on it."""
    form = await typed(request)
    try:
        await act(form)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        refused = Refused.by(error, request, deed, form, _CALLED)
        return await show_handover(request, person, handover_id, refused)
    if not is_part(request):
        return RedirectResponse("/inbox" if home else f"/inbox/{handover_id}?done={deed}", status_code=303)
    if home:
        return Response(headers={"hx-redirect": "/inbox"})
    return await show_handover(request, person, handover_id, done=deed)
