"""The AsyncAPI document of a service: what it reads in which group, and what it writes, with their schemas."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from shared.consume import Inflow, Received
from shared.events import Event
from shared.health import Health
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.topics import Topic


@dataclass(frozen=True, slots=True)
class Reading:
    """What a service reads from one topic, and in which group where it has several there."""

    topic: Topic
    types: Collection[type[Event]]
    name: str | None = None


def describe(settings: ServiceSettings, service: str, reads: Sequence[Reading], writes: Collection[type[Event]]) -> str:
    """Return the AsyncAPI document of a service; nothing is connected for it."""
    inflow = Inflow(settings, service, Publisher(settings, service), Health())
    for reading in reads:
        inflow.on(reading.topic, _nothing, types=reading.types, name=reading.name)
    return asyncapi_document(f"Kontaktcenter: {service}", inflow=inflow, writes=writes)


async def _nothing(records: Sequence[Received[Any]]) -> None:
    """Declared only: nothing is read."""


def asyncapi_document(
    title: str, *, inflow: Inflow | None = None, writes: Collection[type[Event]] = (), version: str = "1.0.0"
) -> str:
    """Return the document as JSON; nothing needs to be connected."""
    broker = KafkaBroker()
    for lane in inflow.reads.values() if inflow else ():
        _declare_reading(broker, lane.topic, lane.group, _union(lane.types.values()))
    for topic in sorted({model.topic.name for model in writes}):
        schema = _union(model for model in writes if model.topic.name == topic)
        broker.publisher(topic, schema=schema, title=f"{topic}:written")
    text = AsyncAPI(broker, title=title, version=version, schema_version="3.0.0").to_specification().to_json()
    return json.dumps(_in_order(json.loads(text)), indent=1, ensure_ascii=False)


def _in_order(part: Any) -> Any:
    """Return the document in one order, whatever order the library's sets had: it is committed and compared."""
    if isinstance(part, dict):
        return {name: _in_order(part[name]) for name in sorted(part)}
    if isinstance(part, list):
        return sorted((_in_order(item) for item in part), key=lambda item: json.dumps(item, sort_keys=True))
    return part


def _declare_reading(broker: KafkaBroker, topic: str, group: str, schema: Any) -> None:
    async def read(event: Any) -> None:
        """Declared only: nothing is read through this broker."""

    read.__annotations__["event"] = schema
    broker.subscriber(topic, group_id=group, title=group)(read)


def _union(models: Iterable[type[Event]]) -> Any:
    return reduce(or_, sorted(models, key=lambda model: model.event_type))
