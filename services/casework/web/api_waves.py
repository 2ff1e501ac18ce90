"""The JSON doors of hours and takeovers: when units answer, what has been taken over, and the act that does it."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.casework.usecases import wave_views
from services.casework.usecases.take_over import Move
from services.casework.web.given import House
from shared.vocabulary import Channel, TakenOver
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1", tags=["catalogue"])

Reader = Annotated[Person, requires(Action.READ_CATALOGUE)]
Mover = Annotated[Person, requires(Action.SUPERVISE)]


class Moving(BaseModel):
    """How far it is to have moved in; without `from` at once, without `channel` on all."""

    model_config = ConfigDict(extra="forbid")
    state: TakenOver
    channel: Channel | None = None
    from_day: Annotated[date | None, Field(alias="from")] = None
    forward_to: Annotated[str | None, Field(max_length=200)] = None
    """Number or address; left out, what was said before stays."""


@router.get("/hours")
async def hours(
    house: House,
    _person: Reader,
    unit: str | None = None,
    at: Annotated[AwareDatetime | None, Query(description="A moment; now when left out.")] = None,
) -> dict[str, Any]:
    """List when units answer, of one unit if asked: open or closed, and when that changes."""
    return {"items": await house.read_hours.run(unit, at), "next": None}


@router.get("/takeovers")
async def takeovers(house: House, _person: Reader) -> dict[str, Any]:
    """List what has been said about taking over; what is not listed has always been the centre's."""
    return {"items": await house.read_takeovers.run(), "next": None}


@router.put("/takeovers/{subject}/{subject_id}")
async def take_over(
    house: House,
    person: Mover,
    subject: Literal["case_type", "entrance", "unit"],
    subject_id: str,
    body: Moving,
) -> dict[str, list[wave_views.TakeoverView]]:
    """Move a case type, an entrance or all of a unit in or out; the same with the old state undoes it."""
    day = body.from_day.isoformat() if body.from_day else None
    move = Move(body.state, body.channel, day, body.forward_to)
    return {"items": list(await house.take_over.run(subject, subject_id, move, person.id))}
