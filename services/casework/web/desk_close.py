"""Ending the case from the desk, and saying what its checklist lacks: refused, each comes back as it was typed."""

from fastapi import APIRouter, Request, Response

from services.casework.usecases.gaps import GapKind
from services.casework.usecases.views import CaseView
from services.casework.web.again_dialog import show
from services.casework.web.desk import Agent
from services.casework.web.desk_case import ended, keep_note, lock_note
from services.casework.web.desk_view import answer_with_work
from services.casework.web.house import casework_of
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError
from shared.ids import new_id
from shared.vocabulary import Cause, Outcome, Resolution, TakenOver
from shared.web.access import Person

router = APIRouter(prefix="/desk/cases/{number}", include_in_schema=False)

_RESOLUTIONS = frozenset(one.value for one in Resolution) - {Resolution.HANDED_OVER.value, Resolution.NO_SHOW.value}
_GAPS = frozenset(one.value for one in GapKind)
_CAUSES = frozenset(one.value for one in Cause)


@router.get("/close")
async def close_dialog(request: Request, number: str, person: Agent, seen: int | None = None) -> Response:
    """Ask how it ended."""
    return await _ask_close(request, number, person, seen)


async def _ask_close(
    request: Request, number: str, person: Person, seen: int | None, refused: Refused | None = None
) -> Response:
    case = await casework_of(request).read_case.run(number, person)
    typed_before = refused.values if refused else {}
    return show(
        request,
        "partials/dialog_close.html",
        "Avsluta",
        refused,
        case=case,
        suggested=typed_before.get("resolution") or _suggested(case),
        reply=typed_before.get("text", ""),
        cause=typed_before.get("cause", ""),
        request_id=new_id(),
        seen=case.version if refused or seen is None else seen,
    )


def _suggested(case: CaseView) -> str:
    end = case.checklist.end if case.checklist else None
    if case.taken_over is TakenOver.NOT:
        return Resolution.CONNECTED.value
    closes = end is not None and end.kind == Outcome.CLOSE
    return (end.resolution if end and closes else None) or Resolution.SOLVED.value


@router.post("/close")
async def close(request: Request, number: str, person: Agent) -> Response:
    """Close the case; a refusal is the dialog again, with what was typed."""
    form = await typed(request)
    await keep_note(request, number, person, form.values.get("note"))
    try:
        case = await casework_of(request).read_case.run(number, person)
        await _close(request, case, person, form)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        called = {"": "text"} if error.type in {"no-address", "empty-text"} else {}
        refused = Refused.by(error, request, "close", form, called)
        return await _ask_close(request, number, person, None, refused)
    return await ended(request, case, person)


async def _close(request: Request, case: CaseView, person: Person, form: Typed) -> None:
    resolution = form.one_of("resolution", _RESOLUTIONS)
    cause = form.one_of("cause", _CAUSES, wanted=False)
    text, request_id, seen = form.text("text"), form.text("request_id", wanted=True, most=64), form.number("seen")
    form.check()
    open_steps = case.checklist.open_obligatory if case.checklist else ()
    if "close" in case.can and not open_steps and seen in {None, case.version}:
        await lock_note(request, case, person, request_id)
    await casework_of(request).close.run(
        case.number,
        person,
        resolution=Resolution(resolution),
        cause=Cause(cause) if cause else None,
        text=text or None,
        request_id=request_id,
        seen=seen,
        undoable=True,
    )
    if form.values.get("sms"):
        await casework_of(request).outgoing.confirm.run(case.number, person)


@router.get("/gap")
async def gap_dialog(request: Request, number: str, person: Agent) -> Response:
    """Ask what is missing or wrong."""
    case = await casework_of(request).read_case.run(number, person)
    return show(request, "partials/dialog_gap.html", "Något saknas", case=case, request_id=new_id())


@router.post("/gap")
async def gap(request: Request, number: str, person: Agent) -> Response:
    """Tell the checklist's owner."""
    form = await typed(request)
    case = await casework_of(request).read_case.run(number, person)
    here = case.checklist.now.id if case.checklist and case.checklist.now else None
    try:
        text, key = form.text("text", wanted=True, most=2_000), form.text("request_id", most=64) or None
        chosen = form.one_of("kind", _GAPS, wanted=False)
        form.check()
        kind = GapKind(chosen or GapKind.WRONG)
        at = (form.text("step", most=SHORT) or here) if kind is GapKind.WRONG else None
        await casework_of(request).gaps.report.run(number, person, text, at, kind=kind, request_id=key)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        refused = Refused.by(error, request, "gap", form)
        return show(request, "partials/dialog_gap.html", "Något saknas", refused, case=case, request_id=new_id())
    return await answer_with_work(request, person, number, done=True)
