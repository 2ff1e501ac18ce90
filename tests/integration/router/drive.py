"""Drives the store with random commands from two processes and some agents, and breaks something between any two."""

import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from redis.asyncio import Redis

from services.router.domain.skills import Terms, profile_of
from services.router.settings import Settings
from services.router.store.domain import Domain, StaleError
from services.router.store.generation import Generation
from services.router.store.library import Library
from services.router.store.open import OpenContacts
from services.router.store.queues import NoLongerYoursError, Queues
from services.router.store.relay import Relay
from services.router.store.watermark import Watermark
from services.router.usecases.rebuild import Rebuild
from shared.errors import NotFoundError, TransientError
from shared.publish import Message
from shared.records import OpenContact
from shared.vocabulary import Channel
from tests.integration.router.model import Model
from tests.integration.router.parts import Agent, wrong
from tests.integration.router.support import FakePublisher, routed

T = TypeVar("T")
TERMS = {
    "maria": Terms(profile_of({"*": 3}, ["sv", "en"], list(Channel))),
    "jonas": Terms(profile_of({"skola": 2}, ["sv", "fi"], list(Channel)), rest_seconds=2),
    "amina": Terms(profile_of(["*"], ["sv"], [Channel.EMAIL, Channel.E_SERVICE]), capacity=90),
    "erik": Terms(
        profile_of({"skola": 5, "gata": 1}, ["sv"], [Channel.PHONE, Channel.EMAIL]), max_contacts=3, window_seconds=40
    ),
    "sara": Terms(profile_of(["*"], ["sv"], list(Channel)), blend_seconds={Channel.EMAIL: 5, Channel.E_SERVICE: 5}),
    "reserv": Terms(profile_of({"*": 5}, ["sv", "de"], list(Channel), reserve=True), capacity=130),
}


class Forgetful(FakePublisher):
    """Kafka, to which a relay can die in the middle of a batch: `dies_after` messages are taken, unacknowledged."""

    dies_after: int | None = None

    async def publish_prefix(self, *messages: Message, timeout: float = 2.0) -> int:  # noqa: ASYNC109, ARG002 - as Publisher
        if self.dies_after is None:
            return await super().publish_prefix(*messages)
        self.log.extend(messages[: self.dies_after])
        raise TransientError("the relay dies")


class Passed(Watermark):
    """Nobody waits for the relay: it is moved by hand."""

    async def passed(self, stream_id: str, within: float) -> None:
        del stream_id, within


@dataclass(slots=True)
class Process:
    """One router process: what it knows of the generation, and its commands."""

    domain: Domain
    queues: Queues

    @classmethod
    def start(cls, settings: Settings, library: Library) -> "Process":
        domain = Domain(settings.redis, settings.domain, library)
        return cls(
            domain,
            Queues(domain, Passed(), cooldown=settings.cooldown_seconds, connecting=settings.connecting_seconds),
        )


