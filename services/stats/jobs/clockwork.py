"""The loops of stats: the look at every series, next month's partition, and the beat of the wallboards."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from services.stats.store.facts import FactStore
from services.stats.usecases.survey import Survey
from services.stats.usecases.watch import Watch
from shared.clock import Clock
from shared.metrics import GROUP_AGE, GROUP_LAG
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
            tell(survey)
            hub.publish(STREAMS, SURVEYED)
            await asyncio.sleep(seconds)

    return run


def tell(survey: Survey) -> None:
    """Give the metrics what the newest survey saw; a group that has done everything has age 0."""
    for stream in survey.streams():
        GROUP_LAG.labels(stream.topic, stream.group).set(stream.lag if stream.started else 0)
        age = (survey.newest.at - stream.oldest).total_seconds() if survey.newest and stream.oldest else 0.0
        GROUP_AGE.labels(stream.topic, stream.group).set(max(0.0, age))


def months_ahead(store: FactStore, clock: Clock) -> Callable[[], Awaitable[None]]:
    """Return the loop that makes the partitions of this month and the next before they are needed."""

    async def run() -> None:
        while True:
            today = clock().date().replace(day=1)
            await store.make_months([today, (today + timedelta(days=32)).replace(day=1)])
            await asyncio.sleep(6 * 3600)

    return run
