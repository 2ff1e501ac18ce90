"""Consuming on a real broker when something fails for a while, for good, or in the middle."""

import asyncio
import sys
from collections import Counter
from dataclasses import replace

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError
from prometheus_client import REGISTRY

from shared.consume import Inflow
from shared.errors import LogUnavailableError, PermanentError, TransientError
from shared.lane import Lane
from shared.publish import Publisher
from shared.topics import CONTACTS
from tests.support.inflow import Batch, House
from tests.support.kafka import QUICK, committed, contact, headers, read, write
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


async def spread(house: House, numbers: range, partition: int) -> None:
    await write(
        house.settings,
        CONTACTS,
        *(
            {
                "key": f"contact-{n}".encode(),
                "value": contact(n).model_dump_json().encode(),
                "headers": headers(f"event-{n}"),
                "partition": partition,
            }
            for n in numbers
        ),
    )


def partitions_of(inflow: Inflow) -> set[TopicPartition]:
    """What the inflow's one consumer has been given."""
    (lane,) = inflow.reads.values()
    consumer = inflow.consumer_of(lane)
    return set(consumer.assignment()) if consumer is not None else set()


async def test_a_short_transient_fault_is_retried_as_a_batch_and_nobody_notices(house: House) -> None:
    """The patience is long: two waits (0.1 and 0.2 s) all but spend that of `QUICK`, and a busy core does the rest."""
    faults = iter([TransientError("once"), OSError("twice")])
    house.fault = lambda _: next(faults, None)
    await spread(house, range(5), 0)
    await house.inflow(pace=replace(QUICK, retry=60.0))
    assert await house.handled(5) == [f"contact-{n}" for n in range(5)]
    assert [len(batch) for batch in house.attempts] == [5, 5, 5]
    assert not await read(house.settings, CONTACTS.dead)


async def test_a_long_transient_fault_stops_its_partition_alone_and_order_is_kept(house: House) -> None:
    broken = True
    house.fault = lambda r: TransientError("away") if broken and r.event.contact_id == "contact-2" else None
    await spread(house, range(6), 0)
    await spread(house, range(10, 14), 1)
    await house.inflow()
    assert set(await house.handled(6)) >= {"contact-0", "contact-1", *(f"contact-{n}" for n in range(10, 14))}
    await spread(house, range(14, 16), 1)
    await house.handled(8)
    assert not {f"contact-{n}" for n in range(2, 6)} & set(house.done)
    expected = {0: 2, 1: 6}

    async def as_far_as_done() -> bool:
        return await committed(house.settings, "tester.contacts") == expected

    await eventually(as_far_as_done)
    broken = False
    await house.handled(12)
    assert [name for name in house.done if name in {f"contact-{n}" for n in range(6)}] == [
        f"contact-{n}" for n in range(6)
    ]
    assert max(Counter(house.done).values()) == 1
    await eventually(house.all_committed)
    assert not await read(house.settings, CONTACTS.dead)


async def test_a_paused_partition_is_asked_less_and_less_often_and_its_health_is_not_the_services(house: House) -> None:
    house.fault = lambda _: TransientError("away")
    await spread(house, range(1), 0)
    await house.inflow()
    await eventually(lambda: len(house.attempts) >= 6)
    assert await house.health.failing() == {}
    assert await committed(house.settings, "tester.contacts") == {}
    house.fault = lambda _: None
    await house.handled(1)


async def test_when_the_dead_topic_cannot_be_written_the_record_waits(house: House) -> None:
    await write(house.settings, CONTACTS, {"value": b"{", "key": b"k", "headers": headers("e"), "partition": 0})

    class Deaf(Publisher):
        deaf = True

        async def publish_raw(self, records, *, within=2.0):
            if self.deaf:
                raise LogUnavailableError("deaf")
            return await super().publish_raw(records, within=within)

    house.publisher = deaf = Deaf(house.settings, "deaf")
    await deaf.start()
    house.stack.push_async_callback(deaf.stop)
    await house.inflow()
    await spread(house, range(1), 1)
    await house.handled(1)
    assert await committed(house.settings, "tester.contacts") == {1: 1}
    deaf.deaf = False
    await eventually(house.all_committed)
    assert len(await read(house.settings, CONTACTS.dead)) == 1


