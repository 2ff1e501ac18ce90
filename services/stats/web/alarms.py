"""The list of alarms: what was raised, why, and when it was over."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from services.stats.web.state import Doors, page
from shared.web.access import Action, Person, requires, visible_units
from shared.web.languages import choose_language

router = APIRouter()
DAYS = 30
SEER = requires(Action.SEE_STATS)


@router.get("/alarms", include_in_schema=False)
async def alarms(request: Request, doors: Doors, person: Person = SEER) -> Response:
    """The page."""
    units = visible_units(person)
    found = await doors.alarms.list_since(doors.clock() - timedelta(days=DAYS), units)
    board = await doors.boards.get(units)
    language = choose_language(request)
    said = [(one, doors.words.headline(one, language), doors.words.sentence(one, language)) for one in found]
    return page(request, "pages/alarms.html", alarms=said, learning=board.learning, days=DAYS)
