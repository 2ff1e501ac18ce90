"""The stream dashboard: lag, rate, age and dead records per topic and group."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from services.stats.domain.streams import Stream
from services.stats.web.state import Doors, Reading, page
from shared.web.access import Action, Person, requires
from shared.web.live import stream

router = APIRouter()
SEER = requires(Action.SEE_STREAMS)

TOPIC = "streams"
BEHIND_SECONDS = 30.0
"""What waits longer than this is marked."""


@router.get("/streams", include_in_schema=False)
async def streams(request: Request, doors: Doors, _person: Person = SEER) -> Response:
    """The page."""
    return page(request, "pages/streams.html", **_shown(doors))


@router.get("/streams/table", include_in_schema=False)
async def table(request: Request, doors: Doors, _person: Person = SEER) -> Response:
    """The live part alone."""
    return page(request, "partials/streams.html", **_shown(doors))


@router.get("/streams/live", include_in_schema=False)
async def live(request: Request, doors: Doors, _person: Person = SEER) -> Response:
    """Say when a new survey is there."""
    return await stream(request, doors.hub.subscribe([TOPIC]))


@router.get("/api/v1/streams", tags=["stats"])
async def api(doors: Doors, _person: Person = SEER) -> dict[str, Any]:
    """Per topic and group: lag, records a second, seconds since the oldest that is not done was written, dead."""
    now = doors.clock()
    items = [
        {
            "topic": one.topic,
            "group": one.group,
            "lag": one.lag,
            "rate": one.rate,
            "written_rate": one.written,
            "oldest_unprocessed_seconds": _age(one, now),
            "dead": one.dead,
        }
        for one in doors.survey.streams()
    ]
    return {"items": items, "next": None}


def _shown(doors: Reading) -> dict[str, Any]:
    newest, now = doors.survey.newest, doors.clock()
    rows = [(one, _age(one, now), (_age(one, now) or 0) > BEHIND_SECONDS) for one in doors.survey.streams()]
    return {
        "rows": rows,
        "at": newest.at if newest else None,
        "dead": sum(newest.dead.values()) if newest else 0,
        "lag": sum(one.lag for one, _, _ in rows if one.started),
        "oldest": max((age for _, age, _ in rows if age is not None), default=None),
    }


def _age(stream: Stream, now: datetime) -> float | None:
    return None if stream.oldest is None else max(0.0, (now - stream.oldest).total_seconds())
