"""Events to Kafka: keyed, acknowledged by all replicas, idempotent, and never waited for longer than asked.

CloudEvents in binary mode: attributes in `ce_*` headers, the event's JSON as the value.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared import metrics
from shared.clock import utc_now
from shared.errors import LogUnavailableError, PermanentError
from shared.events import Event
from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.topics import Topic
from shared.tracing import current_traceparent

LARGEST = 1_000_000
"""Bytes of a value; the broker takes 1 MiB with headers."""

_BATCH_BYTES = 262_144
_STALE_SECONDS = 10.0
_CLOSE_SECONDS = 3.0

Headers = list[tuple[str, bytes]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """What goes on Kafka: a CloudEvent, or with `value` None the end of its key in a compacted topic."""

    topic: Topic
    key: str
    type: str
    id: str
    value: bytes | None
    time: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """A record with headers of its own: a dead letter, or one that goes back to its topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def message(event: Event, *, event_id: str | None = None, time: datetime | None = None) -> Message:
    """Return the message of an event; `event_id` is the idempotency key, a new UUIDv7 unless given."""
    return Message(
        topic=event.topic,
        key=event.key,
        type=event.event_type,
        id=event_id or new_id(),
        value=event.__pydantic_serializer__.to_json(event),
        time=time or utc_now(),
        traceparent=current_traceparent(),
    )


def tombstone(topic: Topic, key: str) -> Message:
    """Return the message that says: this key of a compacted topic is no more."""
    return Message(topic, key, "", new_id(), None, utc_now(), current_traceparent())


def headers_of(item: Message, source: str) -> Headers:
    """Return the `ce_*` headers of a message."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", item.id.encode()),
        ("ce_source", source.encode()),
        ("ce_time", item.time.isoformat().encode()),
        ("content-type", b"application/json"),
    ]
    if item.type:
        headers.append(("ce_type", item.type.encode()))
    if item.traceparent:
        headers.append(("traceparent", item.traceparent.encode()))
    return headers


def check_size(item: Message) -> None:
    """Raise PermanentError when the broker would refuse the message for its size."""
    if item.value is not None and len(item.value) > LARGEST:
        raise PermanentError(f"{item.type} of {len(item.value)} bytes is larger than {LARGEST}")


class Publisher:
    """The one way to Kafka: waits for acknowledgements, and makes its producer anew when that is beyond repair.

    A message whose acknowledgement came too late may still be written; its id makes the retry the same event.
    """

    def __init__(self, settings: ServiceSettings, source: str, *, linger_ms: int = 0) -> None:
        self._settings = settings
        self._source = source
        self._linger_ms = linger_ms
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._acknowledged_at = 0.0
        self._stopped = False
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect; a broker that is away is no reason not to start, the first publication tries again."""
        self._stopped = False
        try:
            async with asyncio.timeout(5):
                await self._connected()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("kafka_unreachable", source=self._source, error=type(error).__name__)

    async def stop(self) -> None:
        """Flush what is under way, for a bounded time, and disconnect."""
        self._stopped = True
        async with self._connecting:
            producer, self._producer = self._producer, None
        if producer is not None:
            await _close(producer)
        await asyncio.gather(*self._closing)

    async def check(self) -> str | None:
        """Say whether Kafka can be reached (for `Health`)."""
        try:
            producer = await self._connected()
            await producer.client.fetch_all_metadata()
        except (KafkaError, OSError, LogUnavailableError) as error:
            return f"Kafka: {type(error).__name__}"
        return None

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None:  # noqa: ASYNC109 - callers say how long
        """Return when all are acknowledged, else raise LogUnavailableError (some may have been written)."""
        if messages and await self.publish_prefix(*messages, timeout=timeout) < len(messages):
            raise LogUnavailableError(f"not acknowledged within {timeout:g} s")

    async def publish_prefix(self, *messages: Message, timeout: float = 2.0) -> int:  # noqa: ASYNC109 - as publish
        """Return how many, from the first on, are acknowledged without a gap."""
        for item in messages:
            check_size(item)
        return await self.publish_raw([self._raw(item) for item in messages], within=timeout)

    async def publish_raw(self, records: Sequence[Raw], *, within: float = 2.0) -> int:
        """Send records as they are; return how many, from the first on, are acknowledged without a gap."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        futures: list[asyncio.Future[object]] = []
        failure = await self._send(records, futures, started + within)
        acknowledged = _prefix(futures)
        if acknowledged:
            self._acknowledged_at = loop.time()
            self._count(records[:acknowledged], self._acknowledged_at - started)
        if acknowledged < len(records):
            self._failed(failure, loop.time())
        return acknowledged

    async def _send(
        self, records: Sequence[Raw], futures: list[asyncio.Future[object]], deadline: float
    ) -> BaseException | None:
        """Hand all to the producer and wait for the answers; return what went wrong, if anything."""
        try:
            async with asyncio.timeout_at(deadline):
                producer = await self._connected()
                for item in records:
                    future = await producer.send(item.topic, item.value, item.key, headers=item.headers)
                    futures.append(future)
                answers = await asyncio.gather(*futures, return_exceptions=True)
        except (KafkaError, OSError, TimeoutError) as error:
            return error
        return next((answer for answer in answers if isinstance(answer, BaseException)), None)

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is not None:
            return self._producer
        async with self._connecting:
            if self._stopped:
                raise LogUnavailableError("the publisher is stopped")
            if self._producer is None:
                self._producer = await self._connect()
                self._acknowledged_at = asyncio.get_running_loop().time()
            return self._producer

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka,
            client_id=self._source,
            acks="all",
            enable_idempotence=True,
            linger_ms=self._linger_ms,
            max_batch_size=_BATCH_BYTES,
            request_timeout_ms=10_000,
            retry_backoff_ms=50,
        )
        try:
            await producer.start()
        except BaseException:
            await _close(producer)
            raise
        return producer

    def _failed(self, failure: BaseException | None, now: float) -> None:
        """Count it; give the producer up when it failed for good or has been silent for long."""
        metrics.PUBLISH_FAILED.labels(self._source).inc()
        if isinstance(failure, MessageSizeTooLargeError):
            raise PermanentError("the record is larger than the broker takes") from failure
        fatal = isinstance(failure, KafkaError)
        if self._producer is None or not (fatal or now - self._acknowledged_at > _STALE_SECONDS):
            return
        producer, self._producer = self._producer, None
        metrics.PRODUCERS_REPLACED.labels(self._source).inc()
        log.warning("producer_replaced", source=self._source, error=type(failure).__name__)
        closing = asyncio.create_task(_close(producer))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _raw(self, item: Message) -> Raw:
        topic = f"{self._settings.topic_prefix}{item.topic.name}"
        return Raw(topic, item.key.encode(), item.value, headers_of(item, self._source))

    def _count(self, records: Sequence[Raw], seconds: float) -> None:
        metrics.PUBLISH_SECONDS.labels(self._source).observe(seconds)
        for item in records:
            metrics.PUBLISHED.labels(item.topic).inc()


def _prefix(futures: Sequence[asyncio.Future[object]]) -> int:
    for position, future in enumerate(futures):
        if not future.done() or future.cancelled() or future.exception() is not None:
            return position
    return len(futures)


async def _close(producer: AIOKafkaProducer) -> None:
    """Stop a producer without waiting for a broker that does not answer."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError):
        task = producer._sender.sender_task  # noqa: SLF001 - aiokafka has no stop without flush
        if task is not None:
            task.cancel()
        await producer.client.close()
