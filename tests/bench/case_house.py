"""One casework process on its own Kafka, PostgreSQL and Valkey: free ports, a folder that goes with it.

There is no mail server: replies and receipts wait in the queue, as they would while the real one is away.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from aiokafka import AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.database import Postgres
from deploy.local.plan import DATABASE, Plan
from deploy.local.running import Running, start
from deploy.local.settings import Ports
from deploy.prepare import SEED
from services.casework.settings import Settings
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import imports
from shared.clock import utc_now
from shared.events import Event
from shared.publish import headers_of, message
from shared.topics_admin import ensure_topics
from tests.bench.http import Connection
from tests.support.checklists import CHECKLISTS
from tests.support.stack import state_folder

_BATCH = 2_000
MEMORY = {"shared_buffers": "256MB", "effective_cache_size": "1GB"}
"""What a database of this size is given anywhere; the local stack's 64 MB are for a laptop's demo."""


@dataclass
class CaseHouse:
    """The parts that run, and the casework process that can be started on them."""

    plan: Plan
    running: ExitStack
    process: Running | None = None

    @property
    def settings(self) -> Settings:
        facts = self.plan.environment()
        return Settings(
            kafka=facts["KC_KAFKA"], redis=facts["KC_REDIS"], postgres=facts["KC_POSTGRES"], log_format="console"
        )

    @property
    def log(self) -> Path:
        return self.plan.root / "logs" / "casework.log"

    @property
    def pid(self) -> int:
        if self.process is None:
            raise SystemExit("casework was not started")
        return self.process.process.pid

    def start(self) -> None:
        """Start casework; returns when it is ready."""
        self.process = self.beside("casework")

    def beside(self, service: str) -> Running:
        """Start one of the four services; returns when it is ready."""
        part = next(part for part in self.plan.services() if part.name == service)
        quiet = {"KC_LOG_LEVEL": "ERROR"}
        process = start(replace(part, environment=part.environment | quiet), self.plan.root / f"logs/{service}.log")
        self.running.callback(process.kill)
        return process

    def stop(self) -> None:
        """SIGTERM to casework."""
        if self.process is not None:
            self.process.stop()
            self.process = None

    @asynccontextmanager
    async def connections(self, count: int) -> AsyncIterator[list[Connection]]:
        """Connections to casework with the machine's token."""
        bearer = {"Authorization": f"Bearer {self.plan.keys.token}"}
        made = [Connection(self.plan.url("casework"), bearer) for _ in range(count)]
        try:
            yield made
        finally:
            for one in made:
                await one.__aexit__(None, None, None)

    async def seed(self, engine: AsyncEngine) -> None:
        """Take in the catalogue."""
        uow = UnitOfWork(engine)
        await imports.ImportCatalogue(uow, "kommun.example").run((SEED / "catalogue-sv.csv").read_bytes())
        await imports.ImportChecklists(uow, utc_now).run(CHECKLISTS.read_bytes())
        await imports.ImportEntrances(uow).run((SEED / "entrances.yaml").read_bytes())
        await imports.ImportPeople(uow).run((SEED / "people.yaml").read_bytes())

    async def publish(self, events: Iterable[Event]) -> None:
        """Put events on their topics; returns when all are acknowledged."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka, acks="all", linger_ms=5, max_batch_size=262_144
        )
        await producer.start()
        try:
            coming = iter(events)
            while batch := [message(event) for event in islice(coming, _BATCH)]:
                sent = [
                    await producer.send(one.topic.name, one.value, one.key.encode(), headers=headers_of(one, "bench"))
                    for one in batch
                ]
                await asyncio.gather(*sent)
        finally:
            await producer.stop()


@contextmanager
def case_house() -> Iterator[CaseHouse]:
    """Run Kafka with all its topics, PostgreSQL and Valkey, as long as the block lasts."""
    with ExitStack() as running, state_folder() as root:
        plan = Plan.of(root, Ports.free())
        made = CaseHouse(plan, running)
        with ExitStack() as inside:
            made.running = inside
            postgres = replace(plan.postgres, options=MEMORY)
            valkey = next(part for part in plan.data_parts() if part.name == "valkey")
            for part in (valkey, postgres, plan.kafka):
                inside.callback(start(part, root / "logs" / f"{part.name}.log").kill)
            Postgres.create(postgres, DATABASE)
            asyncio.run(ensure_topics(made.settings))
            yield made
