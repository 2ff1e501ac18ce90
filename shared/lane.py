"""One topic read by one group: a batch is handled together, else record by record; nothing is lost or skipped.

Permanent faults go to the dead topic and the rest goes on. A transient one is retried with jitter; then its partition
is sought back and paused while the others go on. Offsets are committed explicitly, once per batch, after the effects.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import metrics
from shared.dead import Burial
from shared.decode import ALL_TYPES, envelope_of, event_of, type_of
from shared.errors import PermanentError
from shared.events import Event
from shared.holds import Holds
from shared.offsets import Offsets
from shared.received import Handler, Pace, Received, is_transient

__all__ = ["Handler", "Lane", "Pace", "Received", "is_transient"]

log = structlog.get_logger(__name__)


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
        self._offsets = Offsets(topic, group, pace.commit)
        self._holds = Holds(topic, group, pace.first_pause, pace.longest_pause)
        self._calls = 0

    async def take(self, consumer: AIOKafkaConsumer, records: Sequence[Any]) -> None:
        """Handle a batch: effects, dead letters, then one commit."""
        async with self._busy:
            started = asyncio.get_running_loop().time()
            try:
                await self._handle(consumer, records)
            except Exception:
                log.exception("lane_failed", topic=self.topic, group=self.group)
                self._all_back(consumer, records)
            await self._offsets.commit(consumer)
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
            self._offsets.done(partition, step.record.offset)
        self._holds.well(partition)
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
            await self._attempts([received], 0 if self._holds.any() else self._pace.retry)
        except Exception as error:
            if self.stopping or is_transient(error):
                raise
            await self._bury(step, error, attempts=1 + self._calls)
            return
        self._recent.append(False)
        metrics.CONSUMED.labels(*self._labels).inc()

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
        self._holds.hold(consumer, partition, offset, timer=not (self.halted or self.stopping))

    def _all_back(self, consumer: AIOKafkaConsumer, records: Sequence[Any]) -> None:
        """Seek back to the first record of each partition that is not done: our own faults lose nothing."""
        for partition, own in groupby(records, key=lambda record: TopicPartition(record.topic, record.partition)):
            self._back_to(consumer, partition, self._offsets.next_after(partition, next(own).offset))

    def halt(self, consumer: AIOKafkaConsumer | None) -> None:
        """Pause everything until `go_on`."""
        self.halted = True
        self._holds.clear()
        if consumer is not None and consumer.assignment():
            consumer.pause(*consumer.assignment())

    def go_on(self, consumer: AIOKafkaConsumer | None) -> None:
        """Resume everything and forget the dead ones so far."""
        self.halted = False
        self._recent.clear()
        self._holds.clear()
        if consumer is not None and consumer.assignment():
            consumer.resume(*consumer.assignment())

    def open(self) -> None:
        """Begin (again)."""
        self.stopping = False
        self._offsets.open()

    def close(self) -> None:
        """Begin no more: no retries, no timers, no late commits."""
        self.stopping = True
        self._holds.clear()
        self._offsets.close()

    # Partitions that come and go.

    async def revoked(self, partitions: set[TopicPartition]) -> None:
        """Let the batch in hand end and commit, for a bounded time, before the partitions go to somebody else."""
        try:
            async with asyncio.timeout(self._pace.revoke), self._busy:
                pass
        except TimeoutError:
            log.warning("revoked_while_busy", topic=self.topic, group=self.group)
        self._offsets.forget(partitions)
        self._holds.forget(partitions)

    def assigned(self, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]) -> None:
        """Keep a stopped lane stopped over a rebalance."""
        if self.halted and partitions:
            consumer.pause(*partitions)


def _behind(consumer: AIOKafkaConsumer, partition: TopicPartition, record: Any) -> int:
    """Return how many records of the partition are not done yet, as far as the consumer knows."""
    if partition not in consumer.assignment():
        return 0
    end = consumer.highwater(partition)
    return max(0, end - record.offset - 1) if end else 0
