"""The HTTP API of stats: load, alarms, key figures."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from services.stats.domain.cube import DIMENSIONS
from services.stats.domain.week import local_day, start_of
from services.stats.store.alarms import Alarm
from services.stats.web.state import Doors, Reading
from shared.errors import FieldError
from shared.web.access import Action, Person, requires, visible_units
from shared.web.errors import InvalidError
from shared.web.languages import choose_language

router = APIRouter(prefix="/api/v1", tags=["stats"])
SEER = requires(Action.SEE_STATS)

BINS = {
    "PT5M": timedelta(minutes=5),
    "PT10M": timedelta(minutes=10),
    "PT15M": timedelta(minutes=15),
    "PT30M": timedelta(minutes=30),
    "PT1H": timedelta(hours=1),
    "P1D": timedelta(days=1),
}
From = Annotated[AwareDatetime | None, Query(alias="from", description="Start; midnight when left out.")]
To = Annotated[AwareDatetime | None, Query(description="End, not included; now when left out.")]
By = Annotated[str, Query(description="Dimensions with commas between: channel, unit, case_type, entrance.")]
Bin = Annotated[Literal["PT5M", "PT10M", "PT15M", "PT30M", "PT1H", "P1D"], Query(description="Width (ISO 8601).")]


@router.get("/load")
async def load(
    doors: Doors,
    start: From = None,
    to: To = None,
    bin: Bin = "PT5M",  # noqa: A002 - the name is the contract's
    by: By = "",
    person: Person = SEER,
) -> dict[str, Any]:
    """Contacts by bin and series, with what is expected and the upper bound of the normal."""
    begin, end = _period(doors, start, to)
    items = await doors.load.show(begin, end, BINS[bin], by=_by(by), units=visible_units(person))
    return _list(
        {
            "series": dict(item.series),
            "start": item.start,
            "count": item.count,
            "expected": item.expected,
            "upper": item.upper,
        }
        for item in items
    )


@router.get("/alarms")
async def alarms(
    request: Request, doors: Doors, state: Literal["open", "all"] = "open", person: Person = SEER
) -> dict[str, Any]:
    """Open alarms, the least likely first; `state=all` adds those of the last thirty days."""
    units = visible_units(person)
    if state == "open":
        found = await doors.alarms.list_open(units)
    else:
        found = await doors.alarms.list_since(doors.clock() - timedelta(days=30), units)
    language = choose_language(request)
    return _list(_alarm(doors, alarm, language) for alarm in found)


@router.get("/kpis")
async def kpis(doors: Doors, start: From = None, to: To = None, by: By = "", person: Person = SEER) -> dict[str, Any]:
    """Key figures of a period, by group."""
    begin, end = _period(doors, start, to)
    found = await doors.figures.read(begin, end, by=_by(by), units=visible_units(person))
    return _list(one.as_json() for one in found)


def _list(items: Any) -> dict[str, Any]:
    return {"items": list(items), "next": None}


def _by(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    if set(names) - set(DIMENSIONS):
        raise InvalidError(errors=[FieldError("/by", "Välj bland channel, unit, case_type och entrance.")])
    return names


def _period(doors: Reading, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    now = doors.clock()
    begin, end = start or start_of(local_day(end or now)), end or now
    if begin >= end:
        raise InvalidError(errors=[FieldError("/from", "Perioden måste börja innan den slutar.")])
    return begin, end


def _alarm(doors: Reading, alarm: Alarm, language: str) -> dict[str, Any]:
    return {
        "id": alarm.id,
        "series": dict(alarm.series),
        "since": alarm.since,
        "raised_at": alarm.raised_at,
        "cleared_at": alarm.cleared_at,
        "count": alarm.count,
        "expected": round(alarm.expected, 2),
        "low": alarm.low,
        "high": alarm.high,
        "odds": alarm.odds,
        "text": f"{doors.words.headline(alarm, language)}. {doors.words.sentence(alarm, language)}",
        "parts": [{"series": dict(p.series), "count": p.count, "expected": p.expected} for p in alarm.parts],
    }
