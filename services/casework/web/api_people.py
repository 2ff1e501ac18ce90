"""The JSON doors of people: being away, and who stands in."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from services.casework.web.given import House
from shared.web.access import Action, Person, requires

router = APIRouter(prefix="/api/v1/people", tags=["people"])


class Away(BaseModel):
    """Until when one is away, and who stands in; no time is here again."""

    until: AwareDatetime | None = None
    substitute: Annotated[str, Field(max_length=200)] | None = None


@router.put("/me/away")
async def away(house: House, person: Annotated[Person, requires(Action.WORK_INBOX)], body: Away) -> Away:
    """Say for oneself that one is away: what is assigned to one then goes to the substitute."""
    await house.set_away.run(person, body.until, body.substitute)
    return body
