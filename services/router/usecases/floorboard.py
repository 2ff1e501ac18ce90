"""The floor as supervisors see it: read at most once a second for everybody who watches in this process."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Protocol

from services.router.store.floor import AgentView, OfferView
from services.router.store.look import QueueView, WaitingView
from shared.records import PeakRecord, QueueClosure

TOPIC = "floor"
CHANGED = "changed"
LOST = "lost"
"""Where and how pages are told that the floor has changed, or cannot be seen."""

FRESH_SECONDS = 0.9
WATCHED_SECONDS = 30.0
"""A queue that nobody has asked for in so long is watched no more."""
PAGE = 100


class Looking(Protocol):
    """Questions about queues (`store.look.Look`)."""

    async def queues(self) -> list[QueueView]:
        """Return every queue."""

    async def waiting(self, queue: str, limit: int = PAGE, offset: int = 0) -> list[WaitingView]:
        """Return whom nobody has accepted in a queue."""

    async def time(self) -> datetime:
        """Return what time it is in the store."""


class People(Protocol):
    """Questions about agents (`store.floor.Floor`)."""

    async def agents(self) -> list[AgentView]:
        """Return every agent."""

    async def offers(self) -> list[OfferView]:
        """Return the open offers."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The floor at one moment; `waiting` by the queues that somebody watches."""

    at: datetime
    queues: Sequence[QueueView]
    agents: Sequence[AgentView]
    offers: Sequence[OfferView]
    waiting: dict[str, list[WaitingView]]
    closures: dict[str, QueueClosure]
    peak: PeakRecord | None

    @property
    def gist(self) -> Hashable:
        """What must differ for a page to be shown anew: everything but the passing of time."""
        return (
            tuple((one.queue, one.waiting, one.ready_agents) for one in self.queues),
            tuple((one.agent_id, one.presence, one.reason, one.used, one.capacity, one.offer) for one in self.agents),
            tuple((*one.holds, "|", *one.on_hold, "|", *one.wrapping) for one in self.agents),
            tuple((one.contact_id, one.agent_id) for one in self.offers),
            tuple(
                (one.contact_id, one.queue, one.priority, one.state, one.step, (one.why_waiting or "").split(":")[0])
                for contacts in self.waiting.values()
                for one in contacts
            ),
            tuple((one.queue, one.until, one.instead) for one in self.closures.values()),
            self.peak,
        )


@dataclass(slots=True)
class Floorboard:
    """Remembers the newest look, so that many viewers cost what one does."""

    look: Looking
    people: People
    closed: Callable[[], Sequence[QueueClosure]]
    peak: Callable[[], PeakRecord | None]
    _seen: Seen | None = None
    _read_at: float = 0.0
    _watched: dict[str, float] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, queue: str | None = None, *, anew: bool = False) -> Seen:
        """Return the floor, at most a second old and with those who wait in `queue`; TransientError."""
        if queue is not None:
            self._watched[queue] = monotonic()
        async with self._reading:
            seen = self._seen
            old = seen is None or monotonic() - self._read_at > FRESH_SECONDS
            if seen is None or old or anew or (queue is not None and queue not in seen.waiting):
                began = monotonic()
                seen = self._seen = await self._read()
                self._read_at = began
        return seen

    def forget(self) -> None:
        """Let the next one who looks see what has just been done."""
        self._read_at = 0.0

    async def _read(self) -> Seen:
        now = monotonic()
        self._watched = {name: at for name, at in self._watched.items() if now - at < WATCHED_SECONDS}
        return Seen(
            at=await self.look.time(),
            queues=await self.look.queues(),
            agents=await self.people.agents(),
            offers=await self.people.offers(),
            waiting={name: await self.look.waiting(name, PAGE) for name in tuple(self._watched)},
            closures={one.queue: one for one in self.closed()},
            peak=self.peak(),
        )
