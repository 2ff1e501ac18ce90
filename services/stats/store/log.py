"""The log from its beginning, without a group: for a replay. And the id of the cluster that holds it."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared import events
from shared.decode import envelope_of, event_of, type_of
from shared.errors import PermanentError, TransientError
from shared.lane import Received
from shared.settings import ServiceSettings
from shared.topics import Topic

_BATCH = 5000


async def cluster_id(settings: ServiceSettings) -> str:
    """Return the id of the Kafka cluster."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, request_timeout_ms=10_000)
    try:
        await admin.start()
        return str((await admin.describe_cluster())["cluster_id"])
    except (KafkaError, OSError) as error:
        raise TransientError(f"Kafka at {settings.kafka}: {type(error).__name__}") from error
    finally:
        await admin.close()


async def read_log(
    settings: ServiceSettings, wanted: Iterable[tuple[Topic, Iterable[type[events.Event]]]]
) -> AsyncIterator[list[Received[Any]]]:
    """Return every wanted event of the topics, in order of each partition, to the end that they have now.

    What cannot be read is passed over: it stands in the dead topic already.
    """
    types = {f"{settings.topic_prefix}{topic.name}": _names(kinds) for topic, kinds in wanted}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for name in types for number in await _partitions(consumer, name)]
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        left = {place for place in partitions if begins[place] < ends[place]}
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        while left:
            batches = await consumer.getmany(timeout_ms=500, max_records=_BATCH)
            records = [record for batch in batches.values() for record in batch if record.offset < ends[_place(record)]]
            if found := [one for one in (_received(record, types[record.topic]) for record in records) if one]:
                yield found
            left = {place for place in left if await consumer.position(place) < ends[place]}
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, name: str) -> list[int]:
    cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - the only fresh answer there is
    numbers = cluster.partitions_for_topic(name)
    if not numbers:
        raise TransientError(f"there is no topic {name}")
    return sorted(numbers)


def _place(record: Any) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _names(kinds: Iterable[type[events.Event]]) -> dict[str, type[events.Event]]:
    return {kind.event_type: kind for kind in kinds}


def _received(record: Any, types: Mapping[str, type[events.Event]]) -> Received[Any] | None:
    model = types.get(type_of(record) or "")
    if model is None or record.value is None:
        return None
    try:
        envelope = envelope_of(record)
        event = event_of(model, record.value)
    except PermanentError:
        return None
    place = (record.topic, record.partition, record.offset)
    return Received(event, envelope.id, model.event_type, envelope.time, event.key, *place, envelope.traceparent)
