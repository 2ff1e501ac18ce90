"""Asks Kafka where every group stands, and how old the first record is that a group has not done."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.stats.domain.streams import Place, Position, Sample
from shared.clock import Clock
from shared.settings import ServiceSettings
from shared.streams import StreamPosition, dead_counts, known_groups, stream_positions

_PEEK_SECONDS = 2.0
_PEEK_BYTES = 4096
"""One record is looked at; the broker sends whole batches all the same, but not a megabyte of them."""


async def take_sample(settings: ServiceSettings, clock: Clock) -> Sample:
    """Return where every group stands now."""
    at = clock()
    found = await stream_positions(settings, known_groups())
    dead = await dead_counts(settings)
    oldest = await _oldest(settings, [one for one in found if one.lag and one.committed is not None])
    return Sample(at, {_place(one): _position(one, oldest.get(_place(one))) for one in found}, dead)


def _place(one: StreamPosition) -> Place:
    return (one.topic, one.group, one.partition)


def _position(one: StreamPosition, oldest: datetime | None) -> Position:
    return Position(one.committed, one.beginning, one.end, oldest)


async def _oldest(settings: ServiceSettings, behind: Iterable[StreamPosition]) -> dict[Place, datetime]:
    """Read the first record after each committed offset; what does not come in time is left out."""
    found: dict[Place, datetime] = {}
    wanted = list(behind)
    if not wanted:
        return found
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        enable_auto_commit=False,
        max_poll_records=1,
        max_partition_fetch_bytes=_PEEK_BYTES,
    )
    try:
        await consumer.start()
        async with asyncio.timeout(_PEEK_SECONDS):
            for one in wanted:
                place = TopicPartition(f"{settings.topic_prefix}{one.topic}", one.partition)
                consumer.assign([place])
                consumer.seek(place, max(one.beginning, one.committed or 0))
                record = await consumer.getone()
                found[_place(one)] = datetime.fromtimestamp(record.timestamp / 1000, tz=UTC)
    except (KafkaError, OSError, TimeoutError):
        return found
    finally:
        await consumer.stop()
    return found
