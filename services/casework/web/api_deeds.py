"""The JSON doors of what can be done with a case besides working it: park, merge, split, link, people, reopen."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from services.casework.usecases import views
from services.casework.usecases.forgotten import Forgotten
from services.casework.usecases.merge import MergePlan
from services.casework.usecases.people import About
from services.casework.web.given import House, RequestId, Seen, Version
from shared.ids import new_id
from shared.vocabulary import LinkKind, PersonRole
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1/cases/{number}", tags=["cases"])

forgotten = APIRouter(prefix="/api/v1/forgotten", tags=["cases"])

Supervisor = Annotated[Person, requires(Action.SUPERVISE)]
Worker = Annotated[Person, requires(Action.WORK_DESK)]
Short = Annotated[str, Field(max_length=200)]


class Park(BaseModel):
    """Until when (nine o'clock of the next working day by default), why, and whether it waits for the citizen."""

    until: AwareDatetime | None = None
    why: Annotated[str, Field(max_length=500)] = ""
    waiting: bool = False
    version: Version = None


class ForgottenPage(BaseModel):
    """Reminders that nobody has heeded; all of them, at most 200."""

    items: tuple[Forgotten, ...]
    next: str | None = None


class FollowUp(BaseModel):
    """A new case; the same `request_id` is the same case."""

    request_id: Annotated[str, Field(min_length=1, max_length=200)]


class Other(BaseModel):
    """Another case, by its number."""

    other: Short
    version: Version = None


class Linked(BaseModel):
    """Another case, and what it is to this one: `duplicate`, `follow_up` or `related`."""

    other: Short
    kind: LinkKind


class Part(BaseModel):
    """The contact that becomes a case of its own."""

    contact_id: Short
    version: Version = None


class Somebody(BaseModel):
    """A person of the case; of an anonymous one nothing is said."""

    role: PersonRole
    name: Short = ""
    email: Short = ""
    phone: Short = ""
    note: Short = ""


class Protection(BaseModel):
    """Whether the person has a protected identity."""

    protected: bool


class Made(BaseModel):
    """The case that was opened."""

    number: str


class Added(BaseModel):
    """The person that was added."""

    id: str


@router.post("/park")
async def park(house: House, person: Worker, number: str, body: Park, seen: Seen) -> views.CaseView:
    """Let the case rest; its agent is reminded."""
    version = body.version if seen is None else seen
    await house.deeds.park.run(number, person, until=body.until, why=body.why, waiting=body.waiting, seen=version)
    return await house.read_case.run(number, person)


@router.post("/follow-up", status_code=201)
async def follow_up(house: House, person: Worker, number: str, body: FollowUp) -> Made:
    """Open a new case that follows this one up."""
    return Made(number=await house.deeds.follow_up.run(number, person, body.request_id))


@router.post("/merge/preview")
async def preview_merge(house: House, person: Worker, number: str, body: Other) -> MergePlan:
    """Say what a merge would do; nothing happens."""
    return await house.deeds.preview_merge.run(number, body.other, person)


@router.post("/merge")
async def merge(house: House, person: Worker, number: str, body: Other, seen: Seen) -> views.CaseView:
    """Make the case part of another one, which is returned."""
    await house.deeds.merge.run(number, body.other, person, body.version if seen is None else seen)
    return await house.read_case.run(body.other, person)


@router.post("/unmerge")
async def unmerge(house: House, person: Worker, number: str) -> views.CaseView:
    """Undo a merge."""
    await house.deeds.unmerge.run(number, person)
    return await house.read_case.run(number, person)


@router.post("/split", status_code=201)
async def split(house: House, person: Worker, number: str, body: Part, seen: Seen, key: RequestId = None) -> Made:
    """Make a case of its own out of a contact."""
    version = body.version if seen is None else seen
    return Made(number=await house.deeds.split.run(number, person, body.contact_id, key or new_id(), version))


@router.put("/links")
async def link(house: House, person: Worker, number: str, body: Linked) -> views.CaseView:
    """Link the case with another."""
    await house.deeds.link.run(number, body.other, body.kind, person)
    return await house.read_case.run(number, person)


@router.delete("/links/{kind}/{other}")
async def unlink(house: House, person: Worker, number: str, kind: LinkKind, other: str) -> views.CaseView:
    """Take a link away."""
    await house.deeds.unlink.run(number, other, kind, person)
    return await house.read_case.run(number, person)


@router.post("/people", status_code=201)
async def add_person(house: House, person: Worker, number: str, body: Somebody, key: RequestId = None) -> Added:
    """Say who the case is about."""
    return Added(id=await house.deeds.add_person.run(number, person, About(**body.model_dump()), key))


@router.delete("/people/{row_id}", status_code=204)
async def remove_person(house: House, person: Worker, number: str, row_id: str) -> None:
    """Take somebody out of the case."""
    await house.deeds.remove_person.run(number, person, row_id)


@router.put("/protection")
async def protect(house: House, person: Worker, number: str, body: Protection) -> views.CaseView:
    """Mark the person as one with a protected identity, or take the mark away."""
    await house.deeds.protect.run(number, person, protected=body.protected)
    return await house.read_case.run(number, person)


@forgotten.get("")
async def forgotten_cases(house: House, person: Supervisor) -> ForgottenPage:
    """List the open cases that nobody goes on with: reminders that lie for an hour, and what no agent has any more."""
    return ForgottenPage(items=await house.deeds.forgotten.run(person))
