"""The JSON doors of checklists under way: list by state, write, decide, publish, change urgently, export."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.casework.domain.checklist import Checklist
from services.casework.domain.lifecycle import Phase, Version
from services.casework.store.bodies import body_of
from services.casework.usecases.checklists.acting import pointed
from services.casework.usecases.checklists.reading import acts
from services.casework.usecases.checklists.urgent import Newer
from services.casework.web.given import House, RequestId
from shared.web.access import Action, Person, requires
from shared.web.languages import choose_language

router = APIRouter(prefix="/api/v1", tags=["checklists"])

Editor = Annotated[Person, requires(Action.EDIT_CHECKLISTS)]
Approver = Annotated[Person, requires(Action.APPROVE_CHECKLISTS)]
Publisher = Annotated[Person, requires(Action.PUBLISH_CHECKLISTS)]
Reader = Annotated[Person, requires(Action.READ_CATALOGUE)]
Shown = dict[str, Any]
Text = Annotated[str, Field(max_length=2_000)]
_STATE = ("phase", "checklist")
YAML = "application/yaml"


class Body(BaseModel):
    """What a caller sends; what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Created(Body):
    """The content of a checklist that was not there; `version` is given by the server."""

    checklist: Checklist


class Drafted(Body):
    """Which version the draft is made of; the one that is live when it is left out."""

    base: int | None = None


class Seen(Body):
    """The `revision` that was read; 409 when somebody has done something since."""

    revision: Annotated[int, Field(ge=1)]


class Written(Seen):
    """The content of a draft from now on."""

    checklist: Checklist


class Reasoned(Seen):
    """Why."""

    reason: Text


class Published(Seen):
    """From when it is to hold; now when it is left out."""

    valid_from: AwareDatetime | None = None


class Urgent(Reasoned):
    """Why it must hold at once, and until when at most (seven days when it is left out)."""

    until: AwareDatetime | None = None


class FactSet(Body):
    """A value; `was` is the one that was read, 409 when somebody else has changed it since."""

    value: Annotated[str, Field(max_length=500)]
    measure: Annotated[str, Field(max_length=20)] = "text"
    was: Annotated[str, Field(max_length=500)] | None = None


def shown(person: Person, version: Version, *, content: bool = False) -> Shown:
    """Return a version as JSON: its state, what the reader can do with it, and its content if asked."""
    plain = {name: getattr(version, name) for name in Version.__slots__ if name not in _STATE}
    head = {
        "id": version.id,
        "version": version.number,
        "state": version.phase,
        "case_type": version.checklist.case_type,
    }
    body = {"checklist": {**body_of(version.checklist), "version": version.number}} if content else {}
    return {**head, **plain, "can": sorted(acts(person, version)), **body}


@router.get("/checklists/states")
async def states(
    house: House, person: Editor, state: Annotated[list[Phase] | None, Query()] = None, checklist: str | None = None
) -> Shown:
    """List versions of the reader's units in some states (all when left out), of one checklist if asked."""
    found = await house.checklists.list.run(person, state, checklist)
    return {"items": [shown(person, one) for one in found], "next": None}


@router.get("/checklists/due")
async def due(house: House, person: Editor) -> Shown:
    """List what is to be read again within thirty days, or should have been."""
    return {"items": [asdict(one) for one in await house.checklists.due.run(person)], "next": None}


@router.get("/checklists/export", response_class=Response, responses={200: {"content": {YAML: {}}}})
async def export_live(house: House, person: Editor, checklist: Annotated[list[str] | None, Query()] = None) -> Response:
    """Return the live versions (of some checklists) as YAML that can be taken in again."""
    return Response(await house.checklists.export.run(person, checklist), media_type=YAML)


@router.post("/checklists", status_code=201)
async def create(house: House, person: Editor, body: Created, key: RequestId = None) -> Shown:
    """Begin a checklist that was not there; the same Idempotency-Key begins it once."""
    return shown(person, await house.checklists.create.run(person, body.checklist, key), content=True)


@router.post("/checklists/{checklist_id}/drafts", status_code=201)
async def draft(house: House, person: Editor, checklist_id: str, body: Drafted, key: RequestId = None) -> Shown:
    """Begin a draft of the live version, or of any other; the same Idempotency-Key begins it once."""
    made = await house.checklists.draft.run(person, checklist_id, key, body.base)
    return shown(person, made, content=True)


@router.get("/checklists/{checklist_id}/history")
async def history(house: House, person: Editor, checklist_id: str) -> Shown:
    """List what was done with a checklist: who, when, what."""
    rows = await house.checklists.history.run(person, checklist_id)
    names = ("version", "at", "by", "by_name", "what", "facts")
    return {"items": [{name: row[name] for name in names} for row in rows], "next": None}


