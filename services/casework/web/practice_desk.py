"""A run of practice at the desk: the desk's own parts around an invented contact, and doors that write no case."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.domain.checklist import Done
from services.casework.domain.noting import should_not_stand
from services.casework.usecases.views import CaseView
from services.casework.web.again_dialog import show
from services.casework.web.desk import Agent
from services.casework.web.desk_view import Desk, DeskView, candidates_of, is_part, why_of
from services.casework.web.house import casework_of
from services.casework.web.practice import RunId
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError
from shared.ids import new_id
from shared.vocabulary import Cause, Outcome, Resolution
from shared.web.access import Person

router = APIRouter(prefix="/practice/runs/{run_id}", include_in_schema=False)

_RESOLUTIONS = frozenset(one.value for one in Resolution) - {Resolution.HANDED_OVER.value, Resolution.NO_SHOW.value}
_CAUSES = frozenset(one.value for one in Cause)


@router.get("")
async def page(request: Request, run_id: RunId, person: Agent, q: str = "") -> Response:
    """Show the run as a case at her desk; one that is over is its result."""
    if await casework_of(request).practice.read.ended(run_id, person):
        return RedirectResponse(f"/practice/runs/{run_id}/result", status_code=303)
    return await _render(request, run_id, person, "pages/practice_desk.html", q)


@router.get("/work")
async def work(request: Request, run_id: RunId, person: Agent) -> Response:
    """Show the work area again."""
    return await _render(request, run_id, person, "partials/practice_work.html")


@router.get("/candidates")
async def candidates(request: Request, run_id: RunId, person: Agent, q: str = "") -> Response:
    """Show what a search finds, as one types."""
    return await _render(request, run_id, person, "partials/desk_candidates.html", q)


async def _render(
    request: Request, run_id: str, person: Person, template: str, query: str = "", *, done: bool = False
) -> Response:
    case = await casework_of(request).practice.read.case(run_id, person)
    desk = Desk(
        desk=DeskView("away"),
        waiting=None,
        offer=None,
        case=case,
        candidates=await candidates_of(request, case, query[:SHORT]),
        why=() if query else await why_of(request, case),
        query=query[:SHORT],
    )
    found: Response = request.app.state.pages.render(request, template, **desk.context(), run_at=_at(run_id))
    if done:
        found.headers["hx-trigger"] = "kc:done"
    return found


def _at(run_id: str) -> str:
    return f"/practice/runs/{run_id}"


async def _answer(request: Request, run_id: str, person: Person, *, done: bool = False) -> Response:
    """Answer a deed: the work area for scripts, the way back for plain forms."""
    if not is_part(request):
        return RedirectResponse(_at(run_id), status_code=303)
    return await _render(request, run_id, person, "partials/practice_work.html", done=done)


async def _keep_note(request: Request, run_id: str, person: Person, note: str | None) -> None:
    if note is not None:
        await casework_of(request).practice.work.note(run_id, person, note)


@router.post("/classify")
async def classify(request: Request, run_id: RunId, person: Agent) -> Response:
    """Choose the case type."""
    form = await typed(request)
    await _keep_note(request, run_id, person, form.values.get("note"))
    await casework_of(request).practice.work.classify(run_id, person, form.text("case_type", most=SHORT))
    return await _answer(request, run_id, person)


@router.post("/steps")
async def step(request: Request, run_id: RunId, person: Agent, step: str) -> Response:
    """Do the step that is next; a refusal is a dialog, as it is in a case."""
    form = await typed(request)
    await _keep_note(request, run_id, person, form.values.get("note"))
    try:
        said = Done(
            step, form.text("option") or None, form.text("step_note"), reference=form.text("reference", most=SHORT)
        )
        form.check()
        await casework_of(request).practice.work.step(run_id, person, said)
    except DomainError as error:
        return await _told(request, run_id, person, error, form, step)
    return await _answer(request, run_id, person, done=True)


@router.post("/back")
async def back(request: Request, run_id: RunId, person: Agent) -> Response:
    """Take the last step back."""
    form = await typed(request)
    await _keep_note(request, run_id, person, form.values.get("note"))
    try:
        await casework_of(request).practice.work.back(run_id, person)
    except DomainError as error:
        return await _told(request, run_id, person, error, form)
    return await _answer(request, run_id, person)


async def _told(
    request: Request, run_id: str, person: Person, error: DomainError, form: Typed, step: str = ""
) -> Response:
    if error.status not in SHOWN_AGAIN:
        raise error
    case = await casework_of(request).practice.read.case(run_id, person)
    here = case.checklist.now if case.checklist else None
    asks = here if here is not None and here.id == step and here.delegation else None
    refused = Refused.by(error, request, "step", form)
    facts = {"case": case, "step": asks, "run_at": _at(run_id)}
    return show(request, "partials/dialog_step.html", "Steget är inte gjort", refused, **facts)


@router.post("/check")
async def check(request: Request, run_id: RunId, person: Agent) -> Response:
    """Warn, as one types, of what should not stand in a note."""
    form = await typed(request)
    case = await casework_of(request).practice.read.case(run_id, person)
    found = should_not_stand(form.values.get("step_note", ""), case.checklist.forbid if case.checklist else ())
    part: Response = request.app.state.pages.render(request, "partials/note_warning.html", unfit=found)
    return part


@router.post("/note")
async def note(request: Request, run_id: RunId, person: Agent, note: Annotated[str, Form()] = "") -> Response:
    """Keep the note as it is typed."""
    await casework_of(request).practice.work.note(run_id, person, note)
    if not is_part(request):
        return RedirectResponse(_at(run_id), status_code=303)
    return await _render(request, run_id, person, "partials/note_saved.html")


@router.get("/close")
async def close_dialog(request: Request, run_id: RunId, person: Agent) -> Response:
    """Ask how it ended, in the desk's own dialog."""
    return await _ask_close(request, run_id, person)