async def test_too_many_dead_pause_everything_health_says_why_and_resume_goes_on(house: House) -> None:
    house.fault = lambda _: PermanentError("deploy of the day")
    await spread(house, range(80), 0)
    await spread(house, range(80, 90), 1)
    inflow = await house.inflow()
    await eventually(lambda: inflow.halted)
    assert REGISTRY.get_sample_value("kc_inflow_halted", {"service": "tester"}) == 1
    assert "51 of the last 51 records" in (await house.health.failing())["inflow"]
    await eventually(lambda: _committed_sum(house, 51))
    assert len(await read(house.settings, CONTACTS.dead)) == 51
    attempts = len(house.attempts)
    await spread(house, range(90, 95), 2)
    await _polls(inflow, 10)
    assert len(house.attempts) == attempts
    house.fault = lambda _: None
    inflow.resume()
    await house.handled(44)
    assert await house.health.failing() == {}
    await eventually(house.all_committed)
    assert len(await read(house.settings, CONTACTS.dead)) == 51


async def _committed_sum(house: House, expected: int) -> bool:
    return sum((await committed(house.settings, "tester.contacts")).values()) == expected


async def _polls(inflow: Inflow, times: int) -> None:
    """Let the consumer ask for records so many times."""
    for lane in inflow.reads.values():
        consumer = inflow.consumer_of(lane)
        assert consumer is not None
        for _ in range(times):
            assert await consumer.getmany(timeout_ms=20) == {}


async def test_half_of_the_records_dead_is_not_too_many(house: House) -> None:
    house.fault = lambda r: PermanentError("odd") if int(r.event.contact_id[8:]) % 2 else None
    await spread(house, range(120), 0)
    inflow = await house.inflow()
    await house.handled(60)
    await eventually(house.all_committed)
    assert not inflow.halted


async def test_a_stop_in_the_middle_of_a_batch_lets_it_end_and_commits_it(house: House) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(batch: Batch) -> None:
        entered.set()
        await go_on.wait()
        await house.handle(batch)

    await spread(house, range(20), 0)
    inflow = await house.inflow(handler=slow, batch=10)
    await entered.wait()
    stopping = asyncio.create_task(inflow.stop())
    await asyncio.wait([stopping], timeout=0.2)
    go_on.set()
    await stopping
    assert house.done == [f"contact-{n}" for n in range(10)]
    assert await committed(house.settings, "tester.contacts") == {0: 10}
    await house.inflow()
    assert await house.handled(20) == [f"contact-{n}" for n in range(20)]


async def test_a_batch_longer_than_the_grace_is_cut_and_comes_again(house: House) -> None:
    entered = asyncio.Event()

    async def endless(_: Batch) -> None:
        entered.set()
        await asyncio.Event().wait()

    house.settings = house.settings.model_copy(update={"drain_seconds": 0.3})
    await spread(house, range(5), 0)
    inflow = await house.inflow(handler=endless)
    await entered.wait()
    async with asyncio.timeout(10):
        await inflow.stop()
    assert await committed(house.settings, "tester.contacts") == {}
    await house.inflow()
    assert await house.handled(5) == [f"contact-{n}" for n in range(5)]


async def test_a_stop_does_not_wait_for_a_transient_fault_to_pass(house: House) -> None:
    house.fault = lambda _: TransientError("away")
    await spread(house, range(5), 0)
    inflow = await house.inflow(pace=replace(QUICK, retry=60.0))
    await eventually(lambda: house.attempts)
    async with asyncio.timeout(10):
        await inflow.stop()
    assert await committed(house.settings, "tester.contacts") == {}


