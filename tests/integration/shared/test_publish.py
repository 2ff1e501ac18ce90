"""Publishing and making topics, on a real broker."""

import asyncio

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.errors import LogUnavailableError, PermanentError, TransientError
from shared.publish import LARGEST, Publisher, message, tombstone
from shared.settings import ServiceSettings
from shared.topics import CATALOGUE, CONTACTS, TOPICS
from shared.topics_admin import all_topics, ensure_topics
from tests.support.inflow import House
from tests.support.kafka import admin, contact, read

pytestmark = pytest.mark.integration


async def test_all_topics_are_made_once_with_their_prefix_partitions_and_rules(settings: ServiceSettings) -> None:
    assert len(await ensure_topics(settings)) == 2 * len(TOPICS)
    assert await ensure_topics(settings) == []
    async with admin(settings) as client:
        found = {topic["topic"]: topic for topic in await client.describe_topics() if topic["topic"]}
        names = [f"{settings.topic_prefix}{topic.name}" for topic in all_topics()]
        assert set(names) <= set(found)
        assert len(found[f"{settings.topic_prefix}contacts"]["partitions"]) == 4
        assert len(found[f"{settings.topic_prefix}contacts.dead"]["partitions"]) == 1
        resource = [
            ConfigResource(ConfigResourceType.TOPIC, f"{settings.topic_prefix}{n}") for n in ("contacts", "open")
        ]
        answers = [resource for answer in await client.describe_configs(resource) for resource in answer.resources]
    configs = {answer[3]: {entry[0]: entry[1] for entry in answer[4]} for answer in answers}
    contacts = configs[f"{settings.topic_prefix}contacts"]
    assert (contacts["retention.ms"], contacts["segment.ms"]) == (str(21 * 86_400_000), "86400000")
    assert configs[f"{settings.topic_prefix}open"]["cleanup.policy"] == "compact"


async def test_two_at_once_make_them_once(settings: ServiceSettings) -> None:
    await asyncio.gather(ensure_topics(settings), ensure_topics(settings))
    assert await ensure_topics(settings) == []


async def test_a_broker_that_is_away_is_a_transient_error(settings: ServiceSettings) -> None:
    with pytest.raises(TransientError):
        await ensure_topics(settings.model_copy(update={"kafka": "127.0.0.1:1"}))


async def test_thousands_are_acknowledged_together_and_keys_keep_their_order(house: House) -> None:
    messages = [message(contact(n % 7, text=str(n))) for n in range(3000)]
    await house.publisher.publish(*messages, timeout=20)
    by_key: dict[bytes, list[bytes]] = {}
    for found in await read(house.settings, CONTACTS):
        by_key.setdefault(found.key, []).append(dict(found.headers)["ce_id"])
    for key, ids in by_key.items():
        assert ids == [told.id.encode() for told in messages if told.key.encode() == key]


async def test_many_at_once_share_batches(settings: ServiceSettings) -> None:
    await ensure_topics(settings)
    publisher = Publisher(settings, "door", linger_ms=5)
    await publisher.start()
    await asyncio.gather(*(publisher.publish(message(contact(n)), timeout=10) for n in range(300)))
    await publisher.stop()
    assert len(await read(settings, CONTACTS)) == 300


async def test_nothing_at_all_is_acknowledged_at_once(house: House) -> None:
    await house.publisher.publish()
    assert await house.publisher.publish_prefix() == 0


async def test_a_tombstone_reaches_a_compacted_topic(house: House) -> None:
    await house.publisher.publish(tombstone(CATALOGUE, "unit:1"), timeout=10)
    (found,) = await read(house.settings, CATALOGUE)
    assert (found.key, found.value) == (b"unit:1", None)


async def test_too_large_is_permanent_and_harms_nobody_else(house: House) -> None:
    with pytest.raises(PermanentError):
        await house.publisher.publish(message(contact(1, text="x" * LARGEST)))
    with pytest.raises(PermanentError):
        await house.publisher.publish(message(contact(1)), message(contact(2, text="å" * LARGEST)))
    await house.publish(contact(3, text="x" * (LARGEST - 2000)))
    assert len(await read(house.settings, CONTACTS)) == 1


async def test_a_missing_topic_and_a_missing_broker_fail_in_time(settings: ServiceSettings) -> None:
    for lost in ({"topic_prefix": "nowhere."}, {"kafka": "127.0.0.1:1"}):
        publisher = Publisher(settings.model_copy(update=lost), "lost")
        await publisher.start()
        started = asyncio.get_running_loop().time()
        with pytest.raises(LogUnavailableError):
            await publisher.publish(message(contact(1)), timeout=0.3)
        assert asyncio.get_running_loop().time() - started < 3
        async with asyncio.timeout(10):
            await publisher.stop()


async def test_a_stop_flushes_what_is_under_way_and_nothing_is_taken_after_it(house: House) -> None:
    sending = asyncio.create_task(house.publisher.publish(*(message(contact(n)) for n in range(100)), timeout=10))
    await asyncio.sleep(0)
    await sending
    await house.publisher.stop()
    with pytest.raises(LogUnavailableError):
        await house.publisher.publish(message(contact(1)), timeout=1)
    assert len(await read(house.settings, CONTACTS)) == 100
