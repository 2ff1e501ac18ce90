"""The editor's front page: what waits for me, what is to be read again, every checklist, a new one, and files."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from services.casework.domain.checklist import Checklist
from services.casework.domain.lifecycle import IN_WORK, LIVE, Version
from services.casework.usecases.files import LineError, RejectedFileError
from services.casework.web.editor_house import Editor, Said, checklists_of, told
from services.casework.web.editor_view import waits_for
from services.casework.web.house import casework_of
from services.casework.web.typed import SHOWN_AGAIN, Refused, Typed, typed
from shared.clock import utc_now
from shared.errors import DomainError
from shared.ids import new_id, slug
from shared.records import CaseTypeRecord
from shared.web.access import Action, Person, allow
from shared.web.errors import InvalidError, TooLargeError

router = APIRouter(prefix="/editor", include_in_schema=False)

_SHORT = 200
_LONGEST_ID = 60
_LARGEST_FILE = 2_000_000
_FAULTS = 50
"""So many of what is wrong in a file are shown at once."""
Asked = Annotated[str, Query(max_length=_SHORT)]


@dataclass(frozen=True, slots=True)
class Line:
    """A version in the list."""

    version: Version
    question: str
    path: tuple[str, ...]
    unit_name: str
    overdue: bool
    waits: bool

    def says(self, words: Sequence[str]) -> bool:
        """Return whether every word stands in what the line says."""
        said = " ".join((*self.path, self.version.id, self.version.checklist.owner_role, self.version.author_name))
        return all(word in said.lower() for word in words)


@router.get("")
async def page(request: Request, person: Editor, q: Asked = "", unit: Asked = "", phase: Asked = "") -> Response:
    """Show the checklists of her units."""
    return await _list(request, person, {"q": q, "unit": unit, "phase": phase})


async def _list(
    request: Request, person: Person, asked: Mapping[str, str], *, status: int = 200, faults: Sequence[LineError] = ()
) -> Response:
    checklists, catalogue = checklists_of(request), casework_of(request).read_catalogue
    kinds = {one.id: one for one in await catalogue.case_types()}
    names = {one.id: one.name for one in await catalogue.units()}
    lines = [_line(one, person, kinds, names) for one in await checklists.list.run(person)]
    done = request.query_params.get("taken_in", "")
    rendered: Response = request.app.state.pages.render(
        request,
        "pages/editor.html",
        status_code=status,
        asked=asked,
        rows=[line for line in lines if _wanted(line, asked)],
        waiting=[line for line in lines if line.waits],
        due=await checklists.due.run(person),
        questions={line.version.id: line.question for line in lines},
        units=sorted({(line.version.unit, line.unit_name) for line in lines}, key=lambda one: one[1]),
        taken_in=int(done) if re.fullmatch("[0-9]{1,5}", done) else None,
        file_faults=faults,
        gaps_open=len(await casework_of(request).gaps.read.of_owner(person)),
    )
    return rendered


def _line(version: Version, person: Person, kinds: Mapping[str, CaseTypeRecord], names: Mapping[str, str]) -> Line:
    kind = kinds.get(version.checklist.case_type)
    overdue = version.current and version.review_by is not None and version.review_by < utc_now()
    return Line(
        version,
        kind.question if kind else version.id,
        kind.path if kind else (version.id,),
        names.get(version.unit, version.unit),
        overdue=overdue,
        waits=waits_for(version, person),
    )


def _wanted(line: Line, asked: Mapping[str, str]) -> bool:
    phase = line.version.phase
    right = phase.value == asked["phase"] if asked["phase"] else phase in IN_WORK | LIVE
    mine = not asked["unit"] or line.version.unit == asked["unit"]
    return right and mine and line.says(asked["q"].lower().split())


@router.get("/new")
async def new(request: Request, person: Editor, case_type: Asked = "") -> Response:
    """Ask which case type a new checklist is for."""
    return await _new(request, person, {"case_type": case_type})


async def _new(
    request: Request,
    person: Person,
    values: Mapping[str, str],
    error: DomainError | None = None,
    form: Typed | None = None,
) -> Response:
    faults = Refused.by(error, request, "new", form).errors if isinstance(error, InvalidError) and form else {}
    rendered: Response = request.app.state.pages.render(
        request,
        "pages/editor_new.html",
        status_code=error.status if error else 200,
        kinds=await _kinds(request, person),
        typed=Said(values),
        faults=Said(faults),
        wrong=told(request, error) if error else "",
        request_id=values.get("request_id") or new_id(),
    )
    return rendered


async def _kinds(request: Request, person: Person) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the case types of her units that have no checklist, by unit."""
    catalogue = casework_of(request).read_catalogue
    begun = {one.checklist.case_type for one in await checklists_of(request).list.run(person, IN_WORK | LIVE)}
    free = [one for one in await catalogue.case_types() if one.checklist is None and one.id not in begun]
    return [
        (unit.name, found)
        for unit in await catalogue.units()
        if allow(person, Action.EDIT_CHECKLISTS, unit.id)
        and (found := [(one.id, " › ".join(one.path[1:])) for one in free if one.unit == unit.id])
    ]


