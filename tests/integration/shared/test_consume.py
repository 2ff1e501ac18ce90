"""Consuming on a real broker: each sentence of the contract is a test."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from shared.consume import Inflow, Received
from shared.events import ContactEnded, ContactReceived
from shared.health import Health
from shared.lane import Pace
from shared.publish import Publisher, message
from shared.settings import ServiceSettings
from shared.topics import CONTACTS
from shared.topics_admin import ensure_topics
from tests.support.kafka import QUICK, committed, contact, ids, read
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

Batch = Sequence[Received[Any]]


class House:
    """A service's inflow with a handler that a test decides about."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.publisher = Publisher(settings, "test")
        self.health = Health()
        self.batches: list[Batch] = []
        self.attempts: list[Batch] = []
        self.fault: Callable[[Received[Any]], Exception | None] = lambda _: None
        self._stack = AsyncExitStack()

    async def handle(self, batch: Batch) -> None:
        self.attempts.append(batch)
        for received in batch:
            error = self.fault(received)
            if error is not None:
                raise error
        self.batches.append(batch)

    async def open(self) -> None:
        await ensure_topics(self.settings)
        await self.publisher.start()
        self._stack.push_async_callback(self.publisher.stop)

    async def inflow(self, pace: Pace = QUICK, **options: Any) -> Inflow:
        inflow = Inflow(self.settings, "tester", self.publisher, self.health, pace=pace)
        inflow.on(CONTACTS, self.handle, **options)
        await inflow.start()
        self._stack.push_async_callback(inflow.stop)
        return inflow

    async def publish(self, *events: ContactReceived | ContactEnded) -> None:
        await self.publisher.publish(*[message(event) for event in events], timeout=10)

    async def close(self) -> None:
        await self._stack.aclose()

    async def handled(self, count: int, within: float = 10) -> list[str]:
        await eventually(lambda: len(ids(self.batches)) >= count, within)
        return ids(self.batches)

    async def written(self) -> int:
        return len(await read(self.settings, CONTACTS))

    async def all_committed(self) -> bool:
        done = sum((await committed(self.settings, "tester.contacts")).values())
        return done == await self.written()


@pytest.fixture
async def house(settings: ServiceSettings) -> AsyncIterator[House]:
    made = House(settings)
    await made.open()
    yield made
    await made.close()


async def test_events_are_handled_as_a_list_and_committed(house: House) -> None:
    await house.publish(*(contact(n) for n in range(200)))
    await house.inflow()
    assert sorted(await house.handled(200)) == sorted(f"contact-{n}" for n in range(200))
    assert len(house.batches) < 20
    await eventually(house.all_committed)
    first = house.batches[0][0]
    assert (first.type, first.topic) == ("contact.received.v1", f"{house.settings.topic_prefix}contacts")
    assert first.key == first.event.contact_id


async def test_events_of_one_key_come_in_the_order_they_were_written(house: House) -> None:
    await house.inflow(batch=7)
    await house.publish(*(contact(1, text=str(n)) for n in range(50)))
    await house.handled(50)
    assert [r.event.text for batch in house.batches for r in batch] == [str(n) for n in range(50)]
