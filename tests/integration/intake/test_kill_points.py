"""Intake killed by SIGKILL at each point from fetch to move, and Kafka away: every mail is there once."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from deploy.local.kafka import Kafka
from deploy.local.part import HOST, free_ports
from deploy.local.paths import PROJECT
from deploy.local.plan import Service
from deploy.local.running import Running, start
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from tests.integration.intake.reading import contacts_of
from tests.integration.intake.test_mailbox import letter
from tests.support.holding import Holding
from tests.support.parts import MailServer, Parts
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

PATIENCE = 60
MOVE = rb"UID (MOVE|COPY) "
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE $1"


@dataclass(slots=True)
class House:
    """An intake of its own process, with a Kafka of its own and a stretch of wire before its mail server."""

    settings: ServiceSettings
    server: MailServer
    address: str
    wire: Holding
    kafka: Running
    intake: Running
    sent: int = 0

    async def send(self) -> str:
        """Send a mail that no other is like; return its Message-ID's name."""
        self.sent += 1
        await self.server.send(letter(f"Brev {self.sent}", number=self.sent), to=self.address)
        return f"<{self.sent}@example.se>"

    async def kill(self) -> None:
        await asyncio.to_thread(self.intake.kill)

    async def again(self) -> None:
        """Start it, if it does not run."""
        if self.intake.process.poll() is not None:
            await asyncio.to_thread(self.intake.again)

    async def fetch(self, question: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.settings.postgres)
        try:
            found: list[asyncpg.Record] = await connection.fetch(question, *values)
            return found
        finally:
            await connection.close()

    async def events(self, message_id: str) -> list[str]:
        """Return the ids of a mail's events on the log."""
        found = await contacts_of(self.settings)
        return [one.id for one in found if getattr(one.event, "message_id", None) == message_id]

    async def done(self) -> bool:
        """Say whether every mail that was sent lies among the processed, and none is left in the inbox."""
        moved = await self.fetch("SELECT count(*) AS number FROM intake.mails WHERE moved_at IS NOT NULL")
        lying = await self.server.fetch_raw(self.address)
        processed = await self.server.fetch_raw(self.address, "Behandlat")
        assert (moved[0]["number"], len(lying), len(processed)) == (self.sent, 0, self.sent)
        return True

    async def is_there_once(self, message_id: str) -> None:
        """Assert that every mail has one line and one outcome, and this one's event one id."""
        await eventually(self.done, timeout=PATIENCE, every=0.2)
        assert len(set(await self.events(message_id))) == 1
        outcomes = await self.fetch("SELECT outcome, count(*) AS number FROM intake.mails GROUP BY outcome")
        assert [(one["outcome"], one["number"]) for one in outcomes] == [("imported", self.sent)]


def _environment(settings: ServiceSettings, wire: Holding, address: str, port: int) -> dict[str, str]:
    return {
        "KC_KAFKA": settings.kafka,
        "KC_TOPIC_PREFIX": settings.topic_prefix,
        "KC_POSTGRES": settings.postgres,
        "KC_REDIS": settings.redis,
        "KC_ORIGINALS": settings.originals,
        "KC_INSTANCE": "killed",  # it has its partitions back at once
        "KC_LOG_FORMAT": "console",
        "KC_PORT": str(port),
        "KC_IMAP_HOST": HOST,
        "KC_IMAP_PORT": str(wire.at),
        "KC_IMAP_TLS": "false",
        "KC_IMAP_USER": address,
        "KC_IMAP_PASSWORD": "any",
        "KC_IMAP_POLL_SECONDS": "1",
        "KC_MAILBOX": address,
    }


