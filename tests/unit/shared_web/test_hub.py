import asyncio

import pytest

from shared.web.live import REFETCH, Event, Hub


async def read(reader, count: int) -> list[Event]:
    return [await asyncio.wait_for(anext(reader), 1) for _ in range(count)]


async def test_a_notice_reaches_those_who_listen_to_its_topic():
    hub = Hub()
    mine, other = hub.subscribe(["a", "b"]), hub.subscribe(["c"])
    hub.publish("a", "changed", "1")
    hub.publish("b", "changed", "2")
    assert await read(mine, 2) == [Event("changed", "1"), Event("changed", "2")]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(other), 0.01)


async def test_the_same_notice_unread_is_said_once():
    hub = Hub()
    reader = hub.subscribe(["a"])
    for _ in range(1000):
        hub.publish("a", "queues")
    hub.publish("a", "cases")
    assert await read(reader, 2) == [Event("queues"), Event("cases")]


async def test_a_slow_reader_is_told_to_fetch_everything_and_costs_no_memory():
    hub = Hub(bound=8)
    reader = hub.subscribe(["a"])
    for number in range(1000):
        hub.publish("a", "case", str(number))
    assert len(reader._pending) <= 9
    assert (await read(reader, 1))[0] == Event(REFETCH)


async def test_a_reader_that_left_is_forgotten():
    hub = Hub()
    reader = hub.subscribe(["a", "b"])
    assert hub.readers == 1
    await reader.aclose()
    hub.publish("a", "changed")
    assert hub.readers == 0


async def test_a_waiting_reader_wakes():
    hub = Hub()
    reader = hub.subscribe(["a"])
    waiting = asyncio.create_task(anext(reader))
    await asyncio.sleep(0)
    hub.publish("a", "changed")
    assert await asyncio.wait_for(waiting, 1) == Event("changed")


def test_data_of_several_lines_is_one_event():
    assert Event("part", "<p>\n</p>").encode() == b"event: part\ndata: <p>\ndata: </p>\n\n"
