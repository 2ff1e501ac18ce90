"""The JSON doors of a unit's terms: its calendar, when it is delivered to, how it is reached."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.casework.usecases.unit_terms import TermsView
from services.casework.web.given import House
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1", tags=["catalogue"])

Reader = Annotated[Person, requires(Action.READ_CATALOGUE)]
Admin = Annotated[Person, requires(Action.ADMIN)]


class Terms(BaseModel):
    """All terms of a unit; what is left out is as usual."""

    model_config = ConfigDict(extra="forbid")
    calendar: Annotated[dict[str, Any], Field(default_factory=dict)]
    """`opens closes lunch cutoff weekdays closed half_days`; docs/deadlines.md says how."""
    delivery_times: Annotated[list[str], Field(default_factory=list, max_length=12)]
    """Times of day (`09:00`) when the unit is handed what is not urgent; none is at once."""
    has_login: bool = True
    webhook_url: Annotated[str, Field(max_length=2000)] = ""
    escalation_address: Annotated[str, Field(max_length=300)] = ""
    sender_name: Annotated[str, Field(max_length=200)] = ""
    sender_address: Annotated[str, Field(max_length=300)] = ""
    repeat_days: Annotated[int, Field(ge=0, le=365)] = 7


@router.get("/units/{unit}/terms")
async def terms(house: House, person: Reader, unit: str) -> TermsView:
    """Return the terms of a unit; the address of its webhook only to an administrator."""
    return await house.read_unit_terms.run(unit, person)


@router.put("/units/{unit}/terms")
async def set_terms(house: House, person: Admin, unit: str, body: Terms) -> TermsView:
    """Set all terms of a unit; promises that were given before stay as they are."""
    return await house.set_unit_terms.run(unit, body.model_dump(), person)
