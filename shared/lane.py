"""One topic read by one group: a batch is handled together, else record by record; nothing is lost or skipped.

Permanent faults go to the dead topic and the rest goes on. A transient one is retried with jitter; then its partition
is sought back and paused while the others go on. Offsets are committed explicitly, once per batch, after the effects.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared import database, metrics
from shared.dead import Burial
from shared.decode import ALL_TYPES, envelope_of, event_of, type_of
from shared.errors import PermanentError, TransientError
from shared.events import Event

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """An event as it was read, with where it stood; `id` is the idempotency key of its effects."""

    event: E
    id: str
    type: str
    time: datetime
    key: str
    topic: str
    partition: int
    offset: int
    traceparent: str | None


Handler = Callable[[Sequence[Received[Any]]], Awaitable[None]]
"""Gets a batch in order, does all of it in one unit of work, is idempotent."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take and how often they are tried, in seconds."""

    retry: float = 2.0
    first_pause: float = 1.0
    longest_pause: float = 30.0
    handler: float = 60.0
    commit: float = 10.0
    revoke: float = 5.0
    session_ms: int = 30_000
    heartbeat_ms: int = 3_000
    window: int = 100


def is_transient(error: BaseException) -> bool:
    """Say whether trying the same again can succeed: what a broker, a database, Redis or the network raises."""
    if isinstance(error, PermanentError):
        return False
    known = (TransientError, OSError, TimeoutError, RedisConnectionError, RedisTimeoutError, KafkaError)
    return isinstance(error, known) or database.transient(error)


@dataclass(frozen=True, slots=True)
class _Step:
    """One record: an event for the handler, a fault, or (neither) passed over."""

    record: Any
    received: Received[Any] | None = None
    fault: PermanentError | None = None

    @property
    def partition(self) -> TopicPartition:
        return TopicPartition(self.record.topic, self.record.partition)


