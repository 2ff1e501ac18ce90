"""The last weeks of `routing`, read once without a group: from the first record of that time to the end it has now."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.router.domain.past import Past
from services.router.store.stories import WANTED, Stories
from shared.decode import type_of
from shared.errors import TransientError
from shared.topics import ROUTING

MOST_RECORDS = 2_500_000
"""Of more the oldest are left out; each partition by its part, as contacts lie evenly among them."""
_BATCH = 5000

_Offsets = dict[TopicPartition, int]


async def read_past(kafka: str, prefix: str, *, weeks: int, now: datetime, most: int = MOST_RECORDS) -> Past:
    """Return what became of the contacts of the last `weeks`; TransientError when Kafka does not answer."""
    since = now - timedelta(weeks=weeks)
    try:
        async with _consumer(kafka) as consumer:
            starts, ends = await _range(consumer, f"{prefix}{ROUTING.name}", since)
            cut = _shorten(starts, ends, most)
            stories = Stories(since.timestamp())
            unread = await _read(consumer, starts, ends, stories, cut=cut)
    except (KafkaError, OSError) as error:
        raise TransientError(f"Kafka: {type(error).__name__}") from error
    stories.cut = stories.cut or cut
    return replace(stories.past(now.timestamp()), unread=unread)


@asynccontextmanager
async def _consumer(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=10_000,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _range(consumer: AIOKafkaConsumer, name: str, since: datetime) -> tuple[_Offsets, _Offsets]:
    """Return from where to where each partition is to be read; those without anything new are left out."""
    cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - the only fresh answer there is
    partitions = [TopicPartition(name, number) for number in cluster.partitions_for_topic(name) or ()]
    if not partitions:
        raise TransientError(f"there is no topic {name}")
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, round(since.timestamp() * 1000)))
    starts = {place: first.offset for place, first in found.items() if first and first.offset < ends[place]}
    return starts, {place: ends[place] for place in starts}


def _shorten(starts: _Offsets, ends: _Offsets, most: int) -> bool:
    """Leave out the oldest of too many; say whether that was needed."""
    total = sum(ends[place] - starts[place] for place in starts)
    if total <= most:
        return False
    for place in starts:
        starts[place] = ends[place] - (ends[place] - starts[place]) * most // total
    return True


async def _read(consumer: AIOKafkaConsumer, starts: _Offsets, ends: _Offsets, stories: Stories, *, cut: bool) -> int:
    """Take in all of it; return how many could not be read. What is cut begins when all partitions have begun."""
    if not starts:
        return 0
    consumer.assign(list(starts))
    for place, offset in starts.items():
        consumer.seek(place, offset)
    unread, begun, left = 0, set(), set(starts)
    while left:
        batches: Mapping[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=500, max_records=_BATCH)
        for place, records in batches.items():
            if cut and place not in begun:
                begun.add(place)
                stories.since = max(stories.since, records[0].timestamp / 1000)
            unread += sum(not _take(stories, record) for record in records if record.offset < ends[place])
        left = {place for place in left if await consumer.position(place) < ends[place]}
    return unread


def _take(stories: Stories, record: Any) -> bool:
    """Take in a record; False when it is of a wanted type and cannot be read."""
    kind = type_of(record)
    if kind not in WANTED or record.value is None:
        return True
    try:
        stories.take(kind, orjson.loads(record.value))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return True
