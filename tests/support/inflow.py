"""A service's inflow with a handler that a test decides about, on a real broker."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from shared.consume import Inflow, Received
from shared.events import Event
from shared.health import Health
from shared.publish import Publisher, message
from shared.received import Pace
from shared.settings import ServiceSettings
from shared.topics import CONTACTS
from shared.topics_admin import ensure_topics
from tests.support.kafka import QUICK, committed, ids, read
from tests.support.wait import eventually

Batch = Sequence[Received[Any]]


class House:
    """What a test of consuming needs: publisher, health, inflows, and all that their handler was given."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.publisher = Publisher(settings, "test")
        self.health = Health()
        self.batches: list[Batch] = []
        self.attempts: list[Batch] = []
        self.fault: Callable[[Received[Any]], Exception | None] = lambda _: None
        self.stack = AsyncExitStack()

    async def handle(self, batch: Batch) -> None:
        """Fail as the test says, else remember the batch as done."""
        self.attempts.append(batch)
        for received in batch:
            error = self.fault(received)
            if error is not None:
                raise error
        self.batches.append(batch)

    async def open(self) -> None:
        await ensure_topics(self.settings)
        await self.publisher.start()
        self.stack.push_async_callback(self.publisher.stop)

    async def inflow(self, pace: Pace = QUICK, handler: Any = None, **options: Any) -> Inflow:
        """Start reading `contacts`; it stops with the test unless the test stops it before."""
        inflow = Inflow(self.settings, "tester", self.publisher, self.health, pace=pace)
        inflow.on(CONTACTS, handler or self.handle, **options)
        await inflow.start()
        self.stack.push_async_callback(inflow.stop)
        return inflow

    async def publish(self, *events: Event) -> None:
        await self.publisher.publish(*[message(event) for event in events], timeout=20)

    async def close(self) -> None:
        await self.stack.aclose()

    @property
    def done(self) -> list[str]:
        """Contact ids in the order in which their batches were done."""
        return ids(self.batches)

    async def handled(self, count: int, within: float = 20) -> list[str]:
        """Wait until so many records are done; return all that are."""
        await eventually(lambda: len(self.done) >= count, within)
        return self.done

    async def all_committed(self) -> bool:
        """Whether the group has committed all that is written."""
        done = sum((await committed(self.settings, "tester.contacts")).values())
        return done == len(await read(self.settings, CONTACTS))