async def test_a_handler_that_hangs_is_cut_and_tried_again(house: House) -> None:
    hang = True

    async def stuck_once(batch: Batch) -> None:
        nonlocal hang
        if hang:
            hang = False
            await asyncio.Event().wait()
        await house.handle(batch)

    await spread(house, range(3), 0)
    await house.inflow(pace=replace(QUICK, handler=0.2, retry=2.0), handler=stuck_once)
    assert await house.handled(3) == [f"contact-{n}" for n in range(3)]


async def test_a_second_process_shares_the_partitions_and_takes_all_when_the_first_leaves(house: House) -> None:
    first = await house.inflow()
    await eventually(lambda: len(partitions_of(first)) == 4)
    second = await house.inflow()
    await eventually(lambda: len(partitions_of(second)) == 2)
    await house.publish(*(contact(n) for n in range(100)))
    await house.handled(100)
    await first.stop()
    await house.publish(*(contact(n) for n in range(100, 140)))
    await house.handled(140)
    assert set(house.done) == {f"contact-{n}" for n in range(140)}


async def test_a_commit_refused_by_a_rebalance_does_not_end_the_reading(house: House) -> None:
    """The batch outlives the drain of a rebalance: its commit fails, its records come again, the reading goes on."""
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(batch: Batch) -> None:
        entered.set()
        await go_on.wait()
        await house.handle(batch)

    for partition in range(4):
        await spread(house, range(partition * 10, partition * 10 + 5), partition)
    await house.inflow(pace=replace(QUICK, revoke=0.2), handler=slow)
    await entered.wait()
    second = await house.inflow()
    await eventually(lambda: partitions_of(second))
    go_on.set()
    await eventually(lambda: len(set(house.done)) == 20)
    await eventually(house.all_committed)
    await house.publish(*(contact(n) for n in range(100, 120)))
    await eventually(lambda: len(set(house.done)) == 40)
    await eventually(house.all_committed)


async def reader(house: House) -> asyncio.subprocess.Process:
    """Start a process that reads; it has read what is written when this returns."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.reader", house.settings.model_dump_json(), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await house.publish(contact(0))
    async with asyncio.timeout(20):
        assert await process.stdout.readline() == b"contact-0\n"
    return process


async def test_a_killed_process_with_a_stable_name_has_its_partitions_at_once(house: House) -> None:
    """Static membership: without a name the new process would wait until the old one's session of 30 s ends."""
    house.settings = house.settings.model_copy(update={"instance": "one"})
    process = await reader(house)
    process.kill()
    await process.wait()
    await house.inflow(pace=replace(QUICK, session_ms=30_000))
    await house.publish(*(contact(n) for n in range(1, 20)))
    await eventually(lambda: {f"contact-{n}" for n in range(1, 20)} <= set(house.done), 15)
    await eventually(house.all_committed)


async def test_a_commit_that_failed_is_made_again_even_when_nothing_more_comes(house: House) -> None:
    inflow = await house.inflow()
    await eventually(lambda: partitions_of(inflow))
    (lane,) = inflow.reads.values()
    consumer = inflow.consumer_of(lane)
    assert consumer is not None
    commit, refusals = consumer.commit, iter([CommitFailedError(), TimeoutError()])

    async def sometimes(offsets: dict[TopicPartition, int]) -> None:
        for error in refusals:
            raise error
        await commit(offsets)

    consumer.commit = sometimes
    await spread(house, range(5), 0)
    await house.handled(5)
    await eventually(house.all_committed)
    assert house.done == [f"contact-{n}" for n in range(5)]


async def test_a_fault_of_our_own_loses_no_record(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    read_record, faults = Lane._read, iter([RuntimeError("a bug")])

    def once_broken(lane: Lane, record: object) -> object:
        for error in faults:
            raise error
        return read_record(lane, record)

    monkeypatch.setattr(Lane, "_read", once_broken)
    await spread(house, range(5), 0)
    await house.inflow()
    assert await house.handled(5) == [f"contact-{n}" for n in range(5)]
    await eventually(house.all_committed)
