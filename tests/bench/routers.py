"""One router process on its own Kafka and Valkey: free ports, a folder that goes with it, everything stopped by handle.

What the local stack has besides (casework, stats, PostgreSQL, mail) is not there, so the figures are the router's.
"""

import asyncio
import gzip
import json
import resource
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil
import yaml
from aiokafka import AIOKafkaProducer

from deploy.local.plan import Plan
from deploy.local.running import Running, start
from deploy.local.settings import Ports
from deploy.prepare import SEED
from services.casework.usecases.files.catalogue_csv import read_catalogue
from services.casework.usecases.files.examples_jsonl import read_examples
from services.router.settings import Settings
from services.router.store.domain import Domain
from services.router.store.library import read_library
from shared.events import Event
from shared.ids import slug
from shared.publish import headers_of, message
from shared.records import AgentProfile, CaseTypeRecord, EntranceRecord, UnitRecord
from shared.topics import Topic
from shared.topics_admin import ensure_topics
from tests.support.stack import state_folder

_BATCH = 2_000
_FILES = 8_192


@dataclass
class House:
    """Kafka and Valkey that run, and the router that can be started on them."""

    plan: Plan
    running: ExitStack
    router: Running | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.plan.url("router")

    @property
    def token(self) -> str:
        return self.plan.keys.token

    @property
    def log(self) -> Path:
        return self.plan.root / "logs" / "router.log"

    @cached_property
    def settings(self) -> Settings:
        """The settings that the router process has, for what is measured inside this process."""
        facts = self.plan.environment()
        return Settings(
            kafka=facts["KC_KAFKA"], redis=facts["KC_REDIS"], originals=facts["KC_ORIGINALS"], log_format="console"
        )

    def start_router(self) -> psutil.Process:
        """Start the process; returns when it is ready."""
        part = next(part for part in self.plan.services() if part.name == "router")
        self.router = start(replace(part, environment=part.environment | self.environment), self.log)
        self.running.callback(self.router.kill)
        return psutil.Process(self.router.process.pid)

    def stop_router(self) -> tuple[int, float]:
        """SIGTERM to the process; return its exit code and the seconds that it took."""
        if self.router is None:
            raise SystemExit("no router was started")
        began = time.monotonic()
        self.router.stop()
        return self.router.process.returncode, time.monotonic() - began

    def wait_for_model(self, within: float = 120) -> None:
        """Return when a model has been fitted to the catalogue and stored."""
        until = time.monotonic() + within
        while "model_taken" not in self.log.read_text(encoding="utf-8", errors="replace"):
            if time.monotonic() > until:
                raise SystemExit(f"no model was fitted; the router's log: {self.log}")
            time.sleep(0.1)

    async def publish(self, events: Iterable[Event]) -> int:
        """Put events or records on their topics; returns how many, when all are acknowledged."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka, acks="all", linger_ms=5, max_batch_size=262_144
        )
        await producer.start()
        try:
            sent, coming = 0, iter(events)
            while batch := list(islice(coming, _BATCH)):
                await asyncio.gather(*[await _send(producer, event.topic, event) for event in batch])
                sent += len(batch)
            return sent
        finally:
            await producer.stop()

    @asynccontextmanager
    async def domain(self) -> AsyncIterator[Domain]:
        """The routing state as the router process has it, seen from here."""
        made = Domain(self.settings.redis, self.settings.domain, read_library(self.settings))
        try:
            number = await made.plain.hget(made.key("meta"), "gen")
            if number:
                made.adopt(int(number), await made.server())
            yield made
        finally:
            await made.close()


@contextmanager
def house(*, kafka: bool = True) -> Iterator[House]:
    """Run Valkey, and Kafka with all its topics, as long as the block lasts."""
    _allow_many_connections()
    with ExitStack() as running, state_folder() as root:
        plan = Plan.of(root, Ports.free())
        valkey = next(part for part in plan.data_parts() if part.name == "valkey")
        made = House(plan, running)
        with ExitStack() as inside:
            made.running = inside
            for part in (valkey, plan.kafka) if kafka else (valkey,):
                inside.callback(start(part, root / "logs" / f"{part.name}.log").kill)
            if kafka:
                asyncio.run(ensure_topics(made.settings))
            yield made


async def _send(producer: AIOKafkaProducer, topic: Topic, event: Event) -> Any:
    made = message(event)
    return await producer.send(topic.name, made.value, made.key.encode(), headers=headers_of(made, "bench"))


def _allow_many_connections() -> None:
    """A thousand waiting agents are a thousand sockets, here and (inherited) in the router."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def agents(count: int) -> list[AgentProfile]:
    """Return agents who take everything."""
    return [AgentProfile(id=f"agent-{n:04}", name=f"Agent {n}", skills={"*": 3}) for n in range(count)]


def catalogue() -> list[Event]:
    """Return the seed's units, entrances and case types with their examples: what the matching learns from."""
    lines = read_catalogue((SEED / "catalogue-sv.csv").read_bytes())
    said: dict[str, list[str]] = {}
    for one in read_examples((SEED / "examples-sv.jsonl.gz").read_bytes()):
        said.setdefault(one.case_type, []).append(one.text)
    names = {slug(line.unit): line.unit for line in lines}
    types = [
        CaseTypeRecord(
            id=line.id, path=line.path, unit=slug(line.unit), share=line.share, examples=tuple(said.get(line.id, ()))
        )
        for line in lines
    ]
    entrances = yaml.safe_load((SEED / "entrances.yaml").read_text(encoding="utf-8"))["entrances"]
    doors = [EntranceRecord.model_validate({**one, "unit": slug(one["unit"])}) for one in entrances]
    return [*(UnitRecord(id=unit, name=name) for unit, name in names.items()), *doors, *types]


def texts(words: int) -> Iterator[str]:
    """Yield Swedish texts of exactly so many words, for ever: the seed's contacts, cut or joined."""
    with gzip.open(SEED / "contacts-sv.jsonl.gz", "rt", encoding="utf-8") as file:
        said: Sequence[str] = [word for line in file for word in json.loads(line)["text"].split()]
    endless = cycle(said)
    while True:
        yield " ".join(islice(endless, words))


def cpu(process: psutil.Process) -> float:
    """Return the processor seconds that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)
