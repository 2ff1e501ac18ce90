"""The loops of stats: the look at every series, next month's partition, and the beat of the wallboards."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from services.stats.store.facts import FactStore
from services.stats.usecases.survey import Survey
from services.stats.usecases.watch import Watch
from shared.clock import Clock
from shared.web.live import Hub

TOPIC = "board"
CHANGED = "changed"
STREAMS = "streams"
SURVEYED = "surveyed"


@dataclass(slots=True)
class Beat:
    """Tells the wallboards that something changed: at most once a second, and now and then anyway.

    What another process of stats folded is seen at the next beat without news.
    """

    hub: Hub
    least: float = 1.0
    idle: float = 5.0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def changed(self) -> None:
        """Say that there is news."""
        self._news.set()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self.idle):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            self.hub.publish(TOPIC, CHANGED)
            await asyncio.sleep(self.least)


def watching(watch: Watch, seconds: float) -> Callable[[], Awaitable[None]]:
    """Return the loop that looks at every series."""

    async def run() -> None:
        while True:
            await asyncio.sleep(seconds)
            await watch.look()

    return run


def surveying(survey: Survey, hub: Hub, seconds: float) -> Callable[[], Awaitable[None]]:
    """Return the loop that asks Kafka where every group stands."""

    async def run() -> None:
        while True:
            await survey.look()
            hub.publish(STREAMS, SURVEYED)
            await asyncio.sleep(seconds)

    return run


def months_ahead(store: FactStore, clock: Clock) -> Callable[[], Awaitable[None]]:
    """Return the loop that makes the partitions of this month and the next before they are needed."""

    async def run() -> None:
        while True:
            today = clock().date().replace(day=1)
            await store.make_months([today, (today + timedelta(days=32)).replace(day=1)])
            await asyncio.sleep(6 * 3600)

    return run