async def _ask_close(request: Request, run_id: str, person: Person, refused: Refused | None = None) -> Response:
    case = await casework_of(request).practice.read.case(run_id, person)
    before = refused.values if refused else {}
    facts = {"case": case, "run_at": _at(run_id), "request_id": new_id(), "seen": case.version, "reply": ""}
    suggested = before.get("resolution") or _suggested(case)
    cause = before.get("cause", "")
    return show(request, "partials/dialog_close.html", "Avsluta", refused, suggested=suggested, cause=cause, **facts)


def _suggested(case: CaseView) -> str:
    end = case.checklist.end if case.checklist else None
    closes = end is not None and end.kind == Outcome.CLOSE
    return (end.resolution if end and closes else None) or Resolution.SOLVED.value


@router.post("/close")
async def close(request: Request, run_id: RunId, person: Agent) -> Response:
    """End the run as closed; an obligatory step that is open refuses it, as it does in a case."""
    form = await typed(request)
    await _keep_note(request, run_id, person, form.values.get("note"))
    try:
        resolution = form.one_of("resolution", _RESOLUTIONS)
        form.one_of("cause", _CAUSES, wanted=False)
        form.check()
        await casework_of(request).practice.end.run(run_id, person, Outcome.CLOSE, Resolution(resolution))
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _ask_close(request, run_id, person, Refused.by(error, request, "close", form))
    return _judged(request, run_id)


@router.get("/handover")
async def handover_dialog(request: Request, run_id: RunId, person: Agent) -> Response:
    """Ask whether it is to be handed over."""
    case = await casework_of(request).practice.read.case(run_id, person)
    return show(request, "partials/dialog_practice_handover.html", "Lämna över", case=case, run_at=_at(run_id))


@router.post("/handover")
async def handover(request: Request, run_id: RunId, person: Agent) -> Response:
    """End the run as handed over; nobody receives anything."""
    form = await typed(request)
    await _keep_note(request, run_id, person, form.values.get("note"))
    await casework_of(request).practice.end.run(run_id, person, Outcome.HANDOVER)
    return _judged(request, run_id)


def _judged(request: Request, run_id: str) -> Response:
    """Lead to how it went."""
    there = f"{_at(run_id)}/result"
    if is_part(request):
        return Response(status_code=204, headers={"hx-redirect": there})
    return RedirectResponse(there, status_code=303)
