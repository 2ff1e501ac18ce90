"""What tests of Kafka need: raw records written and read, sample events, an inflow that is quick about its faults."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.events import ContactReceived
from shared.received import Pace
from shared.settings import ServiceSettings
from shared.topics import Topic
from shared.vocabulary import Channel

QUICK = Pace(retry=0.3, first_pause=0.3, longest_pause=1.0, session_ms=6_000, heartbeat_ms=500)
"""A pace at which tests of faults are quick."""

MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def contact(number: int, **changes: Any) -> ContactReceived:
    """Return a received mail whose contact id names its number."""
    fields: dict[str, Any] = {
        "contact_id": f"contact-{number}",
        "channel": Channel.EMAIL,
        "entrance": "kontakt",
        "unit": "kommunen",
        "received_at": MOMENT,
        "text": f"Hej nummer {number}",
    }
    return ContactReceived(**fields | changes)


def headers(
    event_id: str, event_type: str = "contact.received.v1", *more: tuple[str, bytes | None]
) -> list[tuple[str, bytes | None]]:
    """Return the headers of a well-formed event, and more."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_type", event_type.encode()),
        ("ce_source", b"test"),
        ("ce_time", MOMENT.isoformat().encode()),
        *more,
    ]


async def write(settings: ServiceSettings, topic: Topic, *records: dict[str, Any]) -> None:
    """Write records as they are (value, key, headers, partition), in order."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    await producer.start()
    try:
        futures = [await producer.send(f"{settings.topic_prefix}{topic.name}", **record) for record in records]
        for future in futures:
            await future
    finally:
        await producer.stop()


async def read(settings: ServiceSettings, topic: Topic) -> list[Any]:
    """Return every record of a topic as it is now."""
    name = f"{settings.topic_prefix}{topic.name}"
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        cluster = await consumer._client.fetch_all_metadata()
        partitions = [TopicPartition(name, number) for number in cluster.partitions_for_topic(name) or ()]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(records)
        return found
    finally:
        await consumer.stop()


async def committed(settings: ServiceSettings, group: str) -> dict[int, int]:
    """Return the committed offset of each partition of a group of one topic."""
    async with admin(settings) as client:
        offsets = await client.list_consumer_group_offsets(f"{settings.topic_prefix}{group}")
    return {tp.partition: found.offset for tp, found in offsets.items() if found.offset >= 0}


@asynccontextmanager
async def admin(settings: ServiceSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected admin client."""
    client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


def ids(batches: Sequence[Sequence[Any]]) -> list[str]:
    """Return the contact ids of handled batches, in order."""
    return [received.event.contact_id for batch in batches for received in batch]
