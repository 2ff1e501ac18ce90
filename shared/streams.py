"""Where every group stands on every partition: what the stream dashboard and the lag alarm read. Asks, never joins."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.errors import TransientError
from shared.settings import ServiceSettings
from shared.topics import TOPICS, Topic

_DEADLINE = 5.0


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """A group on a partition: what it has committed, and the first and next offsets there; names without prefix."""

    topic: str
    group: str
    partition: int
    committed: int | None
    beginning: int
    end: int

    @property
    def lag(self) -> int:
        """Records written but not committed by the group."""
        return max(0, self.end - (self.beginning if self.committed is None else self.committed))


def known_groups() -> list[tuple[Topic, str]]:
    """Return every topic with the group of each service that reads it as a stream (whole tables have no group)."""
    streams = [topic for topic in TOPICS if not topic.compacted]
    return [(topic, f"{service}.{topic.name}") for topic in streams for service in sorted(topic.read_by)]


async def stream_positions(
    settings: ServiceSettings, groups: Iterable[tuple[Topic, str]], *, within: float = _DEADLINE
) -> list[StreamPosition]:
    """Return where groups stand; a group that never committed has `committed` None. TransientError when too slow."""
    wanted = list(groups)
    async with _asking(settings, within) as (admin, consumer):
        ends = await _ranges(consumer, settings, {topic.name for topic, _ in wanted})
        positions = []
        for topic, group in wanted:
            offsets = await admin.list_consumer_group_offsets(f"{settings.topic_prefix}{group}")
            for tp, (beginning, end) in ends.items():
                if tp.topic == f"{settings.topic_prefix}{topic.name}":
                    committed = offsets[tp].offset if tp in offsets and offsets[tp].offset >= 0 else None
                    positions.append(StreamPosition(topic.name, group, tp.partition, committed, beginning, end))
    return positions


async def dead_counts(settings: ServiceSettings, *, within: float = _DEADLINE) -> Mapping[str, int]:
    """Return how many records lie in each topic's dead topic."""
    names = {topic.dead.name: topic.name for topic in TOPICS}
    async with _asking(settings, within) as (_, consumer):
        ranges = await _ranges(consumer, settings, set(names))
    counts = dict.fromkeys(names.values(), 0)
    for tp, (beginning, end) in ranges.items():
        counts[names[tp.topic.removeprefix(settings.topic_prefix)]] += end - beginning
    return counts


@asynccontextmanager
async def _asking(
    settings: ServiceSettings, within: float
) -> AsyncIterator[tuple[AIOKafkaAdminClient, AIOKafkaConsumer]]:
    """Connect to ask, within a deadline for all of it."""
    timeout_ms = int(within * 1000)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, request_timeout_ms=timeout_ms)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, request_timeout_ms=timeout_ms)
    try:
        async with asyncio.timeout(within):
            await admin.start()
            await consumer.start()
            yield admin, consumer
    except (KafkaError, OSError, TimeoutError) as error:
        raise TransientError(f"Kafka did not say where groups stand: {type(error).__name__}") from error
    finally:
        await consumer.stop()
        await admin.close()


async def _ranges(
    consumer: AIOKafkaConsumer, settings: ServiceSettings, names: set[str]
) -> dict[TopicPartition, tuple[int, int]]:
    cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - the only fresh answer there is
    partitions = [
        TopicPartition(f"{settings.topic_prefix}{name}", number)
        for name in sorted(names)
        for number in sorted(cluster.partitions_for_topic(f"{settings.topic_prefix}{name}") or ())
    ]
    beginnings = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    return {tp: (beginnings[tp], ends[tp]) for tp in partitions}
