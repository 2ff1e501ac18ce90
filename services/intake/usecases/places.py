"""Where callers stand in the queue: asked of the router behind their backs, so that nobody waits for the answer."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from shared.clock import Clock
from shared.errors import KontaktcenterError

MOST = 5000
"""Places remembered; of more, the oldest are forgotten."""
FRESH = timedelta(seconds=20)
"""How long a place is true enough to be said."""
SILENCE = timedelta(seconds=3)
"""How long the router may fail before callers are told that we have trouble; a second look has failed by then."""
ASKERS = 4
NOBODY = "nobody"
"""Who is asked for to see whether the router answers: like any contact, and never there."""
LOOK_SECONDS = 2.0
"""How long a look may take."""

log = structlog.get_logger(__name__)


class Router(Protocol):
    """What knows the queues."""

    async def place(self, contact_id: str) -> int | None: ...


@dataclass(slots=True)
class Places:
    """A bounded queue of questions, a few loops that ask them, and the answers while they are fresh.

    Whether the router answers at all is looked at every second, so that neither one lost question nor a quiet hour
    tells callers anything wrong.
    """

    router: Router
    clock: Clock
    every: float = 1.0
    _known: OrderedDict[str, tuple[int, datetime]] = field(default_factory=OrderedDict)
    _asked: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(MOST))
    _waiting: set[str] = field(default_factory=set)
    _silent_since: datetime | None = None

    @property
    def silent(self) -> bool:
        """Say whether the router has not answered for a while."""
        return self._silent_since is not None and self.clock() - self._silent_since >= SILENCE

    def known(self, contact_id: str) -> int | None:
        """Return a place that was learnt lately; None when it was not."""
        found = self._known.get(contact_id)
        return found[0] if found and self.clock() - found[1] <= FRESH else None

    def ask(self, contact_id: str) -> None:
        """Have a place found out; one that is being asked for, or for which there is no room, is not asked again."""
        if contact_id not in self._waiting and not self._asked.full():
            self._waiting.add(contact_id)
            self._asked.put_nowait(contact_id)

    async def run(self) -> None:
        """Ask, for as long as the process lives."""
        async with asyncio.TaskGroup() as group:
            for _ in range(ASKERS):
                group.create_task(self._ask())
            group.create_task(self._look())

    async def _look(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.router.place(NOBODY)
            except (KontaktcenterError, TimeoutError):
                if self._silent_since is None:
                    self._silent_since = self.clock()
                    log.warning("router_silent")
            else:
                self._silent_since = None
            await asyncio.sleep(self.every)

    async def _ask(self) -> None:
        while True:
            contact_id = await self._asked.get()
            try:
                self._learn(contact_id, await self.router.place(contact_id))
            except KontaktcenterError:
                pass  # she hears her place a little later
            finally:
                self._waiting.discard(contact_id)

    def _learn(self, contact_id: str, place: int | None) -> None:
        self._known.pop(contact_id, None)
        if place is not None:
            self._known[contact_id] = (place, self.clock())
            while len(self._known) > MOST:
                self._known.popitem(last=False)
