"""PostgreSQL is killed in the middle of traffic and comes back: no record dies of it, and the outbox goes on."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.database import Postgres
from deploy.local.part import free_ports
from deploy.local.running import Running, started
from shared.database import make_engine
from shared.outbox import Relay, add, outbox_table
from shared.publish import message
from shared.topics import CONTACTS
from tests.support.inflow import Batch, House
from tests.support.kafka import contact, read
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(90)]

METADATA = MetaData(schema="office")
OUTBOX = outbox_table(METADATA)
SEEN = Table("seen", METADATA, Column("id", Text, primary_key=True))


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[tuple[Running, str]]:
    part = Postgres(free_ports(1)[0], tmp_path / "postgres")
    with started(part, tmp_path / "postgres.log") as running:
        yield running, part.url()


async def test_a_kill_of_the_database_is_a_transient_fault_for_readers_and_relays(
    house: House, own_database: tuple[Running, str]
) -> None:
    database, url = own_database
    engine = make_engine(house.settings.model_copy(update={"postgres": url}), "office")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA office"))
        await connection.run_sync(METADATA.create_all)

    async def remember(batch: Batch) -> None:
        async with engine.begin() as transaction:
            rows = [{"id": received.id} for received in batch]
            await transaction.execute(insert(SEEN).on_conflict_do_nothing(), rows)

    relay = asyncio.create_task(Relay(engine, OUTBOX, house.publisher).run())
    await house.inflow(handler=remember)
    told = 0
    for number in range(30):
        told += await tell(engine, number)
        if number == 10:
            await eventually(lambda: seen(engine, 1))
            database.kill()
        if number == 20:
            await asyncio.to_thread(database.again)
    assert told >= 20
    await eventually(lambda: seen(engine, told), 30)
    await eventually(house.all_committed, 20)
    assert await read(house.settings, CONTACTS.dead) == []
    relay.cancel()
    with suppress(asyncio.CancelledError):
        await relay
    await engine.dispose()


async def tell(engine: AsyncEngine, number: int) -> int:
    """Write one event to the outbox; 0 when the database is away."""
    try:
        async with engine.begin() as connection:
            await add(connection, OUTBOX, message(contact(number)))
    except (OSError, SQLAlchemyError):
        return 0
    return 1


async def seen(engine: AsyncEngine, count: int) -> bool:
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM office.seen")) or 0) >= count