class Lane:
    """Handles the batches of one topic for one group; `take` never raises."""

    def __init__(  # noqa: PLR0913 - built in one place, by Inflow
        self,
        *,
        topic: str,
        group: str,
        types: Mapping[str, type[Event]],
        handler: Handler,
        burial: Burial,
        pace: Pace,
        too_many_dead: Callable[[str], None],
    ) -> None:
        self.topic = topic
        self.group = group
        self.types = types
        self.stopping = False
        self.halted = False
        self._handler = handler
        self._burial = burial
        self._pace = pace
        self._too_many_dead = too_many_dead
        self._labels = (topic, group)
        self._busy = asyncio.Lock()
        self._recent: deque[bool] = deque(maxlen=pace.window)
        self._waits: dict[TopicPartition, float] = {}
        self._timers: dict[TopicPartition, asyncio.TimerHandle] = {}
        self._owed: dict[TopicPartition, int] = {}
        self._calls = 0
        self._settling: asyncio.Task[None] | None = None

    async def take(self, consumer: AIOKafkaConsumer, records: Sequence[Any]) -> None:
        """Handle a batch: effects, dead letters, then one commit."""
        async with self._busy:
            started = asyncio.get_running_loop().time()
            try:
                await self._handle(consumer, records)
            except Exception:
                log.exception("lane_failed", topic=self.topic, group=self.group)
                self._all_back(consumer, records)
            await self._commit(consumer)
            metrics.HANDLED_SECONDS.labels(*self._labels).observe(asyncio.get_running_loop().time() - started)

    async def _handle(self, consumer: AIOKafkaConsumer, records: Sequence[Any]) -> None:
        steps = [self._read(record) for record in records]
        together = not self.halted and await self._together([s.received for s in steps if s.received])
        for partition, own in groupby(steps, key=lambda step: step.partition):
            await self._partition(consumer, partition, list(own), together=together)

    def _read(self, record: Any) -> _Step:
        """Tell what a record is; only what this group wants is parsed."""
        name = type_of(record)
        if record.value is None:
            return self._pass_over(record, "empty")
        if name is None:
            return _Step(record, fault=PermanentError("no ce_type header"))
        model = self.types.get(name)
        if model is None:
            return self._pass_over(record, "unwanted" if name in ALL_TYPES else "unknown")
        try:
            envelope = envelope_of(record)
            event = event_of(model, record.value)
        except PermanentError as fault:
            return _Step(record, fault=fault)
        received = Received(
            event,
            envelope.id,
            model.event_type,
            envelope.time,
            event.key,
            record.topic,
            record.partition,
            record.offset,
            envelope.traceparent,
        )
        return _Step(record, received=received)

    def _pass_over(self, record: Any, why: str) -> _Step:
        metrics.PASSED_OVER.labels(*self._labels, why).inc()
        return _Step(record)

    async def _together(self, batch: Sequence[Received[Any]]) -> bool:
        """Handle all in one unit of work; False when that failed and each must be tried alone."""
        if not batch:
            return True
        try:
            await self._attempts(batch, self._pace.retry)
        except Exception as error:  # noqa: BLE001 - whatever it is, each record alone will tell
            log.warning("batch_failed", topic=self.topic, group=self.group, error=type(error).__name__, size=len(batch))
            return False
        self._recent.extend([False] * min(len(batch), self._pace.window))
        metrics.CONSUMED.labels(*self._labels).inc(len(batch))
        metrics.LAST_EVENT_SECONDS.labels(*self._labels).set(batch[-1].time.timestamp())
        return True

    async def _attempts(self, batch: Sequence[Received[Any]], patience: float) -> None:
        """Call the handler, again while the fault is transient and patience lasts; `_calls` says how often."""
        loop = asyncio.get_running_loop()
        deadline, wait, attempts = loop.time() + patience, 0.05, 0
        while True:
            attempts += 1
            self._calls = attempts
            try:
                async with asyncio.timeout(self._pace.handler):
                    await self._handler(batch)
            except Exception as error:
                wait = min(wait * 2, 0.8)
                if self.stopping or not is_transient(error) or loop.time() + wait > deadline:
                    raise
                metrics.RETRIED.labels(*self._labels).inc()
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter is no secret
            else:
                return

    async def _partition(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, steps: Sequence[_Step], *, together: bool
    ) -> None:
        """Go through one partition's records in order; stop at the first that cannot be done now."""
        for step in steps:
            undone = self.halted or not await self._done(step, together=together)
            if undone:
                self._back_to(consumer, partition, step.record.offset)
                return
            self._owed[partition] = step.record.offset + 1
        self._waits.pop(partition, None)
        metrics.LAG.labels(*self._labels, str(partition.partition)).set(_behind(consumer, partition, steps[-1].record))

    async def _done(self, step: _Step, *, together: bool) -> bool:
        """Do one record alone unless the batch has done it; False when it must wait (transient)."""
        try:
            if step.fault is not None:
                await self._bury(step, step.fault, attempts=1)
            elif step.received is not None and not together:
                await self._alone(step, step.received)
        except Exception as error:  # noqa: BLE001 - only transient ones come out of `_alone` and `_bury`
            log.warning(
                "record_waits",
                topic=self.topic,
                group=self.group,
                partition=step.record.partition,
                offset=step.record.offset,
                error=type(error).__name__,
            )
            return False
        return True

    async def _alone(self, step: _Step, received: Received[Any]) -> None:
        try:
            await self._attempts([received], self._pace.retry if self._recently_well() else 0)
        except Exception as error:
            if self.stopping or is_transient(error):
                raise
            await self._bury(step, error, attempts=1 + self._calls)
            return
        self._recent.append(False)
        metrics.CONSUMED.labels(*self._labels).inc()

    def _recently_well(self) -> bool:
        """Whether patience is worth while: no partition of this lane waits already."""
        return not self._timers

    async def _bury(self, step: _Step, error: Exception, *, attempts: int) -> None:
        """Move a record to the dead topic; when too many go there, something else is wrong: stop."""
        await self._burial.bury(step.record, group=self.group, error=error, attempts=attempts)
        metrics.DEAD.labels(*self._labels).inc()
        log.error(
            "record_dead",
            topic=self.topic,
            group=self.group,
            partition=step.record.partition,
            offset=step.record.offset,
            error=type(error).__name__,
        )
        self._recent.append(True)
        if sum(self._recent) > self._pace.window // 2:
            self._too_many_dead(f"{sum(self._recent)} of the last {len(self._recent)} records of {self.topic} are dead")

    # Pausing and resuming.

    def _back_to(self, consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> None:
        """Seek back to a record, and unless all is stopped anyway pause its partition and set the timer."""
        if partition not in consumer.assignment():
            return
        consumer.seek(partition, offset)
        consumer.pause(partition)
        if self.halted or self.stopping:
            return
        wait = self._waits.get(partition, self._pace.first_pause)
        self._waits[partition] = min(wait * 2, self._pace.longest_pause)
        delay = wait * random.uniform(0.75, 1.25)  # noqa: S311 - jitter is no secret
        self._timers[partition] = asyncio.get_running_loop().call_later(delay, self._resume_one, consumer, partition)
        metrics.PAUSED.labels(*self._labels).set(len(self._timers))

    def _all_back(self, consumer: AIOKafkaConsumer, records: Sequence[Any]) -> None:
        """Seek back to the first record of each partition that is not done: our own faults lose nothing."""
        for partition, own in groupby(records, key=lambda record: TopicPartition(record.topic, record.partition)):
            first = next(own).offset
            self._back_to(consumer, partition, max(first, self._owed.get(partition, first)))

    def _resume_one(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        self._timers.pop(partition, None)
        metrics.PAUSED.labels(*self._labels).set(len(self._timers))
        if not self.halted and partition in consumer.assignment():
            consumer.resume(partition)

    def halt(self, consumer: AIOKafkaConsumer | None) -> None:
        """Pause everything until `go_on`."""
        self.halted = True
        if consumer is not None and consumer.assignment():
            consumer.pause(*consumer.assignment())

    def go_on(self, consumer: AIOKafkaConsumer | None) -> None:
        """Resume everything and forget the dead ones so far."""
        self.halted = False
        self._recent.clear()
        self._waits.clear()
        self.cancel_timers()
        if consumer is not None and consumer.assignment():
            consumer.resume(*consumer.assignment())

    def close(self) -> None:
        """Begin no more: no retries, no timers, no late commits."""
        self.stopping = True
        self.cancel_timers()
        if self._settling is not None:
            self._settling.cancel()

    def cancel_timers(self) -> None:
        """Forget who waits (at a stop, or because everything goes on)."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        metrics.PAUSED.labels(*self._labels).set(0)

    # Partitions that come and go.

    async def revoked(self, partitions: set[TopicPartition]) -> None:
        """Let the batch in hand end and commit, for a bounded time, before the partitions go to somebody else."""
        try:
            async with asyncio.timeout(self._pace.revoke), self._busy:
                pass
        except TimeoutError:
            log.warning("revoked_while_busy", topic=self.topic, group=self.group)
        for partition in partitions:
            self._owed.pop(partition, None)
            timer = self._timers.pop(partition, None)
            if timer is not None:
                timer.cancel()

    def assigned(self, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]) -> None:
        """Keep a stopped lane stopped over a rebalance."""
        if self.halted and partitions:
            consumer.pause(*partitions)

    # Commits.

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Commit what is done; a refusal is no reason to stop, the effects are idempotent."""
        offsets = {tp: offset for tp, offset in self._owed.items() if tp in consumer.assignment()}
        if not offsets:
            return
        try:
            async with asyncio.timeout(self._pace.commit):
                await consumer.commit(offsets)
        except (KafkaError, OSError, TimeoutError) as error:
            metrics.COMMITS_FAILED.labels(*self._labels).inc()
            log.warning("commit_failed", topic=self.topic, group=self.group, error=type(error).__name__)
            self._settle_later(consumer)
            return
        for tp, offset in offsets.items():
            if self._owed.get(tp) == offset:
                del self._owed[tp]

    def _settle_later(self, consumer: AIOKafkaConsumer) -> None:
        if self.stopping or (self._settling is not None and not self._settling.done()):
            return
        self._settling = asyncio.create_task(self._settle(consumer))

    async def _settle(self, consumer: AIOKafkaConsumer) -> None:
        """Commit again later what no batch has committed since."""
        while self._owed and not self.stopping:
            await asyncio.sleep(1.0)
            async with self._busy:
                await self._commit(consumer)
            if not any(tp in consumer.assignment() for tp in self._owed):
                return


def _behind(consumer: AIOKafkaConsumer, partition: TopicPartition, record: Any) -> int:
    """Return how many records of the partition are not done yet, as far as the consumer knows."""
    if partition not in consumer.assignment():
        return 0
    end = consumer.highwater(partition)
    return max(0, end - record.offset - 1) if end else 0
