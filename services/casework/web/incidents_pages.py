"""The pages of incidents: the list, the form of a new one, and one with what is linked to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from services.casework.domain.incident import MISSING, PAST, TOO_LONG, UNKNOWN, IncidentFaultyError, Said
from services.casework.usecases.answer_incident import Answer
from services.casework.usecases.incident_views import IncidentView
from services.casework.web.house import casework_of
from shared.clock import STOCKHOLM
from shared.errors import DomainError, FieldError
from shared.ids import new_id
from shared.web.access import Action, Person, allow, requires

router = APIRouter(prefix="/incidents", include_in_schema=False)

Reader = Annotated[Person, requires(Action.SEE_INCIDENTS)]
Linker = Annotated[Person, requires(Action.LINK_INCIDENTS)]
Manager = Annotated[Person, requires(Action.MANAGE_INCIDENTS)]
NO_TIME = "Skriv datum och klockslag."
TEXTS = (MISSING, TOO_LONG, UNKNOWN, PAST, NO_TIME)
"""What stands beside a field, for the test of the translations."""


class IncidentForm(BaseModel):
    """What was typed, as it was typed: what is wrong with it is said beside the field, and it is shown again."""

    title: str = Field("", max_length=20_000)
    text: str = Field("", max_length=20_000)
    unit: str = Field("", max_length=200)
    entrances: list[str] = Field(default_factory=list)
    case_types: list[str] = Field(default_factory=list)
    greeting: str = Field("", max_length=20_000)
    expected_end: str = Field("", max_length=40)
    alarm_id: str = Field("", max_length=200)
    request_id: str = Field("", max_length=64)


class AnswerForm(BaseModel):
    """What all are to be told, if anything."""

    text: str = Field("", max_length=20_000)
    close_cases: bool = False
    without: bool = False
    """Close the incident and tell nobody."""


@router.get("")
async def page(request: Request, person: Reader) -> Response:
    """Show the incidents."""
    return await _list(request, person, "pages/incidents.html")


@router.get("/part")
async def part(request: Request, person: Reader) -> Response:
    """Show the list alone."""
    return await _list(request, person, "partials/incidents.html")


async def _list(request: Request, person: Person, template: str) -> Response:
    incidents = await casework_of(request).incidents.list.run(person)
    found: Response = request.app.state.pages.render(request, template, incidents=incidents)
    return found


@router.get("/new")
async def new(request: Request, person: Manager, alarm: str = "") -> Response:
    """Show the form of a new incident; of an alarm, with what it says."""
    fill = await casework_of(request).incidents.prefill.run(alarm)
    form = IncidentForm(
        title=fill.title,
        unit=fill.unit,
        case_types=list(fill.case_types),
        alarm_id=fill.alarm_id,
        request_id=new_id(),
    )
    return await _form(request, person, form, alarm_text=fill.alarm_text)


@router.post("")
async def open_(request: Request, person: Manager, form: Annotated[IncidentForm, Form()]) -> Response:
    """Open it; what cannot be used is said beside its field."""
    try:
        said = Said(**_values(form), alarm_id=form.alarm_id)
        incident_id = await casework_of(request).incidents.open.run(person, said, form.request_id or None)
    except DomainError as error:
        return await _form(request, person, form, error)
    return _to(incident_id)


async def _form(
    request: Request, person: Person, form: IncidentForm, error: DomainError | None = None, alarm_text: str = ""
) -> Response:
    found: Response = request.app.state.pages.render(
        request,
        "pages/incident_new.html",
        status_code=error.status if error else 200,
        form=form,
        wrong=_wrong(error),
        alarm_text=alarm_text,
        **await _choices(request, person),
    )
    return found


async def _choices(request: Request, person: Person) -> dict[str, Any]:
    """Return what can be chosen: her own units, and every entrance and case type by unit."""
    catalogue = casework_of(request).read_catalogue
    units = await catalogue.units()
    kinds = [one for one in await catalogue.case_types() if not one.deprecated]
    return {
        "units": [(one.id, one.name) for one in units if allow(person, Action.MANAGE_INCIDENTS, one.id)],
        "entrances": [(one.id, one.name) for one in await catalogue.entrances()],
        "kinds": [
            (unit.name, found)
            for unit in units
            if (found := [(one.id, " › ".join(one.path[1:])) for one in kinds if one.unit == unit.id])
        ],
    }


@router.get("/{incident_id}")
async def show(request: Request, person: Reader, incident_id: str) -> Response:
    """Show one incident."""
    return await _show(request, person, incident_id)


@router.get("/{incident_id}/cases")
async def cases(request: Request, person: Reader, incident_id: str) -> Response:
    """Show what is linked to it alone."""
    view = await casework_of(request).incidents.read.run(incident_id, person)
    found: Response = request.app.state.pages.render(request, "partials/incident_cases.html", view=view)
    return found


@router.post("/{incident_id}")
async def change(
    request: Request, person: Manager, incident_id: str, form: Annotated[IncidentForm, Form()]
) -> Response:
    """Say something else of it."""
    try:
        await casework_of(request).incidents.change.run(incident_id, person, _values(form))
    except DomainError as error:
        return await _show(request, person, incident_id, error, form=form)
    return _to(incident_id)


@router.post("/{incident_id}/answer")
async def answer(request: Request, person: Manager, incident_id: str, form: Annotated[AnswerForm, Form()]) -> Response:
    """Answer all who are linked."""
    try:
        await casework_of(request).incidents.answer_all.run(incident_id, person, Answer(form.text, form.close_cases))
    except DomainError as error:
        return await _show(request, person, incident_id, error, answer=form, at="answer")
    return _to(incident_id)


@router.post("/{incident_id}/close")
async def close(request: Request, person: Manager, incident_id: str, form: Annotated[AnswerForm, Form()]) -> Response:
    """End it, with an answer to all or without."""
    said = None if form.without else Answer(form.text, form.close_cases)
    try:
        await casework_of(request).incidents.close.run(incident_id, person, said)
    except DomainError as error:
        return await _show(request, person, incident_id, error, answer=form, at="close")
    return _to(incident_id)


@router.post("/{incident_id}/called")
async def called(request: Request, person: Linker, incident_id: str, case: Annotated[str, Form()]) -> Response:
    """Note that somebody without an address has been called and told."""
    await casework_of(request).incidents.answer_by_phone.run(incident_id, case, person)
    return _to(incident_id)


@router.post("/{incident_id}/unlink")
async def unlink(request: Request, person: Linker, incident_id: str, case: Annotated[str, Form()]) -> Response:
    """Take a link away."""
    await casework_of(request).incidents.unlink.run(incident_id, case, person)
    return _to(incident_id)


async def _show(  # noqa: PLR0913 - what was typed, and what is wrong with it
    request: Request,
    person: Person,
    incident_id: str,
    error: DomainError | None = None,
    *,
    form: IncidentForm | None = None,
    answer: AnswerForm | None = None,
    at: str = "",
) -> Response:
    view = await casework_of(request).incidents.read.run(incident_id, person)
    found: Response = request.app.state.pages.render(
        request,
        "pages/incident.html",
        status_code=error.status if error else 200,
        view=view,
        form=form or _typed(view),
        changing=form is not None,
        answer=answer or AnswerForm(text=view.incident.answer, close_cases=False),
        answer_wrong=error.title if error and at else "",
        at=at,
        wrong=_wrong(error if not at else None),
        **await _choices(request, person),
    )
    return found


def _typed(view: IncidentView) -> IncidentForm:
    """Return the form as it would have been filled in to say what is said now."""
    one = view.incident
    end = one.expected_end.astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M") if one.expected_end else ""
    return IncidentForm(
        **{name: getattr(one, name) for name in ("title", "text", "unit", "greeting", "alarm_id")},
        entrances=list(one.entrances),
        case_types=list(one.case_types),
        expected_end=end,
    )


def _values(form: IncidentForm) -> dict[str, Any]:
    """Return what a form says, by the names of `Said`."""
    lists = {"entrances": tuple(form.entrances), "case_types": tuple(form.case_types)}
    plain = {name: getattr(form, name) for name in ("title", "text", "unit", "greeting")}
    return {**plain, **lists, "expected_end": _moment(form.expected_end)}


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise IncidentFaultyError(errors=[FieldError("/expected_end", NO_TIME)]) from error
    return found if found.tzinfo else found.replace(tzinfo=STOCKHOLM)


def _wrong(error: DomainError | None) -> Mapping[str, str]:
    """Return what is wrong by field; what belongs to no field stands at the top (empty name)."""
    if error is None:
        return {}
    found = {one.pointer.strip("/").split("/")[0]: one.detail for one in reversed(error.errors)}
    return {"": error.title, **found}


def _to(incident_id: str) -> Response:
    return RedirectResponse(f"/incidents/{incident_id}", status_code=303)
