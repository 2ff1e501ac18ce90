"""What the router's tests on a real Valkey share."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from services.router.domain.skills import Profile, Terms, profile_of
from services.router.settings import Settings
from services.router.store.domain import Domain
from services.router.store.generation import Generation
from services.router.store.library import read_library
from services.router.store.look import Look
from services.router.store.open import OpenContacts
from services.router.store.queues import Availability, EndedCase, Offered, Queues
from services.router.store.reconcile import Drift, Reconciler
from services.router.store.relay import Relay
from services.router.store.watermark import Watermark
from services.router.usecases.rebuild import Rebuild
from shared.decode import ALL_TYPES
from shared.events import ContactRouted
from shared.publish import Message, message
from shared.records import OpenContact
from shared.vocabulary import Channel, ContactState, Presence, Priority
from tests.support.wait import eventually

ALL = profile_of(["*"], ["sv"], list(Channel))


class FakePublisher:
    """Keeps what it is given, as Kafka would; `broken` acknowledges nothing."""

    def __init__(self) -> None:
        self.log: list[Message] = []
        self.broken = False

    async def publish_prefix(self, *messages: Message, timeout: float = 2.0) -> int:  # noqa: ASYNC109, ARG002 - as Publisher
        if self.broken:
            return 0
        self.log.extend(messages)
        return len(messages)

    def events(self, contact_id: str | None = None) -> list[Any]:
        """Return the events (records and tombstones apart) in order, read by their models."""
        return [
            ALL_TYPES[each.type].model_validate_json(each.value)
            for each in self.routing()
            if each.value and contact_id in {None, each.key}
        ]

    def routing(self) -> list[Message]:
        """Return the messages that `events` reads."""
        return [each for each in self.log if each.topic.name == "routing" and each.value]

    def types(self, contact_id: str | None = None) -> list[str]:
        return [type(event).__name__ for event in self.events(contact_id)]

    def open(self) -> OpenContacts:
        """Return what the topic `open` holds."""
        found = OpenContacts()
        for each in self.log:
            if each.topic.name == "open":
                found.apply(each.key, OpenContact.model_validate_json(each.value) if each.value else None)
        return found


@dataclass(slots=True)
class Desk:
    """One domain on a real server, with its relay; time is moved by its clock."""

    settings: Settings
    redis: Redis
    kafka: FakePublisher = field(default_factory=FakePublisher)
    watermark: Watermark = field(default_factory=Watermark)
    tampered: bool = False
    """A test has been at the store itself: it contradicts itself on purpose."""
    domain: Domain = field(init=False)
    queues: Queues = field(init=False)
    look: Look = field(init=False)
    relay: Relay = field(init=False)

    def __post_init__(self) -> None:
        self.domain = Domain(self.settings.redis, self.settings.domain, read_library(self.settings))
        self.queues = Queues(
            self.domain,
            self.watermark,
            cooldown=self.settings.cooldown_seconds,
            connecting=self.settings.connecting_seconds,
        )
        self.look = Look(self.domain)
        self.relay = Relay(self.domain.plain, self.domain.tag, self.kafka, self.watermark)  # type: ignore[arg-type] # the part it uses

    async def rebuild(self) -> bool:
        async def read() -> OpenContacts:
            return self.kafka.open()

        return await Rebuild(self.domain, Generation(self.domain), read).ensure()

    async def pass_time(self, seconds: float) -> None:
        await self.redis.incrby(self.domain.key("clock"), round(seconds * 1000))

    async def clock(self) -> datetime:
        seconds, micros = await self.redis.time()
        offset = int(await self.redis.get(self.domain.key("clock")) or 0)
        return datetime.fromtimestamp(seconds + micros / 1e6 + offset / 1000, UTC)

    async def sweep(self) -> int:
        total = 0
        while True:
            done, following = await self.queues.expire()
            total += done
            if done < 16 and following != 0:
                return total

    async def relayed(self) -> None:
        """Wait until the relay has moved everything."""

        async def empty() -> bool:
            return not await self.redis.xlen(self.domain.key("out"))

        await eventually(empty, every=0.002)

    async def arrive(self, contact_id: str, *, ago: float = 0, **fields: Any) -> OpenContact:
        """Let one contact wait, which came `ago` seconds ago."""
        made = contact(contact_id, received_at=await self.clock() - timedelta(seconds=ago), **fields)
        await self.queues.enqueue([made], [routed(made)])
        return made

    async def end_case(self, contact_id: str, agent: str | None = None) -> None:
        await self.queues.end_cases([EndedCase(contact_id, agent, None)])

    async def lose(self, *, flush: bool) -> None:
        """Lose the store's memory (what the relay has not moved is lost too), or its identity; then rebuild."""
        await self.relayed()
        if flush:
            await self.redis.flushdb()
        else:
            await self.redis.hset(self.domain.key("meta"), "run", "another")
        self.domain.lose("test")
        assert await self.rebuild()

    async def drift(self) -> Drift:
        """Return what a whole pass of the reconciler finds."""
        return await Reconciler(self.domain).drift()

    async def ready(self, agent: str, profile: Profile = ALL, capacity: int = 100, **terms: Any) -> Availability:
        return await self.be(agent, Presence.READY, profile, capacity, **terms)

    async def be(
        self, agent: str, presence: Presence, profile: Profile = ALL, capacity: int = 100, **terms: Any
    ) -> Availability:
        return await self.queues.presence(agent, presence, None, Terms(profile, capacity, **terms))

    async def pull(
        self, agent: str, *, wait: float = 0, profile: Profile = ALL, capacity: int = 100, **terms: Any
    ) -> Offered | None:
        return await self.queues.pull(agent, Terms(profile, capacity, **terms), wait=wait)

    async def take(self, agent: str, **wish: Any) -> tuple[str, int]:
        """Pull and accept: return the contact and the epoch it is held by."""
        offer = await self.pull(agent, **wish)
        assert offer is not None
        return await self.queues.accept(f"{offer.contact_id}.{offer.epoch}", offer.epoch)


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Yield a domain whose relay runs."""
    redis = Redis.from_url(settings.redis)
    desk = Desk(settings, redis)
    relay = asyncio.create_task(desk.relay.run())
    await desk.rebuild()
    try:
        yield desk
    finally:
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)
        await desk.domain.close()
        await redis.aclose()


def contact(contact_id: str, **fields: Any) -> OpenContact:
    """Return a contact about to wait: a normal mail unless said otherwise."""
    values: dict[str, Any] = {
        "state": ContactState.WAITING,
        "epoch": 0,
        "channel": Channel.EMAIL,
        "entrance": "kontakt-mejl",
        "unit": "kontaktcenter",
        "queue": "kontaktcenter",
        "priority": Priority.NORMAL,
        "received_at": datetime.now(UTC),
    }
    return OpenContact(contact_id=contact_id, **(values | fields))


def routed(of: OpenContact) -> Message:
    """Return the `contact.routed` of a contact."""
    shared = {name for name in ContactRouted.model_fields if name in OpenContact.model_fields}
    return message(ContactRouted(**json.loads(of.model_dump_json(include=shared))), event_id=f"routed-{of.contact_id}")
