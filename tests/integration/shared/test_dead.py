"""Dead letters on a real broker: listed, read, retried, discarded; decisions in the service's own store."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis
from sqlalchemy import MetaData, text
from typer.testing import CliRunner

from shared.database import make_engine
from shared.dead import DeadLetters, Decisions
from shared.dead_commands import dead_commands
from shared.decisions import RedisDecisions, SqlDecisions, decisions_table
from shared.errors import NotFoundError, PermanentError
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.streams import dead_counts, known_groups, stream_positions
from shared.topics import CASES, CONTACTS
from tests.support.inflow import House
from tests.support.kafka import contact
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


@pytest.fixture
def kept(redis_client: Redis) -> Decisions:
    return RedisDecisions(redis_client, "tester:decisions")


async def with_dead(house: House, count: int) -> None:
    house.fault = lambda received: PermanentError("no such unit") if "bad" in received.event.text else None
    await house.inflow()
    await house.publish(*(contact(n, text="bad") for n in range(count)), contact(100))
    await house.handled(1)
    await eventually(house.all_committed)


async def test_a_letter_tells_why_and_can_be_retried_once_the_fault_is_gone(house: House, kept: Decisions) -> None:
    await with_dead(house, 2)
    letters = DeadLetters(house.settings, "tester", house.publisher, kept)
    newest, oldest = await letters.waiting(CONTACTS)
    assert int(newest.id) > int(oldest.id)
    assert (newest.reason, newest.attempts) == ("PermanentError: no such unit", 2)
    assert (newest.type, newest.group) == ("contact.received.v1", f"{house.settings.topic_prefix}tester.contacts")
    assert json.loads(newest.record.value or b"")["text"] == "bad"
    house.fault = lambda _: None
    await letters.retry(CONTACTS, newest.id, by="ops-1")
    await house.handled(2)
    assert house.batches[-1][0].key == (newest.record.key or b"").decode()
    assert [letter.id for letter in await letters.waiting(CONTACTS)] == [oldest.id]
    await letters.discard(CONTACTS, oldest.id, by="ops-1")
    assert await letters.waiting(CONTACTS) == []
    assert (await letters.read(CONTACTS, oldest.id)).id == oldest.id


async def test_another_services_letters_are_none_of_ours(house: House, kept: Decisions) -> None:
    await with_dead(house, 1)
    letters = DeadLetters(house.settings, "other", house.publisher, kept)
    assert await letters.waiting(CONTACTS) == []
    with pytest.raises(NotFoundError):
        await letters.retry(CONTACTS, "0", by="ops-1")


async def test_decisions_are_kept_in_a_schema_too(settings: ServiceSettings) -> None:
    engine = make_engine(settings, "office")
    metadata = MetaData(schema="office")
    kept = SqlDecisions(engine, decisions_table(metadata))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA office"))
        await connection.run_sync(metadata.create_all)
    await kept.decide("contacts/1", "retried", "ops-1")
    await kept.decide("contacts/1", "discarded", "ops-2")
    assert await kept.decided() == {"contacts/1"}
    await engine.dispose()


async def test_positions_show_lag_and_counts_show_the_dead(house: House) -> None:
    await with_dead(house, 3)
    groups = [(CONTACTS, "tester.contacts"), (CASES, "tester.cases")]
    positions = await stream_positions(house.settings, groups)
    ours = [position for position in positions if position.group == "tester.contacts"]
    assert len(positions) == 8
    assert sum(position.lag for position in ours) == 0
    assert sum(position.end for position in ours) == 4
    assert all(position.committed is None and position.lag == 0 for position in positions if position not in ours)
    assert (await dead_counts(house.settings))["contacts"] == 3
    assert (CONTACTS, "router.contacts") in known_groups()


def test_the_commands_list_show_retry_and_discard(settings: ServiceSettings) -> None:
    async def prepare() -> None:
        house = House(settings)
        await house.open()
        await with_dead(house, 2)
        await house.close()

    asyncio.run(prepare())

    class Kept:
        def __init__(self) -> None:
            self.names: dict[str, str] = {}

        async def decided(self) -> set[str]:
            return set(self.names)

        async def decide(self, name: str, decision: str, by: str) -> None:
            assert by
            self.names[name] = decision

    kept = Kept()

    @asynccontextmanager
    async def open_letters() -> AsyncIterator[DeadLetters]:
        publisher = Publisher(settings, "tester")
        await publisher.start()
        yield DeadLetters(settings, "tester", publisher, kept)
        await publisher.stop()

    run = CliRunner().invoke
    app = dead_commands(open_letters)
    assert "no such unit" in run(app, ["list", "contacts"], env={"COLUMNS": "300"}).output
    assert '"text":"bad"' in run(app, ["show", "contacts", "0"], env={"COLUMNS": "3000"}).output
    assert run(app, ["retry", "contacts", "0"]).exit_code == 0
    assert run(app, ["discard", "contacts", "1"]).exit_code == 0
    assert kept.names == {"contacts/0": "retried", "contacts/1": "discarded"}
    assert run(app, ["list", "nowhere"]).exit_code == 2
