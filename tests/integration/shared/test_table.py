"""A whole compacted topic in memory, on a real broker."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.catalogue import Catalogue
from shared.errors import TransientError
from shared.events import Event
from shared.publish import Publisher, message, tombstone
from shared.records import EntranceRecord, UnitRecord
from shared.settings import ServiceSettings
from shared.table import Table
from shared.topics import CATALOGUE
from shared.topics_admin import ensure_topics
from shared.vocabulary import EntranceKind
from tests.support.kafka import admin, headers, read, write
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


def unit(number: int, name: str = "") -> UnitRecord:
    return UnitRecord(id=f"u{number}", name=name or f"Enhet {number}")


@pytest.fixture
async def publisher(settings: ServiceSettings) -> AsyncIterator[Publisher]:
    await ensure_topics(settings)
    made = Publisher(settings, "casework")
    await made.start()
    yield made
    await made.stop()


async def opened(settings: ServiceSettings, stack: list[Table], **options: Any) -> Table:
    table = Table(settings, CATALOGUE, **options)
    await table.start()
    stack.append(table)
    return table


@pytest.fixture
async def tables() -> AsyncIterator[list[Table]]:
    started: list[Table] = []
    yield started
    for table in started:
        await table.stop()


async def test_an_empty_topic_is_ready_at_once_and_then_followed(
    settings: ServiceSettings, publisher: Publisher, tables: list[Table]
) -> None:
    table = await opened(settings, tables)
    assert (table.values(), table.version) == ([], 0)
    await publisher.publish(message(unit(1)), timeout=20)
    await eventually(lambda: table.get("unit:u1"))
    assert table.version == 1


async def test_everything_written_before_is_there_when_start_returns(
    settings: ServiceSettings, publisher: Publisher, tables: list[Table]
) -> None:
    await publisher.publish(*(message(unit(n)) for n in range(3000)), timeout=20)
    await publisher.publish(message(unit(7, "Nytt namn")), tombstone(CATALOGUE, "unit:u8"), timeout=20)
    table = await opened(settings, tables)
    assert len(table.values()) == 2999
    found = table.get("unit:u7")
    assert isinstance(found, UnitRecord)
    assert found.name == "Nytt namn"
    assert table.get("unit:u8") is None
    assert table.version == 3002


async def test_changes_are_told_with_their_key_and_a_tombstone_as_none(
    settings: ServiceSettings, publisher: Publisher, tables: list[Table]
) -> None:
    told: list[tuple[str, Event | None]] = []
    await publisher.publish(message(unit(1)), timeout=20)
    await opened(settings, tables, on_change=lambda key, event: told.append((key, event)))
    await publisher.publish(tombstone(CATALOGUE, "unit:u1"), timeout=20)
    await eventually(lambda: len(told) == 2)
    assert told == [("unit:u1", unit(1)), ("unit:u1", None)]


async def test_a_listener_that_fails_does_not_stop_the_table(
    settings: ServiceSettings, publisher: Publisher, tables: list[Table]
) -> None:
    def fail(key: str, _: Event | None) -> None:
        raise KeyError(key)

    await publisher.publish(message(unit(1)), timeout=20)
    table = await opened(settings, tables, on_change=fail)
    await publisher.publish(message(unit(2)), timeout=20)
    await eventually(lambda: len(table.values()) == 2)
    assert await table.check() is None


async def test_records_that_cannot_be_read_are_passed_over(
    settings: ServiceSettings, publisher: Publisher, tables: list[Table]
) -> None:
    name = "catalogue.unit.v1"
    await write(
        settings,
        CATALOGUE,
        {"key": b"unit:a", "value": b"{", "headers": headers("1", name)},
        {"key": b"unit:b", "value": b"{}", "headers": headers("2", "catalogue.cloud.v9")},
        {"key": b"\xff", "value": b"{}", "headers": headers("4", name)},
        {"key": b"unit:c", "value": unit(1).model_dump_json().encode(), "headers": [("ce_type", None)]},
    )
    await publisher.publish(message(unit(2)), timeout=20)
    table = await opened(settings, tables)
    assert table.values() == [unit(2)]


async def test_a_compacted_topic_with_gaps_is_read_to_its_end(
    settings: ServiceSettings, publisher: Publisher, tables: list[Table]
) -> None:
    """The cleaner really runs: offsets are missing, also at the end of segments, and tombstones are gone."""
    quick = {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.001",
        "segment.ms": "200",
        "delete.retention.ms": "0",
        "max.compaction.lag.ms": "200",
    }
    async with admin(settings) as client:
        name = f"{settings.topic_prefix}{CATALOGUE.name}"
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=quick)])
    for turn in range(4):
        await publisher.publish(*(message(unit(n, f"Varv {turn}")) for n in range(20)), timeout=20)
        await publisher.publish(tombstone(CATALOGUE, f"unit:u{turn}"), timeout=20)

    async def compacted() -> bool:
        await publisher.publish(*(message(unit(n, "Väcker")) for n in range(100, 112)), timeout=20)
        records = await read(settings, CATALOGUE)
        offsets = sorted((record.partition, record.offset) for record in records)
        return not any(b"Varv 0" in (record.value or b"") for record in records) and offsets[0] > (0, 0)

    await eventually(compacted, 60, every=0.5)
    table = await opened(settings, tables)
    names = Counter(record.name for record in table.values() if isinstance(record, UnitRecord))
    assert names == {"Varv 3": 19, "Väcker": 12}


async def test_a_broker_that_is_not_there_is_a_transient_error_within_the_deadline(settings: ServiceSettings) -> None:
    table = Table(settings.model_copy(update={"kafka": "127.0.0.1:1"}), CATALOGUE)
    with pytest.raises(TransientError):
        await table.start(deadline=1)
    missing = Table(settings.model_copy(update={"topic_prefix": "nowhere."}), CATALOGUE)
    with pytest.raises(TransientError):
        await missing.start(deadline=1)


async def test_the_catalogue_is_the_table_by_kinds(settings: ServiceSettings, publisher: Publisher) -> None:
    desk = EntranceRecord(id="d", kind=EntranceKind.DESK, value="stadshuset", name="Disk", unit="u1", greeting="Hej")
    await publisher.publish(message(unit(1)), message(desk), timeout=20)
    catalogue = Catalogue(settings)
    await catalogue.start()
    try:
        assert catalogue.unit("u1") == unit(1)
        assert catalogue.entrance_for(EntranceKind.DESK, "Stadshuset") == (desk, True)
        before = catalogue.version
        await publisher.publish(tombstone(CATALOGUE, "entrance:d"), timeout=20)
        await eventually(lambda: catalogue.version > before)
        assert catalogue.entrance_for(EntranceKind.DESK, "stadshuset") == (None, False)
        assert await catalogue.check() is None
    finally:
        await catalogue.stop()
