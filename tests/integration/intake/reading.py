"""What a test reads of the log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.decode import ALL_TYPES
from shared.events import Event
from shared.settings import ServiceSettings
from shared.topics import CONTACTS


@dataclass(frozen=True, slots=True)
class Read:
    """A record of the log."""

    id: str
    event: Event


ReadContacts = Callable[[], Awaitable[list[Read]]]


async def contacts_of(settings: ServiceSettings) -> list[Read]:
    """Return everything on the topic of contacts, of each partition oldest first."""
    name = f"{settings.topic_prefix}{CONTACTS.name}"
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(name, number) for number in range(CONTACTS.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, 0)
        found: list[Read] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(map(_read, records))
        return found
    finally:
        await consumer.stop()


def _read(record: object) -> Read:
    headers = dict(record.headers)  # type: ignore[attr-defined] # aiokafka's record
    model = ALL_TYPES[headers["ce_type"].decode()]
    return Read(headers["ce_id"].decode(), model.model_validate_json(record.value))  # type: ignore[attr-defined] # aiokafka's record
