"""Kafka in: every group of a service, on FastStream batch subscribers that hand over raw records.

The rules of handling stand in `shared.lane`; here is what connects them to the broker, starts, drains and resumes.
"""

import asyncio
import gc
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from shared.dead import Burial
from shared.decode import ALL_TYPES
from shared.events import Event
from shared.health import Health
from shared.lane import Lane
from shared.metrics import HALTED
from shared.publish import Publisher
from shared.received import Handler, Pace, Received
from shared.settings import ServiceSettings
from shared.topics import Topic

__all__ = ["Handler", "Inflow", "Pace", "Received", "tune_gc"]

_PROBLEM = "inflow"

log = structlog.get_logger(__name__)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka ships no types
    """Tells the lane when partitions come and go."""

    def __init__(self, lane: Lane, inflow: "Inflow") -> None:
        self._lane = lane
        self._inflow = inflow

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._lane.revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        consumer = self._inflow.consumer_of(self._lane)
        if consumer is not None:
            self._lane.assigned(consumer, assigned)


class Inflow:
    """All that a service reads; one group per topic, or per topic and name."""

    def __init__(
        self,
        settings: ServiceSettings,
        service: str,
        publisher: Publisher,
        health: Health,
        *,
        pace: Pace | None = None,
    ) -> None:
        self._settings = settings
        self._service = service
        self._health = health
        self._pace = pace or Pace()
        self._burial = Burial(publisher)
        self._lanes: dict[str, tuple[Lane, int]] = {}
        self._topics: dict[str, Topic] = {}
        self._broker: KafkaBroker | None = None
        self._subscribers: dict[str, Any] = {}
        self._connecting: asyncio.Task[None] | None = None

    def on(
        self,
        topic: Topic,
        handler: Handler,
        *,
        types: Collection[type[Event]] | None = None,
        batch: int = 500,
        name: str | None = None,
    ) -> None:
        """Read a topic in the group `<prefix><service>.<topic>[.<name>]`; types not wanted are passed over.

        Two readers of one topic need names: each name is a group of its own and sees every event.
        """
        group = ".".join(filter(None, (f"{self._settings.topic_prefix}{self._service}", topic.name, name)))
        if group in self._lanes:
            raise ValueError(f"{group} reads already; give this reader a name")
        lane = Lane(
            topic=f"{self._settings.topic_prefix}{topic.name}",
            group=group,
            types=_wanted(topic, types),
            handler=handler,
            burial=self._burial,
            pace=self._pace,
            too_many_dead=self.halt,
        )
        self._lanes[group] = (lane, batch)
        self._topics[topic.name] = topic

    @property
    def reads(self) -> Mapping[str, Lane]:
        """The lanes by group."""
        return {group: lane for group, (lane, _) in self._lanes.items()}

    @property
    def topics(self) -> Sequence[Topic]:
        """What is read, each topic once."""
        return list(self._topics.values())

    async def start(self) -> None:
        """Join the groups; when Kafka is away, go on trying in the background and be not ready meanwhile."""
        if not self._lanes:
            return
        for lane in self.reads.values():
            lane.open()
        self._health.set(_PROBLEM, "not connected to Kafka yet")
        self._connecting = asyncio.create_task(self._connect(), name=f"{self._service} inflow")
        await asyncio.wait([self._connecting], timeout=10)

    async def stop(self) -> None:
        """Let the batches in hand end and commit (within `drain_seconds`), then leave the groups."""
        for lane in self.reads.values():
            lane.close()
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        await self._disconnect()

    def halt(self, reason: str) -> None:
        """Pause everything and be not ready, until `resume`."""
        log.error("inflow_halted", service=self._service, reason=reason)
        HALTED.labels(self._service).set(1)
        self._health.set(_PROBLEM, reason)
        for lane in self.reads.values():
            lane.halt(self.consumer_of(lane))

    def resume(self) -> None:
        """Go on after `halt`, at the records where it stopped."""
        log.info("inflow_resumed", service=self._service)
        HALTED.labels(self._service).set(0)
        self._health.set(_PROBLEM, None)
        for lane in self.reads.values():
            lane.go_on(self.consumer_of(lane))

    @property
    def halted(self) -> bool:
        """Whether everything is paused."""
        return any(lane.halted for lane in self.reads.values())

    def consumer_of(self, lane: Lane) -> AIOKafkaConsumer | None:
        """Return the consumer that reads for a lane, if it is connected."""
        subscriber = self._subscribers.get(lane.group)
        return subscriber.consumer if subscriber is not None else None

    async def _connect(self) -> None:
        wait = 0.5
        while True:
            try:
                await self._open()
            except (KafkaError, OSError) as error:
                log.warning("inflow_not_connected", service=self._service, error=type(error).__name__)
                await self._disconnect()
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5.0)
            else:
                if not self.halted:
                    self._health.set(_PROBLEM, None)
                return

    async def _open(self) -> None:
        logger = logging.getLogger("faststream.kafka")
        logger.setLevel(logging.ERROR)
        self._broker = broker = KafkaBroker(
            self._settings.kafka.split(","),
            client_id=self._service,
            graceful_timeout=self._settings.drain_seconds,
            metadata_max_age_ms=30_000,
            apply_types=False,
            logger=logger,
            log_level=logging.DEBUG,
            consumer_only=True,
            allow_auto_create_topics=False,
        )
        for lane, batch in self._lanes.values():
            self._subscribers[lane.group] = self._subscribe(broker, lane, batch)
        await broker.start()

    def _subscribe(self, broker: KafkaBroker, lane: Lane, batch: int) -> Any:
        subscriber = broker.subscriber(
            lane.topic,
            group_id=lane.group,
            group_instance_id=f"{lane.group}.{self._settings.instance}" if self._settings.instance else None,
            batch=True,
            max_records=batch,
            batch_timeout_ms=10,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            session_timeout_ms=self._pace.session_ms,
            heartbeat_interval_ms=self._pace.heartbeat_ms,
            listener=_Listener(lane, self),
            parser=_Parser(self, lane).parse,
            decoder=_raw,
        )

        async def take(records: Sequence[Any]) -> None:
            consumer = self.consumer_of(lane)
            if consumer is not None:
                await lane.take(consumer, records)

        subscriber(take)
        return subscriber

    async def _disconnect(self) -> None:
        broker, self._broker = self._broker, None
        if broker is None:
            return
        try:
            async with asyncio.timeout(self._settings.leave_seconds):
                await broker.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("inflow_stop_cut_short", service=self._service, error=type(error).__name__)
        self._subscribers.clear()


class _Parser:
    """Wraps a batch of records without looking into them: null headers and tombstones survive."""

    def __init__(self, inflow: Inflow, lane: Lane) -> None:
        self._inflow = inflow
        self._lane = lane

    async def parse(self, records: Sequence[Any]) -> KafkaAckableMessage:
        return KafkaAckableMessage(
            body=records,
            headers={},
            message_id=f"{records[0].partition}-{records[0].offset}",
            raw_message=tuple(records),
            consumer=self._inflow.consumer_of(self._lane),
        )


async def _raw(message: Any) -> Any:
    return message.raw_message


def _wanted(topic: Topic, types: Collection[type[Event]] | None) -> dict[str, type[Event]]:
    own = {name: model for name, model in ALL_TYPES.items() if model.topic.name == topic.name}
    if types is None:
        return own
    wanted = {model.event_type: model for model in types}
    strangers = sorted(set(wanted) - set(own))
    if strangers:
        raise ValueError(f"not on {topic.name}: {', '.join(strangers)}")
    return wanted


def tune_gc() -> None:
    """Keep the collector from walking everything again and again: call it once, when the service is up.

    Batches of events make many short-lived objects; with the default threshold collections take most of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 5)
