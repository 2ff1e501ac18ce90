"""Kafka is killed in the middle of traffic and comes back: everything goes on without a restart of ours."""

import asyncio
from itertools import count

import pytest
from aiokafka import TopicPartition

from deploy.local.running import Running
from shared.consume import Inflow
from shared.errors import LogUnavailableError
from shared.health import Health
from shared.publish import Publisher, message
from shared.records import UnitRecord
from shared.table import Table
from shared.topics import CATALOGUE, CONTACTS
from tests.support.inflow import House
from tests.support.kafka import QUICK, contact
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


async def publish_until_acknowledged(house: House, number: int) -> int:
    """Publish as a door does, again with the same id until it is acknowledged; return how often."""
    until = asyncio.get_running_loop().time() + 90
    for attempt in count(1):
        assert asyncio.get_running_loop().time() < until, f"{number} was never acknowledged"
        try:
            await house.publisher.publish(message(contact(number), event_id=f"event-{number}"), timeout=2)
        except LogUnavailableError:
            await asyncio.sleep(0.1)
        else:
            return attempt
    raise AssertionError


async def test_publisher_and_consumer_survive_a_kill_in_the_middle_of_traffic(frail: tuple[House, Running]) -> None:
    house, broker = frail
    await house.inflow()
    await house.publish(contact(0))
    await house.handled(1)

    async def traffic() -> None:
        for number in range(1, 200):
            await publish_until_acknowledged(house, number)

    sending = asyncio.create_task(traffic())
    await house.handled(50)
    broker.kill()
    await asyncio.to_thread(broker.again)
    async with asyncio.timeout(90):
        await sending
    await eventually(lambda: set(house.done) == {f"contact-{n}" for n in range(200)}, 60)
    await eventually(house.all_committed, 40)
    assert await house.health.failing() == {}


async def test_while_it_is_away_a_publication_fails_in_time_and_health_says_so(frail: tuple[House, Running]) -> None:
    house, broker = frail
    await house.publish(contact(0))
    house.health.add("kafka", house.publisher.check)
    broker.kill()
    try:
        for _ in range(3):
            started = asyncio.get_running_loop().time()
            with pytest.raises(LogUnavailableError):
                await house.publisher.publish(message(contact(1)), timeout=0.5)
            assert asyncio.get_running_loop().time() - started < 2.0
        assert "kafka" in await house.health.failing()
    finally:
        await asyncio.to_thread(broker.again)
    await publish_until_acknowledged(house, 2)
    await eventually(lambda: _well(house.health))


async def _well(health: Health) -> bool:
    return await health.failing() == {}


async def test_a_producer_that_the_broker_refuses_for_good_is_made_anew(frail: tuple[House, Running]) -> None:
    house, _ = frail
    await house.publish(contact(0))
    first = house.publisher._producer
    assert first is not None
    for partition in range(4):
        lost = TopicPartition(f"{house.settings.topic_prefix}contacts", partition)
        first._txn_manager.increment_sequence_number(lost, 77)
    assert await publish_until_acknowledged(house, 0) == 2
    assert house.publisher._producer is not first


async def test_services_that_start_while_it_is_away_begin_when_it_comes(frail: tuple[House, Running]) -> None:
    house, broker = frail
    await house.publish(contact(0))
    broker.kill()
    publisher = Publisher(house.settings, "early")
    await publisher.start()
    inflow = Inflow(house.settings, "early", publisher, house.health, pace=QUICK)
    inflow.on(CONTACTS, house.handle)
    starting = asyncio.create_task(inflow.start())
    try:
        await eventually(lambda: _problem(house.health))
    finally:
        await asyncio.to_thread(broker.again)
    await starting
    await house.handled(1, within=40)
    await eventually(lambda: _well(house.health))
    await inflow.stop()
    await publisher.publish(message(contact(1)), timeout=20)
    await publisher.stop()


async def _problem(health: Health) -> bool:
    return "inflow" in await health.failing()


async def test_a_whole_table_is_followed_over_a_kill(frail: tuple[House, Running]) -> None:
    house, broker = frail
    await house.publish(UnitRecord(id="a", name="Före"))
    table = Table(house.settings, CATALOGUE)
    await table.start()
    broker.kill()
    await asyncio.to_thread(broker.again)
    publisher = Publisher(house.settings, "after")
    await publisher.start()
    await publisher.publish(message(UnitRecord(id="b", name="Efter")), timeout=20)
    await eventually(lambda: table.get("unit:b"), 40)
    assert len(table.values()) == 2
    assert await table.check() is None
    await table.stop()
    await publisher.stop()