@router.post("/new")
async def create(request: Request, person: Editor) -> Response:
    """Begin a checklist for a case type."""
    form = await typed(request)
    try:
        draft = await _begun(request, person, form)
    except DomainError as error:
        if error.status not in SHOWN_AGAIN:
            raise
        return await _new(request, person, form.values, error, form)
    return RedirectResponse(f"/editor/checklists/{draft.id}?version={draft.number}", status_code=303)


async def _begun(request: Request, person: Person, form: Typed) -> Version:
    catalogue = casework_of(request).read_catalogue
    kinds = {one.id: one for one in await catalogue.case_types()}
    names = {one.id: one.name for one in await catalogue.units()}
    chosen = form.one_of("case_type", frozenset(kinds))
    role = form.text("owner_role", wanted=True, most=_SHORT)
    form.check()
    kind = kinds[chosen]
    taken = {one.id for one in await checklists_of(request).list.run(person)}
    unit = names.get(kind.unit, kind.unit)
    made = Checklist(_name(kind, taken), kind.id, (), (), owner_role=role, owner_unit=unit)
    return await checklists_of(request).create.run(person, made, form.text("request_id", most=_SHORT) or None)


def _name(kind: CaseTypeRecord, taken: set[str]) -> str:
    """Return an id that says what it is about and that no checklist of hers has."""
    stem = slug(f"{kind.path[0]} {kind.question}")[:_LONGEST_ID].strip("-") or "checklista"
    numbers = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbers if name not in taken)


@router.get("/export")
async def export(
    request: Request,
    person: Editor,
    checklist_id: Annotated[str, Query(alias="id", max_length=_SHORT)] = "",
    version: int | None = None,
) -> Response:
    """Give the live checklists of her units, or one version, as a file."""
    ids = [checklist_id] if checklist_id else None
    data = await checklists_of(request).export.run(person, ids, version if checklist_id else None)
    name = f"{slug(checklist_id) or 'checklistor'}.yaml"
    return Response(
        data, media_type="application/yaml", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


@router.post("/import")
async def take_in(request: Request, person: Editor, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Take in a file as drafts; nothing of it when anything is wrong, and everything that is wrong is said."""
    data = await file.read(_LARGEST_FILE + 1) if file else b""
    if len(data) > _LARGEST_FILE:
        raise TooLargeError
    asked = {"q": "", "unit": "", "phase": ""}
    try:
        counts = await checklists_of(request).take_in.run(person, data)
    except RejectedFileError as error:
        return await _list(request, person, asked, status=error.status, faults=error.found[:_FAULTS])
    return RedirectResponse(f"/editor?taken_in={counts.changed}", status_code=303)
