"""The JSON doors of incidents: read, open, change, link cases, answer all, close."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.casework.domain.incident import Said
from services.casework.usecases.answer_incident import Answer
from services.casework.usecases.incident_views import IncidentView
from services.casework.web.given import House, RequestId
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])

Reader = Annotated[Person, requires(Action.SEE_INCIDENTS)]
Linker = Annotated[Person, requires(Action.LINK_INCIDENTS)]
Manager = Annotated[Person, requires(Action.MANAGE_INCIDENTS)]
Text = Annotated[str, Field(max_length=20_000)]
Ids = Annotated[tuple[str, ...], Field(max_length=1_000)]


class Changed(BaseModel):
    """What is said of an incident now; what is left out stays as it was."""

    model_config = ConfigDict(extra="forbid")
    title: Text = ""
    text: Text = ""
    """What may be told."""
    unit: str = ""
    entrances: Ids = ()
    """The entrances it concerns; none: all of the unit."""
    case_types: Ids = ()
    greeting: Text = ""
    """A sentence after the entrance's own greeting."""
    expected_end: AwareDatetime | None = None


class Opened(Changed):
    """A new incident."""

    title: Text
    text: Text
    unit: str
    alarm_id: Annotated[str, Field(max_length=200)] = ""
    """The alarm that it came of."""


class Linked(BaseModel):
    """The case that is about it."""

    number: str


class Answered(BaseModel):
    """What all are told; `close_cases` ends the open cases of those who have been told."""

    text: Text
    close_cases: bool = False


class Closed(BaseModel):
    """The answer to all, if there is one."""

    text: Text | None = None
    close_cases: bool = False


@router.get("")
async def incidents(house: House, person: Reader, state: Literal["open", "closed"] | None = None) -> dict[str, Any]:
    """List the incidents of the reader's units, the open ones first."""
    found = await house.incidents.list.run(person)
    items = [*found.open, *found.closed] if state is None else found.open if state == "open" else found.closed
    return {"items": items, "next": None}


@router.post("", status_code=201)
async def open_(house: House, person: Manager, body: Opened, key: RequestId = None) -> IncidentView:
    """Open an incident; the same Idempotency-Key opens it once."""
    return await _shown(house, person, await house.incidents.open.run(person, Said(**body.model_dump()), key))


@router.get("/{incident_id}")
async def incident(house: House, person: Reader, incident_id: str) -> IncidentView:
    """Return one incident with what is linked to it, as far as the reader may see it."""
    return await _shown(house, person, incident_id)


@router.post("/{incident_id}")
async def change(house: House, person: Manager, incident_id: str, body: Changed) -> IncidentView:
    """Say something else of an open incident."""
    await house.incidents.change.run(incident_id, person, body.model_dump(exclude_unset=True))
    return await _shown(house, person, incident_id)


@router.post("/{incident_id}/link")
async def link(house: House, person: Linker, incident_id: str, body: Linked) -> IncidentView:
    """Link a case; linked already, it stays so."""
    await house.incidents.link.run(incident_id, body.number, person)
    return await _shown(house, person, incident_id)


@router.post("/{incident_id}/unlink")
async def unlink(house: House, person: Linker, incident_id: str, body: Linked) -> IncidentView:
    """Take a link away."""
    await house.incidents.unlink.run(incident_id, body.number, person)
    return await _shown(house, person, incident_id)


@router.post("/{incident_id}/answer")
async def answer(house: House, person: Manager, incident_id: str, body: Answered) -> IncidentView:
    """Answer all who are linked, each in her own thread; the same words reach nobody twice."""
    await house.incidents.answer_all.run(incident_id, person, Answer(body.text, body.close_cases))
    return await _shown(house, person, incident_id)


@router.post("/{incident_id}/called")
async def called(house: House, person: Linker, incident_id: str, body: Linked) -> IncidentView:
    """Note that somebody without an address has been called and told."""
    await house.incidents.answer_by_phone.run(incident_id, body.number, person)
    return await _shown(house, person, incident_id)


@router.post("/{incident_id}/close")
async def close(house: House, person: Manager, incident_id: str, body: Closed) -> IncidentView:
    """End an incident, with an answer to all or without."""
    said = Answer(body.text, body.close_cases) if body.text is not None else None
    await house.incidents.close.run(incident_id, person, said)
    return await _shown(house, person, incident_id)


async def _shown(house: House, person: Person, incident_id: str) -> IncidentView:
    return await house.incidents.read.run(incident_id, person)
