"""The owner's figures: what to look at first, and one checklist step by step, two versions beside each other."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from services.casework.domain.checklist_figures import StepFigures, Sums
from services.casework.usecases.checklists.figures import DAYS, ChecklistLine, OwnersView, VersionFigures
from services.casework.web.editor_house import Editor, checklists_of, shown
from services.casework.web.given import House
from services.casework.web.house import names_of

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["checklists"])

Days = Annotated[Literal["30", "90", "365"], Query(description="How many days back: 30, 90 or 365.")]
_FIRST = 5
"""So many of each kind stand at the top."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step in two versions; `before` is None when the older one lacks it, `after` when the newer does."""

    text: str
    before: StepFigures | None
    after: StepFigures | None


@router.get("/editor/figures")
async def page(request: Request, person: Editor, days: Days = "90") -> Response:
    """Show what she should look at first, and every live checklist of her units."""
    found = await checklists_of(request).figures.overview(person, int(days))
    names = (await names_of(request)()).units
    page: Response = request.app.state.pages.render(
        request,
        "pages/editor_figures.html",
        days=int(days),
        spans=DAYS,
        unit_names=names,
        lines=found.lines,
        without=found.without,
        **_first(found.lines),
    )
    return page


def _first(lines: Sequence[ChecklistLine]) -> dict[str, list[ChecklistLine]]:
    def top(worth: Callable[[ChecklistLine], float]) -> list[ChecklistLine]:
        return sorted((one for one in lines if worth(one) > 0), key=worth, reverse=True)[:_FIRST]

    overdue = [one for one in lines if one.overdue and one.review_by]
    return {
        "overdue": sorted(overdue, key=lambda one: str(one.review_by))[:_FIRST],
        "corrected": top(lambda one: one.corrected + one.sums.wrong),
        "unfit": top(lambda one: one.sums.missing),
        "longest": top(lambda one: one.sums.handling_mean or 0),
        "returned": top(lambda one: one.sums.returned),
    }


@router.get("/editor/checklists/{checklist_id}/figures")
async def of_one(
    request: Request,
    person: Editor,
    checklist_id: str,
    days: Days = "90",
    old: Annotated[int | None, Query(alias="from")] = None,
    new: Annotated[int | None, Query(alias="to")] = None,
) -> Response:
    """Show two versions side by side, step by step; without saying which, the two that were live last."""
    found = await shown(request, person, checklist_id)
    figures = await checklists_of(request).figures.of_one(person, checklist_id, int(days))
    after = next((one for one in figures if one.version == new), figures[0] if figures else None)
    others = [one for one in figures if after and one.version != after.version]
    earlier = [one for one in others if after and one.version < after.version]
    before = next((one for one in others if one.version == old), earlier[0] if earlier else None)
    page: Response = request.app.state.pages.render(
        request,
        "pages/editor_checklist_figures.html",
        days=int(days),
        spans=DAYS,
        figures=figures,
        before=before,
        after=after,
        steps=_abreast(before, after),
        asked={cause for one in (before, after) if one for cause in one.causes},
        **found.base(),
    )
    return page


def _abreast(before: VersionFigures | None, after: VersionFigures | None) -> list[StepRow]:
    """Return the steps of the newer version in their order, then those that only the older one has."""
    was = {one.id: one for one in before.steps} if before else {}
    now = {one.id: one for one in after.steps} if after else {}
    rows = [StepRow(one.text, was.get(one.id), one) for one in now.values()]
    return rows + [StepRow(one.text, one, None) for one in was.values() if one.id not in now]


@api.get("/checklists/figures")
async def overview(house: House, person: Editor, days: Days = "90") -> OwnersView:
    """Return what the live checklists of the reader's units have led to, over the latest 1,000 cases of each."""
    return await house.checklists.figures.overview(person, int(days))


@api.get("/checklists/{checklist_id}/figures")
async def versions(house: House, person: Editor, checklist_id: str, days: Days = "90") -> dict[str, Any]:
    """Return what each version of a checklist has led to, step by step, over its latest 5,000 cases."""
    found = await house.checklists.figures.of_one(person, checklist_id, int(days))
    return {"items": [_json(one) for one in found], "next": None}


def _json(one: VersionFigures) -> dict[str, Any]:
    return {**asdict(one), "sums": {**asdict(one.sums), **_shares(one.sums)}}


def _shares(sums: Sums) -> dict[str, float | None]:
    return {name: getattr(sums, name) for name in ("handling_mean", "returned_share", "closed_share")}