@router.get("/checklists/{checklist_id}/versions/{version}/state")
async def state(request: Request, house: House, person: Editor, checklist_id: str, version: int) -> Shown:
    """Return a version whatever its state, with its content and what must be mended before it can be live."""
    found = await house.checklists.read.run(person, checklist_id, version)
    problems = await house.checklists.problems.run(person, checklist_id, version)
    texts, language = request.app.state.texts, choose_language(request)
    said = ((one.pointer, texts.text(language, one.detail, **one.params)) for one in pointed(problems))
    listed = [{"pointer": pointer, "detail": detail} for pointer, detail in said]
    return {**shown(person, found, content=True), "problems": listed}


@router.get("/checklists/{checklist_id}/versions/{version}/newer")
async def newer(house: House, _person: Reader, checklist_id: str, version: int) -> Newer | None:
    """Return what holds now instead of a version, null when it holds itself or nothing does."""
    return await house.checklists.newer.run(checklist_id, version)


@router.get(
    "/checklists/{checklist_id}/versions/{version}/export",
    response_class=Response,
    responses={200: {"content": {YAML: {}}}},
)
async def export(house: House, person: Editor, checklist_id: str, version: int) -> Response:
    """Return a version as YAML that can be taken in again."""
    return Response(await house.checklists.export.run(person, [checklist_id], version), media_type=YAML)


@router.put("/checklists/{checklist_id}/versions/{version}")
async def write(house: House, person: Editor, checklist_id: str, version: int, body: Written) -> Shown:
    """Replace the content of a draft."""
    content = replace(body.checklist, id=checklist_id, version=version)
    return shown(person, await house.checklists.write.run(person, content, body.revision), content=True)


@router.post("/checklists/{checklist_id}/versions/{version}/submit")
async def submit(house: House, person: Editor, checklist_id: str, version: int, body: Seen) -> Shown:
    """Send a draft to be reviewed."""
    return shown(person, await house.checklists.submit.run(person, checklist_id, version, body.revision))


@router.post("/checklists/{checklist_id}/versions/{version}/recall")
async def recall(house: House, person: Editor, checklist_id: str, version: int, body: Seen) -> Shown:
    """Take a version back from review."""
    return shown(person, await house.checklists.recall.run(person, checklist_id, version, body.revision))


@router.post("/checklists/{checklist_id}/versions/{version}/approve")
async def approve(house: House, person: Approver, checklist_id: str, version: int, body: Seen) -> Shown:
    """Approve a version, also an urgent change."""
    return shown(person, await house.checklists.approve.run(person, checklist_id, version, body.revision))


@router.post("/checklists/{checklist_id}/versions/{version}/reject")
async def reject(house: House, person: Approver, checklist_id: str, version: int, body: Reasoned) -> Shown:
    """Give a version back to its author; an urgent change ends."""
    done = await house.checklists.reject.run(person, checklist_id, version, body.reason, body.revision)
    return shown(person, done)


@router.post("/checklists/{checklist_id}/versions/{version}/publish")
async def publish(house: House, person: Publisher, checklist_id: str, version: int, body: Published) -> Shown:
    """Publish an approved version, now or on its day."""
    when: datetime | None = body.valid_from
    return shown(person, await house.checklists.publish.run(person, checklist_id, version, body.revision, when))


@router.post("/checklists/{checklist_id}/versions/{version}/withdraw")
async def withdraw(house: House, person: Editor, checklist_id: str, version: int, body: Reasoned) -> Shown:
    """Take a version away; a live one only by who may publish."""
    done = await house.checklists.withdraw.run(person, checklist_id, version, body.reason, body.revision)
    return shown(person, done)


@router.post("/checklists/{checklist_id}/versions/{version}/review")
async def review(house: House, person: Approver, checklist_id: str, version: int, body: Seen) -> Shown:
    """Say that the live version was read and still holds."""
    return shown(person, await house.checklists.review.run(person, checklist_id, version, body.revision))


@router.post("/checklists/{checklist_id}/versions/{version}/urgent")
async def urgent(house: House, person: Editor, checklist_id: str, version: int, body: Urgent) -> Shown:
    """Make a draft live at once, for at most seven days (*akutändring*)."""
    hurry = house.checklists.hurry
    return shown(person, await hurry.run(person, checklist_id, version, body.reason, body.revision, body.until))


@router.get("/units/{unit}/params")
async def params(house: House, person: Editor, unit: str) -> Shown:
    """List the local facts of a unit, those that are missing first, each with its history."""
    found = await house.checklists.facts.run(person, unit)
    return {"items": [{**asdict(one), "missing": one.missing} for one in found[0].facts], "next": None}


@router.put("/units/{unit}/params/{name}")
async def set_param(house: House, person: Editor, unit: str, name: str, body: FactSet) -> Shown:
    """Fill in a local fact; the same value again is nothing new."""
    news = await house.checklists.set_fact.run(person, unit, name, body.value, body.measure, body.was)
    return {"changed": news}
