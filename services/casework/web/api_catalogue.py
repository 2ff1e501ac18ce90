"""The JSON doors of the catalogue: units, entrances, case types, checklists."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter

from services.casework.web.given import House
from shared.events import Event
from shared.records import CaseTypeRecord, ChecklistRecord
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1", tags=["catalogue"])

Reader = Annotated[Person, requires(Action.READ_CATALOGUE)]
Listed = dict[str, Any]


def _listed(records: Iterable[Event]) -> Listed:
    return {"items": [record.model_dump(mode="json") for record in records], "next": None}


@router.get("/units")
async def units(house: House, _person: Reader) -> Listed:
    """List units by name."""
    return _listed(await house.read_catalogue.units())


@router.get("/entrances")
async def entrances(house: House, _person: Reader) -> Listed:
    """List entrances by name."""
    return _listed(await house.read_catalogue.entrances())


@router.get("/case-types")
async def case_types(house: House, _person: Reader, unit: str | None = None, *, examples: bool = False) -> Listed:
    """List case types by path, of one unit if asked; how residents put them only with `examples=true`."""
    found = [one for one in await house.read_catalogue.case_types() if unit in (None, one.unit)]
    return {"items": [_case_type(one, examples) for one in found], "next": None}


def _case_type(record: CaseTypeRecord, examples: bool) -> dict[str, Any]:
    plain = record.model_dump(mode="json", exclude=None if examples else {"examples"})
    return {**plain, "area": record.area, "question": record.question}


@router.get("/checklists")
async def checklists(house: House, _person: Reader) -> Listed:
    """List the published version of every checklist."""
    return _listed(await house.read_catalogue.checklists())


@router.get("/checklists/{checklist_id}/versions/{version}")
async def checklist(house: House, _person: Reader, checklist_id: str, version: int) -> ChecklistRecord:
    """Return one version of a checklist."""
    return await house.read_catalogue.checklist(checklist_id, version)
