"""The out-stream: in order, by one relay at a time, and nothing trimmed that Kafka has not acknowledged."""

import asyncio
from typing import Any

import pytest

from services.router.store.relay import Relay, to_message
from services.router.store.watermark import Watermark
from shared.errors import LogUnavailableError
from tests.integration.router.support import Desk, FakePublisher
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


async def test_events_come_out_in_order_with_an_id_of_their_own(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1")
    await desk.take("maria")
    await desk.relayed()
    types = [each.type for each in desk.kafka.log if each.key == "c1" and each.topic.name == "routing"]
    assert types == ["contact.routed.v1", "contact.queued.v1", "offer.made.v1", "offer.accepted.v1"]
    assert len({each.id for each in desk.kafka.log}) == len(desk.kafka.log)
    taken = desk.kafka.open().open["c1"]
    assert (taken.state, taken.agent_id, taken.queue) == ("assigned", "maria", "kontaktcenter")
    assert taken.accepted_at is not None


async def test_while_kafka_is_away_nothing_is_trimmed_and_nobody_commits(desk: Desk):
    desk.kafka.broken = True
    with pytest.raises(LogUnavailableError):
        await desk.arrive("c1")
    assert await desk.redis.xlen(desk.domain.key("out")) == 3
    desk.kafka.broken = False
    await desk.arrive("c1")
    assert desk.kafka.types("c1") == ["ContactRouted", "ContactQueued"]


async def test_an_entry_that_is_sent_again_is_the_same_event(desk: Desk):
    first, second = FakePublisher(), FakePublisher()
    desk.kafka.broken = True
    with pytest.raises(LogUnavailableError):
        await desk.arrive("c1")
    entries: Any = await desk.redis.xrange(desk.domain.key("out"))
    for kafka in (first, second):
        await kafka.publish_prefix(*(to_message(number.decode(), fields) for number, fields in entries))
    assert [each.id for each in first.log if each.value] == [each.id for each in second.log if each.value]


async def test_two_relays_take_turns(desk: Desk):
    other = Relay(desk.domain.plain, desk.domain.tag, desk.kafka, Watermark())  # type: ignore[arg-type] # the part it uses
    standby = asyncio.create_task(other.run())
    for number in range(50):
        await desk.arrive(f"c{number}")
    await eventually(lambda: len(desk.kafka.types()) == 100)
    assert len({each.id for each in desk.kafka.log}) == len(desk.kafka.log)
    standby.cancel()
    await asyncio.gather(standby, return_exceptions=True)


async def test_a_relay_takes_over_from_one_that_died(desk: Desk):
    await desk.redis.set(desk.domain.key("relay"), "dead", px=300)
    lonely = FakePublisher()
    relay = Relay(desk.domain.plain, desk.domain.tag, lonely, Watermark())  # type: ignore[arg-type] # the part it uses
    await desk.redis.xadd(desk.domain.key("out"), {"t": "gone", "k": "c1", "at": "1764034066123"})
    running = asyncio.create_task(relay.run())
    await eventually(lambda: bool(lonely.log or desk.kafka.log))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
