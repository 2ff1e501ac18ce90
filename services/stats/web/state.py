"""What the doors of stats read from, as the lifespan puts it on the app."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.stats.store.alarms import AlarmStore
from services.stats.store.figures import FigureStore
from services.stats.store.scope import Units
from services.stats.usecases.board import Board, ShowBoard
from services.stats.usecases.load import ShowLoad
from services.stats.usecases.survey import Survey
from services.stats.web.names import Names
from services.stats.web.words import Words
from shared.clock import Clock
from shared.web.live import Hub
from shared.web.pages import Pages

FRESH_SECONDS = 0.9


@dataclass(slots=True)
class Boards:
    """The wallboard for many screens: read at most once a second for each set of units."""

    show: ShowBoard
    _known: dict[Units, tuple[float, Board]] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, units: Units) -> Board:
        """Return the board, at most a second old."""
        async with self._reading:
            known = self._known.get(units)
            if known is None or monotonic() - known[0] > FRESH_SECONDS:
                self._known = {one: kept for one, kept in self._known.items() if monotonic() - kept[0] < FRESH_SECONDS}
                known = self._known[units] = (monotonic(), await self.show.show(units))
        return known[1]


@dataclass(frozen=True, slots=True)
class Reading:
    """The readers behind pages and API."""

    boards: Boards
    load: ShowLoad
    figures: FigureStore
    alarms: AlarmStore
    names: Names
    words: Words
    hub: Hub
    survey: Survey
    clock: Clock
    answer_within: float
    solved_goal: float


def reading_of(request: Request) -> Reading:
    """Return what the lifespan has put on the app."""
    reading: Reading = request.app.state.stats
    return reading


Doors = Annotated[Reading, Depends(reading_of)]
"""The readers, as a parameter of a route."""


def page(request: Request, name: str, **context: Any) -> Response:
    """Render a template in the reader's language."""
    pages: Pages = request.app.state.pages
    return pages.render(request, name, **context)
