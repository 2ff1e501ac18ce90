"""The wallboard: read at five metres, live, and whole without a script."""

from datetime import datetime
from typing import Any

from babel import dates
from fastapi import APIRouter, Request, Response

from services.stats.domain.week import bin_number, local_day
from services.stats.store.alarms import Alarm
from services.stats.store.scope import Units
from services.stats.web.charts import day_chart
from services.stats.web.names import is_free
from services.stats.web.state import Doors, Reading, page
from shared.clock import STOCKHOLM
from shared.vocabulary import Presence
from shared.web.access import Action, Person, requires, visible_units
from shared.web.languages import choose_language
from shared.web.live import stream

TOPIC = "board"
ROWS = 6
"""Queues on the wallboard; the rest are counted."""

router = APIRouter()
SEER = requires(Action.SEE_STATS)


@router.get("/wallboard", include_in_schema=False)
async def wallboard(request: Request, doors: Doors, person: Person = SEER) -> Response:
    """The page."""
    shown = await _shown(request, doors, visible_units(person))
    return page(request, "pages/wallboard.html", **shown)


@router.get("/wallboard/board", include_in_schema=False)
async def board(request: Request, doors: Doors, person: Person = SEER) -> Response:
    """The live part alone."""
    shown = await _shown(request, doors, visible_units(person))
    return page(request, "partials/board.html", **shown)


@router.get("/wallboard/live", include_in_schema=False)
async def live(request: Request, doors: Doors, _person: Person = SEER) -> Response:
    """Say when there is something new, at most once a second."""
    return await stream(request, doors.hub.subscribe([TOPIC]))


async def _shown(request: Request, doors: Reading, units: Units) -> dict[str, Any]:
    board = await doors.boards.get(units)
    language = choose_language(request)
    texts = request.app.state.texts
    free = {agent.id: agent for agent in board.agents if is_free(agent)}
    alarm = board.alarms[0] if board.alarms else None
    since = bin_number(alarm.since) if alarm and local_day(alarm.since) == local_day(board.now) else None
    return {
        "board": board,
        "day": _day(board.now, language),
        "week": board.now.astimezone(STOCKHOLM).isocalendar().week,
        "names": doors.names,
        "goal": doors.solved_goal,
        "answer_within": doors.answer_within,
        "late": _late(doors, board.oldest_live, board.now),
        "free": len(free),
        "here": len(board.agents),
        "wrapping_up": board.agents_in(Presence.WRAP_UP),
        "queues": [(queue, doors.names.able(queue, free)) for queue in board.queues[:ROWS]],
        "more_queues": max(0, len(board.queues) - ROWS),
        "alarms": [(one, *_said(doors, one, language)) for one in board.alarms],
        "chart": day_chart(board.curve, texts.text(language, "Kontakter per fem minuter i dag mot det normala"), since),
        "theme": request.query_params.get("theme", "dark"),
    }


def _day(now: datetime, language: str) -> str:
    return dates.format_date(now.astimezone(STOCKHOLM), "EEEE d MMMM", locale=language)


def _said(doors: Reading, alarm: Alarm, language: str) -> tuple[str, str]:
    return doors.words.headline(alarm, language), doors.words.sentence(alarm, language)


def _late(doors: Reading, since: datetime | None, now: datetime) -> bool:
    return since is not None and (now - since).total_seconds() > doors.answer_within
