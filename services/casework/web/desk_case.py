"""What an agent does with the case on her desk: classify, step, note, beat; and how one that ended leaves it."""

import contextlib
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from services.casework.domain.noting import should_not_stand
from services.casework.usecases.views import CaseView
from services.casework.web.again_dialog import show
from services.casework.web.desk import Agent
from services.casework.web.desk_view import answer_with_work, candidates_of, desk_of, found_of, why_of
from services.casework.web.house import casework_of, seats_of
from services.casework.web.readers import readers_part
from services.casework.web.typed import SHORT, SHOWN_AGAIN, Refused, Typed, typed
from shared.errors import DomainError, KontaktcenterError
from shared.web.access import Person

router = APIRouter(prefix="/desk/cases/{number}", include_in_schema=False)

Note = Annotated[str | None, Form()]


async def keep_note(request: Request, number: str, person: Person, note: str | None) -> None:
    """Keep what was typed as a note, whatever button sent the form."""
    if note is not None:
        await casework_of(request).save_draft.run(number, person, note)


@router.get("/candidates")
async def candidates(request: Request, number: str, person: Agent, q: str = "") -> Response:
    """Show what a search finds, as one types."""
    case = await casework_of(request).read_case.run(number, person)
    kinds = await candidates_of(request, case, q)
    part: Response = request.app.state.pages.render(
        request,
        "partials/desk_candidates.html",
        case=case,
        candidates=kinds,
        found=await found_of(request, q),
        why=() if q else await why_of(request, case),
        query=q,
    )
    return part


@router.post("/classify")
async def classify(
    request: Request,
    number: str,
    person: Agent,
    case_type: Annotated[str, Form()],
    note: Note = None,
    seen: Annotated[int | None, Form(ge=0, lt=2**62)] = None,
) -> Response:
    """Choose the case type; whoever was not the first is told who was."""
    await keep_note(request, number, person, note)
    try:
        await casework_of(request).classify.run(number, person, case_type, seen)
    except DomainError as error:
        return await _told(request, number, person, error, Typed({"case_type": case_type}))
    return await answer_with_work(request, person, number)


@router.post("/steps")
async def step(request: Request, number: str, person: Agent, step: str) -> Response:
    """Do the step that is next; a decision that lacks its delegation is asked for it, with what was typed."""
    form = await typed(request)
    await keep_note(request, number, person, form.values.get("note"))
    try:
        said = {name: form.text(name) for name in ("option", "step_note")}
        reference = form.text("reference", most=SHORT)
        form.check()
        await casework_of(request).do_step.run(
            number,
            person,
            step,
            said["option"] or None,
            said["step_note"],
            reference=reference,
            seen=form.number("seen"),
        )
    except DomainError as error:
        return await _told(request, number, person, error, form, step)
    return await answer_with_work(request, person, number, done=True)


@router.post("/back")
async def back(request: Request, number: str, person: Agent) -> Response:
    """Take the last step back; not one that somebody else has done meanwhile."""
    form = await typed(request)
    await keep_note(request, number, person, form.values.get("note"))
    try:
        last = form.text("last", most=SHORT) or None
        await casework_of(request).step_back.run(number, person, seen=form.number("seen"), last=last)
    except DomainError as error:
        return await _told(request, number, person, error, form)
    return await answer_with_work(request, person, number)


@router.post("/restart")
async def restart(request: Request, number: str, person: Agent) -> Response:
    """Start over in the version of the checklist that holds now."""
    form = await typed(request)
    await keep_note(request, number, person, form.values.get("note"))
    try:
        await casework_of(request).restart.run(number, person, form.number("seen"))
    except DomainError as error:
        return await _told(request, number, person, error, form)
    return await answer_with_work(request, person, number)


async def _told(
    request: Request, number: str, person: Person, error: DomainError, form: Typed, step: str = ""
) -> Response:
    """Say why it was not done, and what has changed: nothing that was typed is lost."""
    if error.status not in SHOWN_AGAIN:
        raise error
    case = await casework_of(request).read_case.run(number, person)
    refused = Refused.by(error, request, "step", form)
    here = case.checklist.now if case.checklist else None
    asks = here if here is not None and here.id == step and here.delegation else None
    return show(request, "partials/dialog_step.html", "Steget är inte gjort", refused, case=case, step=asks)


@router.post("/check")
async def check(request: Request, number: str, person: Agent) -> Response:
    """Warn, as one types, of what should not stand in a note."""
    form = await typed(request)
    case = await casework_of(request).read_case.run(number, person)
    found = should_not_stand(form.values.get("step_note", ""), case.checklist.forbid if case.checklist else ())
    part: Response = request.app.state.pages.render(request, "partials/note_warning.html", unfit=found)
    return part


@router.post("/undo")
async def undo(request: Request, number: str, person: Agent, undo_id: Annotated[str, Form(max_length=64)]) -> Response:
    """Take the close or the hand-over back; a talk that she has begun meanwhile stays before her."""
    free = await casework_of(request).outgoing.undo_deed.run(number, person, undo_id)
    await seats_of(request).refresh(person.id)
    return await answer_with_work(request, person, number if free else "", done=True)


@router.post("/note")
async def note(request: Request, number: str, person: Agent, note: Annotated[str, Form()] = "") -> Response:
    """Keep the note as it is typed."""
    await casework_of(request).save_draft.run(number, person, note)
    if "hx-request" not in request.headers:
        return await answer_with_work(request, person, number)
    desk = await desk_of(request, person, number)
    part: Response = request.app.state.pages.render(request, "partials/note_saved.html", **desk.context())
    return part


@router.post("/beat")
async def beat(request: Request, number: str, person: Agent) -> Response:
    """Count the time worked: the page says that it is open, in front, and used; show who else reads the case."""
    await casework_of(request).beat.run(number, person)
    return readers_part(request, await casework_of(request).day.readers.here_at(number, person))


async def lock_note(request: Request, case: CaseView, person: Person, request_id: str) -> None:
    """Lock what she has typed, so that it goes along and is never changed again."""
    if case.draft.strip():
        await casework_of(request).add_note.run(case.number, person, case.draft, request_id)


async def ended(request: Request, case: CaseView, person: Person) -> Response:
    """Free her at once (the event does it too, a moment later), and show what comes next."""
    contact = case.contact
    if contact.epoch:
        with contextlib.suppress(KontaktcenterError):
            await casework_of(request).router.complete(contact.id, contact.epoch, case.case_type)
    await seats_of(request).refresh(person.id)
    return await answer_with_work(request, person, done=True)