@dataclass(slots=True)
class Driver:
    """One domain, its model, and all that can break: processes, the relay, the store."""

    settings: Settings
    library: Library
    redis: Redis
    dice: random.Random
    kafka: Forgetful = field(default_factory=Forgetful)
    processes: list[Process] = field(default_factory=list)
    commands: int = 0
    offset: int = 0
    heard: str = "0-0"
    model: Model = field(init=False)
    relay: Relay = field(init=False)
    unacknowledged: list[OpenContact] = field(default_factory=list)
    losses: Counter[str] = field(default_factory=Counter)

    async def open(self) -> None:
        self.model = Model(
            cooldown_ms=round(self.settings.cooldown_seconds * 1000),
            interval_ms=round(self.settings.offer_interval_seconds * 1000),
            transfer_ms=round(self.settings.transfer_seconds * 1000),
            connecting=bool(self.settings.connecting_seconds),
            agents={agent: Agent(agent, terms) for agent, terms in TERMS.items()},
        )
        self.processes = [Process.start(self.settings, self.library) for _ in range(2)]
        self.relay = Relay(self.redis, self.key(""), self.kafka, Passed())  # type: ignore[arg-type] # the part it uses
        await self.recover()

    async def close(self) -> None:
        for process in self.processes:
            await process.domain.close()

    def key(self, name: str) -> str:
        tag = f"{{{self.settings.domain}}}"
        return f"{tag}:{name}" if name else tag

    @property
    def now(self) -> int:
        return round(time.time() * 1000) + self.offset

    @property
    def queues(self) -> Queues:
        return self.dice.choice(self.processes).queues

    # -- talking to the store

    async def hear(self) -> None:
        """Let the model follow what the store has written since."""
        entries: Any = await self.redis.xrange(self.key("out"), f"({self.heard}", "+")
        if entries:
            self.heard = entries[-1][0].decode()
            self.model.hear([{k.decode(): v.decode() for k, v in fields.items()} for _, fields in entries])

    async def ask(self, command: Callable[[Queues], Coroutine[Any, Any, T]]) -> T:
        """Run a command in one of the processes; one that does not know the generation finds out first."""
        self.commands += 1
        while True:
            try:
                answer = await command(self.queues)
            except StaleError:
                await self.recover()
                continue
            except BaseException:
                await self.hear()
                raise
            await self.hear()
            return answer

    async def attempt(self, command: Callable[[Queues], Coroutine[Any, Any, T]], *, right: bool) -> T | None:
        """Run a command that must be refused unless it is right; now and then its answer is lost and it comes again."""
        first = await self._outcome(command)
        wrong(right != first[0], "refused though it is right" if right else "done though it is wrong", first)
        if self.dice.random() < 0.1:
            again = await self._outcome(command)
            wrong(again != first, "the same command, another answer", first, again)
        return first[1]

    async def _outcome(self, command: Callable[[Queues], Coroutine[Any, Any, T]]) -> tuple[bool, T | None]:
        try:
            return True, await self.ask(command)
        except (NoLongerYoursError, NotFoundError):
            return False, None

    async def recover(self) -> None:
        """Every process sees to it that it knows a generation, as the guard does; the relay goes on meanwhile."""
        for process in self.processes:
            if process.domain.generation is None:
                assert await Rebuild(process.domain, Generation(process.domain), self.read).ensure()

    async def notice(self) -> None:
        """Every process looks whether the store is the one it knew, as the guard does once a second."""
        for process in self.processes:
            await process.domain.look()
        await self.recover()

    async def read(self) -> OpenContacts:
        """What a rebuild reads."""
        return self.kafka.open()

    async def relayed(self) -> None:
        """The relay moves what there is; and dies now and then between Kafka's answer and the trimming, or before."""
        if not await self.redis.xlen(self.key("out")):
            return
        if self.dice.random() < 0.2:
            self.kafka.dies_after = self.dice.randrange(50)
            with suppress(TransientError):
                await self.relay.move(1)
            self.kafka.dies_after = None
        while await self.redis.xlen(self.key("out")):
            await self.relay.move(1)
        self.unacknowledged.clear()

    async def sweep(self) -> None:
        """Until nothing is due."""
        started = self.now
        while True:
            done, following = await self.ask(lambda queues: queues.expire(16))
            if done < 16 and following != 0:
                break
        self.model.sweep(started, self.now)

    async def pass_time(self, seconds: float) -> None:
        """Move the store's clock on."""
        self.offset = int(await self.redis.incrby(self.key("clock"), round(seconds * 1000)))

    # -- what breaks

    async def another_process(self) -> None:
        """One process is gone without a word; its successor knows nothing."""
        number = self.dice.randrange(len(self.processes))
        await self.processes[number].domain.close()
        self.processes[number] = Process.start(self.settings, self.library)
        await self.recover()

    async def lose(self, how: str) -> None:
        """The store comes back as another server, or empty, or empty and with events that Kafka has never seen."""
        self.losses[how] += 1
        if how != "with a tail":
            await self.relayed()
        if how == "another server":
            await self.redis.hset(self.key("meta"), "run", "another")
        else:
            async with self.redis.pipeline(transaction=True) as pipe:
                pipe.flushdb()
                pipe.set(self.key("clock"), self.offset)
                await pipe.execute()
            self.heard = "0-0"
        first = self.dice.choice(self.processes)
        first.domain.lose("test")
        if self.dice.random() < 0.3:
            await self._rebuild_and_die(first)
        await self.recover()
        generation = next(p.domain.generation for p in self.processes if p is first)
        assert generation is not None
        self.model.rebuilt(self.kafka.open(), generation, self.now)
        await self._consume_again()

    async def _rebuild_and_die(self, process: Process) -> None:
        """A process dies in the middle of filling the store; its lease runs out."""
        generation, found = Generation(process.domain), self.kafka.open()
        number = max(process.domain.highest, *(await generation.earlier()), 0) + 1
        await generation.begin(number)
        await generation.wipe()
        await generation.restore(number, list(found.open.values())[: self.dice.randrange(20)], [])
        process.domain.highest = number

    async def _consume_again(self) -> None:
        """What was never acknowledged is read again."""
        again, self.unacknowledged = self.unacknowledged, []
        if again:
            await self.enqueue(again)

    async def enqueue(self, batch: list[OpenContact]) -> None:
        """Let a batch wait; a process may die in the middle of it, and then all of it comes again."""
        for each in batch:
            self.model.came(each)
        self.unacknowledged += batch
        parts = [batch]
        if len(batch) > 1 and self.dice.random() < 0.3:
            parts.insert(0, batch[: self.dice.randrange(1, len(batch))])
        for part in parts:
            messages = [routed(each) for each in part]
            await self.ask(partial(_enqueue, part, messages))

    # -- what is compared

    async def compare(self) -> None:
        """Hold the store's own words against the model, contact by contact and agent by agent."""
        open_ones = self.model.open
        async with self.redis.pipeline(transaction=True) as pipe:
            for contact in open_ones:
                pipe.hmget(self.key(f"c:{contact.id}"), "state", "epoch", "agent", "queue", "sig", "turn", "arr")
            for name in self.model.agents:
                pipe.hmget(self.key(f"a:{name}"), "presence", "used", "offer")
                pipe.hkeys(self.key(f"i:{name}"))
                pipe.hkeys(self.key(f"hold:{name}"))
            answers: list[Any] = await pipe.execute()
        for contact, found in zip(open_ones, answers, strict=False):
            its = (contact.state, contact.epoch, contact.agent or "", contact.queue, contact.signature)
            expected = [str(each) for each in (*its, contact.turn, contact.arrived)]
            seen = [(each or b"").decode() for each in found]
            wrong(seen != expected, "the store has it otherwise", seen, expected)
        rest = iter(answers[len(open_ones) :])
        for agent in self.model.agents.values():
            (presence, used, offer), items, hold = next(rest), next(rest), next(rest)
            seen = [(presence or b"offline").decode(), int(used or 0), (offer or b"").decode()]
            wrong(seen != [agent.presence, agent.used, agent.offer or ""], "the store has her otherwise", seen, agent)
            wrong({each.decode() for each in items} != set(agent.items), "she has something else", items, agent)
            wrong({each.decode() for each in hold} != agent.on_hold, "she has left something else", hold, agent)
        self.model.settled(self.now)


async def _enqueue(part: list[OpenContact], messages: list[Message], queues: Queues) -> None:
    await queues.enqueue(part, messages)
