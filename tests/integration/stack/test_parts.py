"""The real parts of the local stack answer in their own protocols, and tests do not see each other."""

from email.message import EmailMessage

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.settings import ServiceSettings
from tests.support.parts import MailServer
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


async def test_kafka_keeps_what_it_acknowledged(settings: ServiceSettings):
    topic = f"{settings.topic_prefix}tried"
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True) as producer:
        kept = await producer.send_and_wait(topic, b"value", key=b"key")
    assert kept.offset == 0


async def test_postgres_is_version_18_and_empty(engine: AsyncEngine):
    async with engine.begin() as connection:
        assert (await connection.execute(text("SHOW server_version"))).scalar_one().startswith("18")
        await connection.execute(text("CREATE TABLE mine (id int)"))


async def test_postgres_is_fresh_for_the_next_test(engine: AsyncEngine):
    async with engine.begin() as connection:
        assert (await connection.execute(text("SELECT to_regclass('mine')"))).scalar_one() is None


async def test_valkey_runs_functions_and_is_empty(redis_client: Redis):
    assert await redis_client.dbsize() == 0
    code = "#!lua name=tried\nredis.register_function('tried', function(keys, args) return args[1] end)"
    await redis_client.function_load(code, replace=True)
    assert await redis_client.fcall("tried", 0, "answer") == b"answer"


async def test_mail_arrives_in_the_mailbox_of_its_address(mail_server: MailServer):
    address = mail_server.new_address()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "invanare@example.se", address, "Snöröjning på Åsgatan"
    mail.set_content("Hej!")
    await mail_server.send(mail)
    (got,) = await eventually(lambda: mail_server.fetch(address))
    assert got["Subject"] == "Snöröjning på Åsgatan"


async def test_eventually_says_what_it_saw_last():
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: 0"):
        await eventually(lambda: 0, timeout=0.05)