@pytest.fixture(scope="module")
def house(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root: Path = tmp_path_factory.mktemp("kill-points")
    port, controller, own = free_ports(3)
    kafka = start(Kafka(port, root / "kafka", controller_port=controller), root / "kafka.log")
    settings = ServiceSettings(
        kafka=f"{HOST}:{port}",
        topic_prefix="kill.",
        postgres=parts.new_database(),
        redis=parts.new_redis(),
        originals=f"file://{root / 'originals'}",
    )
    asyncio.run(ensure_topics(settings))
    migrated(settings.postgres, "services.intake.migrations")
    server, wire = parts.mail, Holding(parts.mail.imap_port)
    address = server.new_address()
    service = Service(own, PROJECT, "intake", environment=_environment(settings, wire, address, own))
    intake = start(service, root / "intake.log")
    yield House(settings, server, address, wire, kafka, intake)
    intake.stop()
    wire.close()
    kafka.stop()
    parts.drop_database(settings.postgres)


@asynccontextmanager
async def locked(house: House, table: str, mode: str, waiting: str) -> AsyncIterator[Callable[[], object]]:
    """Hold a table, so that the process stands still where it first needs it."""
    holder = await asyncpg.connect(house.settings.postgres)

    async def stands() -> bool:
        return bool((await house.fetch(WAITS, waiting))[0]["count"])

    try:
        async with holder.transaction():
            await holder.execute(f"LOCK TABLE {table} IN {mode} MODE")
            yield functools.partial(eventually, stands, PATIENCE)
    finally:
        await holder.close()


@asynccontextmanager
async def held(house: House, *, answer: bool) -> AsyncIterator[Callable[[], object]]:
    """Hold the command that moves, or the server's answer to it."""
    house.wire.hold(MOVE, answer=answer)
    try:
        yield functools.partial(eventually, house.wire.held.is_set, PATIENCE)
    finally:
        house.wire.free()


@asynccontextmanager
async def silent(house: House) -> AsyncIterator[Callable[[], object]]:
    """Take Kafka away; the process stands where it has stored the original of a mail and cannot publish it."""
    await asyncio.to_thread(house.kafka.kill)
    before = len(_originals(house))
    try:
        yield functools.partial(eventually, lambda: len(_originals(house)) > before, PATIENCE)
    finally:
        await asyncio.to_thread(house.kafka.again)


def _originals(house: House) -> list[Path]:
    return list(Path(house.settings.originals.removeprefix("file://")).glob("*/original"))


POINTS = {
    "fetched, not stored": lambda house: locked(house, "intake.seen", "ACCESS EXCLUSIVE", "SELECT contact_id%seen%"),
    "stored, not published": silent,
    "published, not marked": lambda house: locked(house, "intake.seen", "SHARE", "INSERT INTO intake.seen%"),
    "marked, not in the ledger": lambda house: locked(house, "intake.mails", "SHARE", "INSERT INTO intake.mails%"),
    "in the ledger, not moved": lambda house: held(house, answer=False),
    "moved, not noted": lambda house: held(house, answer=True),
}


OFTEN = {"stored, not published", "published, not marked", "moved, not noted"}
"""The points that every run tries; each start of a service has its price."""


@pytest.mark.parametrize(
    "point", [point if point in OFTEN else pytest.param(point, marks=pytest.mark.long) for point in POINTS]
)
async def test_killed_at_any_point_between_fetch_and_move_every_mail_is_there_once(house: House, point: str) -> None:
    await house.again()
    await house.send()
    await eventually(house.done, timeout=PATIENCE, every=0.2)
    async with POINTS[point](house) as stands:
        message_id = await house.send()
        await stands()  # type: ignore[misc] # each gives a coroutine
        await house.kill()
    await house.again()
    await house.is_there_once(message_id)


async def away(house: House, seconds: float) -> None:
    """Take Kafka away for a while in which citizens write."""
    await house.again()
    await eventually(house.done, timeout=PATIENCE, every=0.2)
    until = time.monotonic() + seconds
    before = house.sent
    await asyncio.to_thread(house.kafka.kill)
    try:
        ids = [await house.send() for _ in range(20)]
        while time.monotonic() < until:
            assert len(await house.server.fetch_raw(house.address)) == 20
            assert len(await house.fetch("SELECT 1 FROM intake.mails")) == before
            await asyncio.sleep(0.5)  # the outage itself
    finally:
        await asyncio.to_thread(house.kafka.again)
    await house.is_there_once(ids[-1])
    assert len({event for one in ids for event in await house.events(one)}) == 20


async def test_kafka_away_mail_waits_in_its_box_and_all_is_caught_up(house: House) -> None:
    await away(house, 5)


@pytest.mark.long
async def test_kafka_away_for_a_minute(house: House) -> None:
    await away(house, 60)
