"""A whole compacted topic in memory: read from the beginning at every start, then followed, without a group."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared import metrics
from shared.decode import ALL_TYPES, event_of, type_of
from shared.errors import PermanentError, TransientError
from shared.events import Event
from shared.settings import ServiceSettings
from shared.topics import Topic

_LONGEST_WAIT = 5.0

log = structlog.get_logger(__name__)

OnChange = Callable[[str, Event | None], None]


class Table:
    """The latest event of every key; a tombstone removes its key, an unreadable record is counted and passed over."""

    def __init__(self, settings: ServiceSettings, topic: Topic, *, on_change: OnChange | None = None) -> None:
        self._settings = settings
        self._topic = topic
        self._name = f"{settings.topic_prefix}{topic.name}"
        self._on_change = on_change
        self._latest: dict[str, Event] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._following: asyncio.Task[None] | None = None
        self.version = 0

    def get(self, key: str) -> Event | None:
        """Return the latest event of a key."""
        return self._latest.get(key)

    def values(self) -> list[Event]:
        """Return the latest event of every key."""
        return list(self._latest.values())

    async def start(self, deadline: float = 30) -> None:
        """Return when all that was written before this call is read; TransientError when the deadline comes first."""
        try:
            async with asyncio.timeout(deadline):
                await self._open()
                await self._catch_up()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._close()
            raise TransientError(f"table {self._name}: {type(error).__name__}") from error
        self._following = asyncio.create_task(self._follow(), name=f"table {self._name}")

    async def stop(self) -> None:
        """Stop following and disconnect; what is read stays readable."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._following = None
        await self._close()

    async def check(self) -> str | None:
        """Say whether the table is followed (for `Health`)."""
        alive = self._following is not None and not self._following.done()
        return None if alive else f"table {self._name} is not followed"

    async def _open(self) -> None:
        self._consumer = consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=10_000,
        )
        await consumer.start()
        partitions = await self._partitions(consumer)
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, self._positions.get(partition, 0))

    async def _partitions(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        """Return the topic's partitions; a topic that does not exist yet is waited for until the deadline."""
        while True:
            cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - the only fresh answer there is
            numbers = cluster.partitions_for_topic(self._name)
            if numbers:
                return [TopicPartition(self._name, number) for number in sorted(numbers)]
            await asyncio.sleep(0.2)

    async def _catch_up(self) -> None:
        """Read until every partition stands at the end that it had when we began."""
        consumer = self._opened()
        ends: dict[TopicPartition, int] = await consumer.end_offsets(consumer.assignment())
        while ends:
            await self._read(consumer, timeout_ms=200)
            ends = {tp: end for tp, end in ends.items() if await consumer.position(tp) < end}

    async def _follow(self) -> None:
        wait = 0.1
        while True:
            try:
                if self._consumer is None:
                    await self._open()
                await self._read(self._opened(), timeout_ms=1000)
                wait = 0.1
            except (KafkaError, OSError) as error:
                log.warning("table_interrupted", topic=self._name, error=type(error).__name__)
                await self._close()
                wait = min(wait * 2, _LONGEST_WAIT)
                await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - jitter is no secret

    async def _read(self, consumer: AIOKafkaConsumer, *, timeout_ms: int) -> None:
        batches: dict[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=timeout_ms, max_records=2000)
        for partition, records in batches.items():
            for record in records:
                self._apply(record)
            self._positions[partition] = records[-1].offset + 1
        if batches:
            metrics.TABLE_KEYS.labels(self._name).set(len(self._latest))

    def _apply(self, record: Any) -> None:
        try:
            key = record.key.decode()
            event = None if record.value is None else self._event(record)
        except (PermanentError, AttributeError, UnicodeDecodeError) as error:
            metrics.TABLE_SKIPPED.labels(self._name).inc()
            log.warning("table_record_skipped", topic=self._name, offset=record.offset, error=type(error).__name__)
            return
        if event is None:
            self._latest.pop(key, None)
        else:
            self._latest[key] = event
        self.version += 1
        if self._on_change is not None:
            self._tell(self._on_change, key, event)

    def _tell(self, on_change: OnChange, key: str, event: Event | None) -> None:
        """Tell of a change; a listener that fails is logged, the table itself is right and goes on."""
        try:
            on_change(key, event)
        except Exception:
            log.exception("table_listener_failed", topic=self._name)

    def _event(self, record: Any) -> Event:
        name = type_of(record)
        model = ALL_TYPES.get(name or "")
        if model is None:
            raise PermanentError(f"unknown type {name}")
        return event_of(model, record.value)

    def _opened(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise TransientError(f"table {self._name} is closed")
        return self._consumer

    async def _close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()
