"""The page *Lokala uppgifter*: what a unit's checklists are filled with, those that are missing first."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from services.casework.domain.local_facts import EXAMPLES, Measure
from services.casework.usecases.checklists.local_facts import UnitFacts
from services.casework.web.house import casework_of
from shared.errors import DomainError
from shared.web.access import Action, Person, allow, requires

router = APIRouter(prefix="/editor/params", include_in_schema=False)

Editor = Annotated[Person, requires(Action.EDIT_CHECKLISTS)]
MEASURES = {
    Measure.TEXT: "Text",
    Measure.PHONE: "Telefonnummer",
    Measure.EMAIL: "E-postadress",
    Measure.WEB: "Webbadress",
    Measure.KRONOR: "Kronor",
    Measure.DAYS: "Dagar",
    Measure.DEGREES: "Grader",
    Measure.NUMBER: "Tal",
    Measure.TIME: "Klockslag",
}
"""How a measure is called on the page; the test of the translations reads it."""


class FactForm(BaseModel):
    """What was typed, and what stood there when the page was read."""

    name: str = Field("", max_length=200)
    value: str = Field("", max_length=2_000)
    measure: str = Field("text", max_length=40)
    was: str = Field("", max_length=2_000)


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that could not be kept: what was typed, and why."""

    form: FactForm
    error: DomainError


@router.get("")
async def page(request: Request, person: Editor, unit: str | None = None, saved: str = "") -> Response:
    """Show the facts of a unit; without one, of the first that lacks something."""
    return await _shown(request, person, unit, saved=saved)


@router.post("/{unit}")
async def fill_in(request: Request, person: Editor, unit: str, form: Annotated[FactForm, Form()]) -> Response:
    """Keep a value and go back to the page; what cannot be kept is said beside it and shown again."""
    try:
        await casework_of(request).checklists.set_fact.run(person, unit, form.name, form.value, form.measure, form.was)
    except DomainError as error:
        return await _shown(request, person, unit, Refused(form, error))
    query = urlencode({"unit": unit, "saved": form.name})
    return RedirectResponse(f"/editor/params?{query}", status_code=303)


async def _shown(
    request: Request, person: Person, unit: str | None, refused: Refused | None = None, saved: str = ""
) -> Response:
    house = casework_of(request).checklists
    every = await house.facts.run(person)
    here = _chosen(every, unit) if unit in {None, *(one.unit for one in every)} else None
    if here is None and unit is not None:
        here = (await house.facts.run(person, unit))[0]
    found: Response = request.app.state.pages.render(
        request,
        "pages/params.html",
        status_code=refused.error.status if refused else 200,
        units=[(one.unit, one.unit_name, sum(fact.missing for fact in one.facts)) for one in every],
        here=here,
        writes=here is not None and allow(person, Action.EDIT_CHECKLISTS, here.unit),
        refused=refused,
        saved=saved,
        measures=list(MEASURES.items()),
        examples=EXAMPLES,
    )
    return found


def _chosen(every: tuple[UnitFacts, ...], unit: str | None) -> UnitFacts | None:
    if unit is not None:
        return next((one for one in every if one.unit == unit), None)
    return next((one for one in every if any(fact.missing for fact in one.facts)), every[0] if every else None)
