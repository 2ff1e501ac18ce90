"""The JSON door of the directory: who a caller may ask for."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.casework.usecases.views.directory import EntryView
from services.casework.web.given import House
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1", tags=["catalogue"])


@router.get("/directory")
async def directory(
    house: House,
    _person: Annotated[Person, requires(Action.READ_CATALOGUE)],
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> dict[str, Any]:
    """Find persons and functions by name, title, sökord, unit, place or shown number, the best first."""
    return {"items": [_item(one) for one in await house.directory.read.find(q, limit)], "next": None}


def _item(one: EntryView) -> dict[str, Any]:
    names = ("id", "name", "title", "unit", "unit_name", "place", "phone", "extension", "mobile", "email")
    stand_in = {"id": one.stand_in.id, "name": one.stand_in.name} if one.stand_in else None
    return {
        **{name: getattr(one, name) for name in names},
        "kind": one.kind.value,
        "keywords": list(one.keywords),
        "protected": one.protected,
        "away_until": one.away_until.isoformat() if one.away_until else None,
        "stand_in": stand_in,
    }
