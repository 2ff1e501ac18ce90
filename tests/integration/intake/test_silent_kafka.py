"""Kafka falls silent (its process is stopped where it stands) or is killed: calls are answered, forms come again.

Nothing is lost, and what was told is told in the order in which it came.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count
from signal import SIGCONT, SIGSTOP
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY

from deploy.local.kafka import Kafka
from deploy.local.part import free_ports
from deploy.local.running import Running
from deploy.local.running import started as running
from services.intake.domain.recording import ALL, Kind
from services.intake.web.sounds import hold_sound
from shared.ids import natural_contact_id
from shared.publish import Publisher, message
from shared.settings import ServiceSettings
from shared.topics import CONTACTS
from shared.topics_admin import ensure_topics
from tests.integration.intake.conftest import ENTRANCES
from tests.integration.intake.doors import Intake, intake_settings, started
from tests.support.kafka import read
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A broker of one's own that may be stopped and killed."""
    folder = tmp_path_factory.mktemp("broker")
    port, controller = free_ports(2)
    with running(Kafka(port, folder / "kafka", controller_port=controller), folder / "kafka.log") as made:
        yield made, f"127.0.0.1:{port}"


@dataclass
class Town:
    """An intake on that broker, and who calls and writes to it, one after the other."""

    intake: Intake
    kafka: Running
    rung: list[str] = field(default_factory=list)
    filed: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    async def ring(self, *, in_order: bool = True) -> str:
        """Ring, and return what is heard."""
        call_id = f"c{next(self.numbers):05}"
        (self.rung if in_order else self.filed).append(natural_contact_id("call", call_id))
        answer = await self.intake.ring(
            callid=call_id, to="+46846500400", direction="incoming", **{"from": "anonymous"}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["play"])

    async def text(self) -> None:
        """Write an SMS."""
        name = f"m{next(self.numbers):05}"
        self.rung.append(natural_contact_id("sms", name))
        sms = {"id": name, "to": "+46846500400", "from": "+46701740640", "message": "Hissen står"}
        assert (await self.intake.ring("sms", **sms)).status_code == 204

    async def file(self) -> int:
        name = f"s{next(self.numbers):05}"
        answer = await self.intake.form({"form": "kontakta-oss", "submission_id": name, "fields": {"a": "b"}})
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
        else:
            assert answer.status_code == 202
            self.filed.append(answer.json()["contact_id"])
        return answer.status_code

    async def all_told(self) -> bool:
        """Say whether each contact stands in Kafka, those of a partition in the order in which they came."""
        came = [*self.rung, *self.filed]
        records = await read(self.intake.settings, CONTACTS)
        first = dict.fromkeys((record.partition, record.key.decode()) for record in records)
        assert {contact for _, contact in first} == set(came)
        for partition in {partition for partition, _ in first}:
            order = [contact for at, contact in first if at == partition and contact in set(self.rung)]
            assert order == [contact for contact in self.rung if contact in set(order)]
        return True


@pytest.fixture
async def town(broker: tuple[Running, str], settings: ServiceSettings) -> AsyncIterator[Town]:
    kafka, address = broker
    own = settings.model_copy(update={"kafka": address})
    migrated(own.postgres, "services.intake.migrations")
    await ensure_topics(own)
    publisher = Publisher(own, "test")
    await publisher.start()
    await publisher.publish(*(message(entrance) for entrance in ENTRANCES), timeout=60)
    async with started(intake_settings(own), publisher) as intake:
        yield Town(intake, kafka)
    await publisher.stop()


def failures() -> float:
    return REGISTRY.get_sample_value("kc_publish_failed_total", {"source": "intake"}) or 0.0


async def silence(town: Town, seconds: float = 0.0) -> None:
    """Go through a silence: only who comes first waits for Kafka, calls are spooled, forms are told to come again."""
    until = asyncio.get_running_loop().time() + seconds
    for _ in range(5):
        await town.ring()
        assert await town.file() == 202
    town.kafka.process.send_signal(SIGSTOP)
    try:
        before = failures()
        await asyncio.gather(*(town.ring(in_order=False) for _ in range(5)))
        for _ in range(60):
            await town.ring()
        assert {await town.file() for _ in range(20)} == {503}
        assert failures() - before <= 5 + 4  # those five at once, and the relay's own tries
        while asyncio.get_running_loop().time() < until:
            await town.ring()
            assert await town.file() == 503
    finally:
        town.kafka.process.send_signal(SIGCONT)


async def recovery(town: Town) -> None:
    async def taken_again() -> bool:
        return await town.file() == 202

    await eventually(taken_again, 90, every=0.3)
    for _ in range(5):
        await town.ring()
    await eventually(town.all_told, 60, every=0.5)


async def test_a_silence_costs_no_contact_and_no_order(town: Town) -> None:
    await silence(town)
    await recovery(town)


async def test_a_broker_that_is_killed_costs_none_either(town: Town) -> None:
    for _ in range(5):
        await town.ring()
    town.kafka.kill()
    for _ in range(40):
        await town.ring()
    assert await town.file() == 503
    await asyncio.to_thread(town.kafka.again)
    await recovery(town)


async def spooled(town: Town) -> list[str]:
    """Return the contacts that wait for Kafka, in the order in which it gets them."""
    async with await psycopg.AsyncConnection.connect(town.intake.settings.postgres) as connection:
        rows = await connection.execute("SELECT key FROM intake.outbox ORDER BY id")
        return [key for (key,) in await rows.fetchall()]


async def test_who_rings_while_kafka_is_away_is_told_so_and_calls_and_sms_come_out_as_they_came(town: Town) -> None:
    app, clock = town.intake.app, asyncio.get_running_loop().time
    fault = await app.state.recordings.upload(ALL, Kind.FAULT, "sv", hold_sound() + b"fault", "admin")
    circuit = app.state.answer_call.log
    await town.ring()
    await town.text()
    before = len(town.rung)
    town.kafka.kill()

    async def heard() -> float:
        began = clock()
        assert (await town.ring()).endswith(fault.file)
        return clock() - began

    coming: list[asyncio.Task[float | None]] = [asyncio.create_task(heard())]
    await eventually(lambda: circuit.waiting == 1)
    began = clock()
    await eventually(lambda: clock() > began + 1)
    for number in range(6):  # all of them before the first has waited for long enough
        coming.append(asyncio.create_task(town.text() if number % 2 else heard()))
        await eventually(lambda: circuit.silent or circuit.waiting == len(coming))
    await eventually(lambda: circuit.silent, every=0.001)
    coming.append(asyncio.create_task(heard()))  # she must not overtake those who still wait
    took = [seconds for seconds in await asyncio.gather(*coming) if seconds is not None]
    assert max(took) < town.intake.settings.publish_timeout + 2
    for _ in range(3):
        assert await heard() < 2, "it is known by now"
        await town.text()
    assert await spooled(town) == town.rung[before:]
    await asyncio.to_thread(town.kafka.again)
    await recovery(town)


@pytest.mark.long
async def test_a_silence_of_a_minute(town: Town) -> None:
    await silence(town, seconds=60)
    await recovery(town)
