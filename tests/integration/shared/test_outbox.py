"""The outbox and its relay, on a real PostgreSQL and a real Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import MetaData, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import outbox
from shared.database import make_engine
from shared.errors import PermanentError
from shared.events import CaseReopened
from shared.outbox import Relay, add, outbox_table
from shared.publish import Publisher, Raw, message
from shared.settings import ServiceSettings
from shared.topics import CASES
from shared.topics_admin import ensure_topics
from tests.support.kafka import MOMENT, read
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


def reopened(number: int, case: str = "") -> CaseReopened:
    return CaseReopened(case_id=case or f"case-{number}", case_number=str(number), contact_id="c", at=MOMENT)


class Office:
    """A schema with an outbox, and a publisher."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.engine: AsyncEngine = make_engine(settings, "office")
        self.metadata = MetaData(schema="office")
        self.table: Table = outbox_table(self.metadata)
        self.publisher = Publisher(settings, "office")

    async def open(self) -> None:
        await ensure_topics(self.settings)
        await self.publisher.start()
        async with self.engine.begin() as connection:
            await connection.execute(text("CREATE SCHEMA office"))
            await connection.run_sync(self.metadata.create_all)

    async def close(self) -> None:
        await self.publisher.stop()
        await self.engine.dispose()

    async def tell(self, *events: CaseReopened) -> None:
        async with self.engine.begin() as connection:
            await add(connection, self.table, *(message(event) for event in events))

    async def waiting(self) -> int:
        async with self.engine.connect() as connection:
            return int(await connection.scalar(select(func.count()).select_from(self.table)) or 0)

    async def empty(self) -> bool:
        return await self.waiting() == 0

    async def numbers(self) -> list[int]:
        return [int(CaseReopened.model_validate_json(r.value).case_number) for r in await read(self.settings, CASES)]

    @asynccontextmanager
    async def relay(self, publisher: Publisher | None = None) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(Relay(self.engine, self.table, publisher or self.publisher).run())
        try:
            yield task
        finally:
            await end(task)


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def office(settings: ServiceSettings) -> AsyncIterator[Office]:
    made = Office(settings)
    await made.open()
    yield made
    await made.close()


async def test_what_is_committed_reaches_kafka_with_its_id_and_is_deleted(office: Office) -> None:
    told = message(reopened(1), event_id="event-1", time=MOMENT)
    async with office.relay():
        async with office.engine.begin() as connection:
            await add(connection, office.table, told)
        await eventually(office.empty)
    (found,) = await read(office.settings, CASES)
    headers = dict(found.headers)
    assert (found.key, found.value) == (b"case-1", told.value)
    assert (headers["ce_id"], headers["ce_type"], headers["ce_source"]) == (b"event-1", b"case.reopened.v1", b"office")
    assert headers["ce_time"].decode() == MOMENT.isoformat()


async def test_what_is_rolled_back_is_never_told(office: Office) -> None:
    async with office.engine.connect() as connection:
        await add(connection, office.table, message(reopened(1)))
        await connection.rollback()
    async with office.relay():
        await office.tell(reopened(2))
        await eventually(office.empty)
    assert await office.numbers() == [2]


async def test_a_commit_wakes_the_relay_long_before_it_would_look_by_itself(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_POLL_SECONDS", 30.0)
    async with office.relay():
        await office.tell(reopened(1))
        await eventually(office.empty, 5)
        await office.tell(reopened(2))
        await eventually(office.empty, 2)


async def test_events_of_one_case_keep_their_order_over_many_batches(office: Office) -> None:
    async with office.engine.begin() as connection:
        await add(connection, office.table, *(message(reopened(n, "one")) for n in range(1300)))
    async with office.relay():
        await eventually(office.empty, 20)
    assert await office.numbers() == list(range(1300))


async def test_of_two_relays_one_works_and_the_other_takes_over_when_it_dies(office: Office) -> None:
    async with office.relay() as first:
        await office.tell(reopened(1))
        await eventually(office.empty)
        async with office.relay():
            for number in range(2, 12):
                await office.tell(reopened(number))
            await eventually(office.empty)
            assert await holders(office) == 1
            await end(first)
            await office.tell(reopened(12))
            await eventually(office.empty)
    assert sorted(await office.numbers()) == list(range(1, 13))


async def holders(office: Office) -> int:
    question = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
        " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
    )
    async with office.engine.connect() as connection:
        return int(await connection.scalar(question) or 0)


async def test_a_lost_database_connection_is_opened_again(office: Office) -> None:
    async with office.relay():
        await office.tell(reopened(1))
        await eventually(office.empty)
        await cut_all_connections(office)
        await office.tell(reopened(2))
        await eventually(office.empty, 15)
    assert set(await office.numbers()) == {1, 2}


async def cut_all_connections(office: Office) -> None:
    question = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with office.engine.connect() as connection:
        await connection.execute(question)


class Choosy(Publisher):
    """Acknowledges only so many, then nothing, until it is told to be well."""

    def __init__(self, settings: ServiceSettings, takes: int) -> None:
        super().__init__(settings, "choosy")
        self.takes = takes
        self.well = False

    async def publish_raw(self, records: Sequence[Raw], *, within: float = 2.0) -> int:
        if self.well:
            return await super().publish_raw(records, within=within)
        return await super().publish_raw(records[: self.takes], within=within) if self.takes else 0


async def test_only_the_acknowledged_prefix_is_deleted(office: Office) -> None:
    choosy = Choosy(office.settings, takes=3)
    await choosy.start()
    await office.tell(*(reopened(n) for n in range(10)))
    async with office.relay(choosy):
        await eventually(lambda: _has(office, 7))
        choosy.takes = 0
        choosy.well = True
        await eventually(office.empty)
    await choosy.stop()
    assert set(await office.numbers()) == set(range(10))


async def _has(office: Office, count: int) -> bool:
    return await office.waiting() <= count


async def test_an_event_too_large_for_kafka_fails_where_it_is_told(office: Office) -> None:
    large = CaseReopened(case_id="c", case_number="1", contact_id="x" * 1_100_000, at=MOMENT)
    with pytest.raises(PermanentError):
        await office.tell(large)
    assert await office.empty()


async def test_its_depth_can_be_asked(office: Office) -> None:
    await office.tell(reopened(1), reopened(2))
    assert await Relay(office.engine, office.table, office.publisher).depth() == 2


async def test_a_late_commit_of_an_earlier_id_is_not_forgotten(office: Office) -> None:
    """Ids are given at insert, not at commit: the relay must not delete what it has not seen."""
    async with office.relay():
        async with office.engine.connect() as slow:
            transaction = await slow.begin()
            await slow.execute(insert(office.table), [outbox._row(message(reopened(1)))])
            await office.tell(reopened(2))
            await eventually(lambda: _numbers(office, [2]))
            await transaction.commit()
        await eventually(office.empty)
    assert sorted(await office.numbers()) == [1, 2]


async def _numbers(office: Office, expected: list[int]) -> bool:
    return await office.numbers() == expected
