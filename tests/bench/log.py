"""Reading Kafka leanly: only headers, keys and timestamps, nothing decoded, no group."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer


@dataclass
class Seen:
    """Records of one event type by key: their distinct `ce_id`s, how many they were, and when the first was written."""

    ids: dict[str, set[bytes]] = field(default_factory=dict)
    records: int = 0
    first_ms: dict[str, int] = field(default_factory=dict)

    def note(self, key: str, event_id: bytes, timestamp: int) -> None:
        self.records += 1
        self.ids.setdefault(key, set()).add(event_id)
        self.first_ms.setdefault(key, timestamp)


class Log:
    """One topic from where it stood when we began."""

    def __init__(self, kafka: str, topic: str) -> None:
        self._consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=kafka, enable_auto_commit=False, fetch_max_wait_ms=100
        )

    async def open(self) -> None:
        """Stand at the topic's end."""
        await self._consumer.start()
        await seek_back(self._consumer, 0)

    async def close(self) -> None:
        await self._consumer.stop()

    async def each(self, wanted: str, act: Callable[[Any, bytes], None], timeout_ms: int = 200) -> int:
        """Hand over what has come of one event type, with its `ce_id`; return how many records were read."""
        batches = await self._consumer.getmany(timeout_ms=timeout_ms, max_records=5000)
        kind = wanted.encode()
        for records in batches.values():
            for record in records:
                headers = dict(record.headers)
                if headers.get("ce_type") == kind:
                    act(record, headers["ce_id"])
        return sum(len(records) for records in batches.values())

    async def gather(
        self,
        wanted: str,
        keys: Collection[str],
        *,
        patience: float,
        of: Callable[[Any], str] = lambda r: r.key.decode(),
    ) -> Seen:
        """Read until every key has its event, or nothing new has come for `patience` seconds."""
        seen, waiting = Seen(), set(keys)

        def note(record: Any, event_id: bytes) -> None:
            key = of(record)
            if key in keys_set:
                seen.note(key, event_id, record.timestamp)
                waiting.discard(key)

        keys_set = frozenset(keys)
        last = time.monotonic()
        while waiting and time.monotonic() - last < patience:
            before = len(waiting)
            await self.each(wanted, note)
            if len(waiting) < before:
                last = time.monotonic()
            await asyncio.sleep(0)
        return seen


async def seek_back(consumer: AIOKafkaConsumer, records: int) -> None:
    """Let a consumer without a group stand so many records before the end of its topic."""
    partitions = consumer.assignment()
    if not partitions:
        raise SystemExit("the topic is not there")
    first, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    for partition in partitions:
        consumer.seek(partition, max(first[partition], ends[partition] - records // len(partitions)))
