"""Writing a checklist: the page of a version, its form saved as it is typed, and every deed of it a button."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.casework.domain import checklist_edits as edits
from services.casework.domain.checklist import Checklist
from services.casework.domain.lifecycle import StaleVersionError, WrongPhaseError
from services.casework.usecases.checklists.examples import ExamplesFaultyError
from services.casework.usecases.checklists.write import UnusableError
from services.casework.web.checklist_form import FULL, ROOM, Written, read_form
from services.casework.web.editor_house import Editor, Shown, checklists_of, page_of, shown, told
from services.casework.web.typed import typed
from shared.vocabulary import Outcome
from shared.web.languages import choose_language

router = APIRouter(prefix="/editor/checklists/{checklist_id}", include_in_schema=False)

_MOST = 2**31 - 1
Deed = Callable[[Checklist, int, int], tuple[Checklist, str]]
"""What a button does: the checklist, its number and a second one; returns the checklist and where the page lands."""


@router.get("")
async def page(request: Request, person: Editor, checklist_id: str, version: int | None = None) -> Response:
    """Show the version that is asked for, or the one that is worked on."""
    return await page_of(request, await shown(request, person, checklist_id, version))


@router.post("/begin")
async def begin(request: Request, person: Editor, checklist_id: str) -> Response:
    """Begin a new version of what is live."""
    form = (await typed(request)).values
    try:
        draft = await checklists_of(request).draft.run(person, checklist_id, form.get("request_id") or None)
    except WrongPhaseError as error:
        found = await shown(request, person, checklist_id)
        return await page_of(request, found, status=error.status, alert=told(request, error))
    return _to(checklist_id, draft.number)


@router.post("/examples")
async def examples(request: Request, person: Editor, checklist_id: str) -> Response:
    """Say how residents put its case type, one a line."""
    found = await shown(request, person, checklist_id)
    said = (await typed(request)).values.get("examples", "")
    try:
        await checklists_of(request).say_examples.run(person, found.case_type.id, said.splitlines())
    except ExamplesFaultyError as error:
        fault = request.app.state.texts.text(choose_language(request), error.errors[0].detail)
        sheet = found.sheet(None, {"examples": fault}, typed={"examples": said})
        return await page_of(request, found, sheet, status=error.status)
    return _to(checklist_id, found.version.number, "examples")


@router.post("/{number}/copy")
async def copy(request: Request, person: Editor, checklist_id: str, number: int) -> Response:
    """Begin a new version with the content of an older one."""
    draft = await checklists_of(request).copy.run(person, checklist_id, number)
    return _to(checklist_id, draft.number)


@router.post("/{number}/draft")
async def keep(request: Request, person: Editor, checklist_id: str, number: int) -> Response:
    """Save what is typed, and show what follows from it."""
    found, written, _ = await _written(request, person, checklist_id, number)
    if not written.faults:
        try:
            found = await _save(request, found, written.checklist, written.typed)
        except UnusableError as error:
            written.faults["head"] = told(request, error)
    sheet = found.sheet(written.checklist, written.faults, typed=written.typed)
    return await page_of(request, found, sheet, template="partials/editor_kept.html")


@router.post("/{number}")
async def save(request: Request, person: Editor, checklist_id: str, number: int) -> Response:
    """Save, and do what the button says; what is refused comes back as it was typed."""
    found, written, deed = await _written(request, person, checklist_id, number)
    made, place = do(written.checklist, deed)
    alert, status = "", 422
    if len(written.typed) > ROOM and _size(made) > _size(written.checklist):
        alert = FULL
    elif not written.faults:
        try:
            await _save(request, found, made, written.typed)
        except (StaleVersionError, WrongPhaseError, UnusableError) as error:
            alert, status = told(request, error), error.status
        else:
            return _to(checklist_id, number, place)
    sheet = found.sheet(written.checklist, written.faults, typed=written.typed)
    return await page_of(request, found, sheet, status=status, alert=alert)


async def _written(request: Request, person: Editor, checklist_id: str, number: int) -> tuple[Shown, Written, str]:
    """Return the version, what its form says and the deed that is asked for."""
    found = await shown(request, person, checklist_id, number)
    form = (await typed(request)).values
    return found, read_form(form, found.version.checklist), form.get("do", "save")


async def _save(request: Request, found: Shown, made: Checklist, typed: Mapping[str, str]) -> Shown:
    """Write it over the version that its writer has seen."""
    sent = typed.get("revision", "")
    revision = int(sent) if sent.isascii() and sent.isdigit() and int(sent[:12]) < _MOST else None
    version = await checklists_of(request).write.run(found.person, made, revision)
    return Shown(version, found.versions, found.case_type, found.facts, found.person)


def _size(checklist: Checklist) -> int:
    return len(checklist.ends) + sum(1 + len(step.options) for step in checklist.steps)


def _to(checklist_id: str, number: int, place: str = "") -> Response:
    where = f"/editor/checklists/{checklist_id}?version={number}{'#' if place else ''}{place}"
    return RedirectResponse(where, status_code=303)


def do(checklist: Checklist, deed: str) -> tuple[Checklist, str]:
    """Return the checklist after a deed (`step-up:3`, `option-remove:2:0`), and the part of the page to land at."""
    name, _, rest = deed.partition(":")
    if name == "end-add":
        kind = next((one for one in Outcome if one.value == rest), Outcome.CLOSE)
        return edits.add_end(checklist, kind), f"ends-{len(checklist.ends)}"
    numbers = [int(one) if one.isascii() and one.isdigit() and len(one) < 6 else -1 for one in rest.split(":")]
    at, to = (*numbers, -1)[:2]
    return _DEEDS[name](checklist, at, to) if name in _DEEDS else (checklist, "")


def _step(at: int, checklist: Checklist) -> str:
    return f"steps-{min(max(at, 0), len(checklist.steps) - 1)}" if checklist.steps else "steps"


def _at_step(made: Checklist, at: int) -> tuple[Checklist, str]:
    return made, _step(at, made)


def _at_option(made: Checklist, at: int, number: int) -> tuple[Checklist, str]:
    there = 0 <= at < len(made.steps) and 0 <= number < len(made.steps[at].options)
    return made, f"steps-{at}-options-{number}" if there else _step(at, made)


def _at_end(made: Checklist, at: int) -> tuple[Checklist, str]:
    return made, f"ends-{min(max(at, 0), len(made.ends) - 1)}" if made.ends else "ends"


def _added_option(checklist: Checklist, at: int, _: int) -> tuple[Checklist, str]:
    made = edits.add_option(checklist, at)
    return _at_option(made, at, len(made.steps[at].options) - 1 if 0 <= at < len(made.steps) else -1)


_DEEDS: Mapping[str, Deed] = {
    "step-add": lambda one, at, _: _at_step(edits.add_step(one, at), at),
    "step-up": lambda one, at, _: _at_step(edits.move_step(one, at, at - 1), at - 1),
    "step-down": lambda one, at, _: _at_step(edits.move_step(one, at, at + 1), at + 1),
    "step-to": lambda one, at, to: _at_step(edits.move_step(one, at, to), to),
    "step-copy": lambda one, at, _: _at_step(edits.copy_step(one, at), at + 1),
    "step-remove": lambda one, at, _: _at_step(edits.remove_step(one, at), at),
    "option-add": _added_option,
    "option-up": lambda one, at, to: _at_option(edits.move_option(one, at, to, to - 1), at, to - 1),
    "option-remove": lambda one, at, to: _at_option(edits.remove_option(one, at, to), at, to),
    "end-up": lambda one, at, _: _at_end(edits.move_end(one, at, at - 1), at - 1),
    "end-down": lambda one, at, _: _at_end(edits.move_end(one, at, at + 1), at + 1),
    "end-remove": lambda one, at, _: _at_end(edits.remove_end(one, at), at),
}
