"""Looking at a version: tried out as an agent sees it, beside another version, and what has been done with it."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.casework.domain.checklist import Checklist, Done, Run
from services.casework.domain.checklist_changes import changes
from services.casework.store.runs import Published
from services.casework.usecases.reading import checklist_view
from services.casework.web.editor_house import Editor, Shown, checklists_of, shown
from shared.clock import utc_now
from shared.web.access import Person

router = APIRouter(prefix="/editor/checklists/{checklist_id}", include_in_schema=False)

_LONGEST_WAY = 2_000
_TRIED = "–"
"""By which delegation, where nobody decides anything."""
Way = Annotated[str, Query(max_length=_LONGEST_WAY)]


def walked(checklist: Checklist, way: str) -> Run:
    """Return the run that a way says: the number of the answer given at each step, as far as there is a way."""
    run = Run(checklist)
    for answer in filter(None, way.split(".")):
        step = checklist.step(run.here) if run.here else None
        if step is None:
            break
        number = int(answer) if re.fullmatch("[0-9]{1,3}", answer) else -1
        if step.options and not 1 <= number <= len(step.options):
            break
        label = step.options[number - 1].label if step.options else None
        run = run.answer(Done(step.id, label, reference=_TRIED))
    return run


@router.get("/try")
async def try_out(
    request: Request, person: Editor, checklist_id: str, version: int | None = None, way: Way = ""
) -> Response:
    """Walk it as an agent would, its local facts filled in; the address is the walk, and nothing is stored."""
    found = await shown(request, person, checklist_id, version)
    return _render(request, found, "try", **_walk(found, way))


def _walk(found: Shown, way: str) -> dict[str, object]:
    version = found.version
    filled = version.checklist.with_facts(found.values)
    run = walked(filled, way)
    answers = [_number(filled, done) for done in run.done]
    published = Published(filled, version.published_at or utc_now(), version.review_by)
    return {
        "list": checklist_view(published, run.done, utc_now()),
        "number": version.number,
        "way": ".".join(answers),
        "back": ".".join(answers[:-1]),
    }


def _number(checklist: Checklist, done: Done) -> str:
    step = checklist.step(done.step)
    labels = [option.label for option in step.options] if step else []
    return str(labels.index(done.option) + 1) if done.option in labels else "0"


@router.get("/compare")
async def compare(
    request: Request,
    person: Editor,
    checklist_id: str,
    old: Annotated[int | None, Query(alias="from")] = None,
    new: Annotated[int | None, Query(alias="to")] = None,
) -> Response:
    """Show what differs between two versions; without saying which, from the live one (or the one before)."""
    found = await shown(request, person, checklist_id, new)
    before = await _other(request, person, found, old)
    return _render(
        request,
        found,
        "compare",
        old=before.version,
        new=found.version,
        changes=changes(before.version.checklist, found.version.checklist),
    )


async def _other(request: Request, person: Person, found: Shown, asked: int | None) -> Shown:
    live, number = found.live, found.version.number
    if asked is None:
        earlier = [one.number for one in found.versions if one.number < number]
        asked = live.number if live and live.number != number else max(earlier, default=number)
    return await shown(request, person, found.version.id, asked)


@router.get("/history")
async def history(request: Request, person: Editor, checklist_id: str) -> Response:
    """Show every version and everything that was done, the latest first."""
    found = await shown(request, person, checklist_id)
    rows = await checklists_of(request).history.run(person, checklist_id)
    return _render(request, found, "history", history=tuple(reversed(rows)))


def _render(request: Request, found: Shown, name: str, **context: object) -> Response:
    page: Response = request.app.state.pages.render(request, f"pages/editor_{name}.html", **found.base(), **context)
    return page
