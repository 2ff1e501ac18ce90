"""Partitions that wait: sought back to the record that could not be done, paused, resumed by a timer."""

import asyncio
import random
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import metrics


class Holds:
    """The partitions of one lane that are paused; each waits longer every time, until a record is done again."""

    def __init__(self, topic: str, group: str, first: float, longest: float) -> None:
        self._gauge = metrics.PAUSED.labels(topic, group)
        self._first = first
        self._longest = longest
        self._waits: dict[TopicPartition, float] = {}
        self._timers: dict[TopicPartition, asyncio.TimerHandle] = {}

    def any(self) -> bool:
        """Whether a partition waits."""
        return bool(self._timers)

    def hold(self, consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int, *, timer: bool) -> None:
        """Seek back to a record and pause; without a timer somebody else resumes."""
        if partition not in consumer.assignment():
            return
        consumer.seek(partition, offset)
        consumer.pause(partition)
        if not timer:
            return
        wait = self._waits.get(partition, self._first)
        self._waits[partition] = min(wait * 2, self._longest)
        delay = wait * random.uniform(0.75, 1.25)  # noqa: S311 - jitter is no secret
        self._timers[partition] = asyncio.get_running_loop().call_later(delay, self._resume, consumer, partition)
        self._gauge.set(len(self._timers))

    def well(self, partition: TopicPartition) -> None:
        """The partition is through its batch: its next fault waits briefly again."""
        self._waits.pop(partition, None)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Partitions that somebody else has now."""
        for partition in partitions:
            timer = self._timers.pop(partition, None)
            if timer is not None:
                timer.cancel()
        self._gauge.set(len(self._timers))

    def clear(self) -> None:
        """Forget who waits: at a stop, or because everything is paused or goes on."""
        self.forget(list(self._timers))
        self._waits.clear()

    def _resume(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        self._timers.pop(partition, None)
        self._gauge.set(len(self._timers))
        if partition in consumer.assignment():
            consumer.resume(partition)
