"""What remembers that Kafka is silent."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared import circuit
from shared.circuit import Circuit
from shared.errors import LogUnavailableError, TransientError
from shared.publish import Message, message
from tests.support.kafka import contact
from tests.support.wait import eventually

EVENT = message(contact(1))


class Broker:
    """A publisher that is silent when told to be."""

    def __init__(self) -> None:
        self.silent = False
        self.hangs = False
        self.tried = 0
        self.told: list[Message] = []
        self.spooled: list[Message] = []
        self.database_away = False
        self.looks = 0

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None:  # noqa: ASYNC109 - as Publisher's
        del timeout
        self.tried += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.silent:
            raise LogUnavailableError
        self.told.extend(messages)

    async def check(self) -> str | None:
        return "Kafka: silent" if self.silent else None

    async def caught_up(self) -> bool:
        self.looks += 1
        if self.database_away:
            raise TransientError("database")
        return not self.spooled


@pytest.fixture
async def broker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Broker, Circuit]]:
    monkeypatch.setattr(circuit, "EVERY", 0.01)
    made = Broker()
    guarded = Circuit(made, made.caught_up, source="test")
    yield made, guarded
    await guarded.stop()


async def test_only_the_first_caller_finds_out(broker: tuple[Broker, Circuit]) -> None:
    kafka, guarded = broker
    await guarded.publish(EVENT)
    kafka.silent = True
    for _ in range(20):
        with pytest.raises(LogUnavailableError):
            await guarded.publish(EVENT)
    assert (kafka.tried, guarded.silent) == (2, True)
    kafka.silent = False
    await eventually(lambda: not guarded.silent)
    await guarded.publish(EVENT)
    assert len(kafka.told) == 2


async def test_nothing_goes_ahead_of_what_is_spooled_and_a_database_that_is_away_is_waited_for(
    broker: tuple[Broker, Circuit],
) -> None:
    kafka, guarded = broker
    kafka.silent, kafka.spooled = True, [EVENT]
    with pytest.raises(LogUnavailableError):
        await guarded.publish(EVENT)
    kafka.silent = False
    looks = kafka.looks
    await eventually(lambda: kafka.looks > looks + 3)
    with pytest.raises(LogUnavailableError):
        await guarded.publish(EVENT)
    kafka.spooled, kafka.database_away = [], True
    with pytest.raises(LogUnavailableError):
        await guarded.publish(EVENT)
    kafka.database_away = False
    await eventually(lambda: not guarded.silent)
    await guarded.publish(EVENT)
    assert len(kafka.told) == 1


async def test_who_waits_when_kafka_falls_silent_is_told_at_once_and_in_the_order_in_which_she_came(
    broker: tuple[Broker, Circuit],
) -> None:
    kafka, guarded = broker
    kafka.hangs = True
    told: list[int] = []

    async def come(number: int) -> None:
        try:
            await guarded.publish(message(contact(number)))
        except LogUnavailableError:
            told.append(number)

    waiting = [asyncio.ensure_future(come(number)) for number in range(30)]
    await eventually(lambda: kafka.tried == len(waiting))
    kafka.hangs, kafka.silent = False, True
    first = asyncio.ensure_future(come(100))
    await eventually(lambda: guarded.silent)
    later = asyncio.ensure_future(come(200))
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting, first, later)
    assert told == [100, *range(30), 200]
    assert kafka.tried == 31
