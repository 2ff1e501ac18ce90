"""Offsets of a group: committed explicitly, per partition, once per batch, after the effects; if refused, again."""

import asyncio
from collections.abc import Iterable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared import metrics

_AGAIN_AFTER = 1.0

log = structlog.get_logger(__name__)


class Offsets:
    """What is done but not yet committed, by partition."""

    def __init__(self, topic: str, group: str, within: float) -> None:
        self._topic = topic
        self._group = group
        self._within = within
        self._owed: dict[TopicPartition, int] = {}
        self._one_at_a_time = asyncio.Lock()
        self._settling: asyncio.Task[None] | None = None
        self._closed = False

    def done(self, partition: TopicPartition, offset: int) -> None:
        """Note that everything up to and with a record is done."""
        self._owed[partition] = offset + 1

    def next_after(self, partition: TopicPartition, first: int) -> int:
        """Return the first offset from `first` on that is not done."""
        return max(first, self._owed.get(partition, first))

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Owe nothing for partitions that somebody else has now: a late commit would rewind them."""
        for partition in partitions:
            self._owed.pop(partition, None)

    async def commit(self, consumer: AIOKafkaConsumer) -> None:
        """Commit what is done; when that is refused or not answered, again a little later."""
        if not await self._commit(consumer) and not self._closed and (self._settling is None or self._settling.done()):
            self._settling = asyncio.create_task(self._settle(consumer))

    def close(self) -> None:
        """Make no late commits."""
        self._closed = True
        if self._settling is not None:
            self._settling.cancel()

    def open(self) -> None:
        """Begin anew, with nothing owed."""
        self._closed = False
        self._owed.clear()

    async def _commit(self, consumer: AIOKafkaConsumer) -> bool:
        async with self._one_at_a_time:
            offsets = {tp: offset for tp, offset in self._owed.items() if tp in consumer.assignment()}
            return not offsets or await self._write(consumer, offsets)

    async def _write(self, consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> bool:
        try:
            async with asyncio.timeout(self._within):
                await consumer.commit(offsets)
        except (KafkaError, OSError, TimeoutError) as error:
            metrics.COMMITS_FAILED.labels(self._topic, self._group).inc()
            log.warning("commit_failed", topic=self._topic, group=self._group, error=type(error).__name__)
            return False
        for tp, offset in offsets.items():
            if self._owed.get(tp) == offset:
                del self._owed[tp]
        return True

    async def _settle(self, consumer: AIOKafkaConsumer) -> None:
        """Commit what no batch has committed since."""
        while any(tp in consumer.assignment() for tp in self._owed):
            await asyncio.sleep(_AGAIN_AFTER)
            await self._commit(consumer)
