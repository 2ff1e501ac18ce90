"""The reconciler: compares leases, what agents hold, lines and contacts page by page; its drift should be zero."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError

from services.router.store.domain import Argument, Domain
from shared.errors import TransientError
from shared.vocabulary import Channel

_NAMED = 5
_PAGES_AT_ONCE = 4
"""So few that nobody waits for them: half a millisecond of the store's time."""
_PAGE = 16


@dataclass(slots=True)
class Drift:
    """Where the store contradicts itself (`first`: a few, by name and id), and what is offered and held."""

    wrong: int = 0
    offered: int = 0
    held: int = 0
    first: list[str] = field(default_factory=list)

    @property
    def named(self) -> str:
        """The first few contradictions, for the log."""
        return ", ".join(self.first)

    def take(self, page: list[Any]) -> str:
        """Count in one page and return the cursor of the next."""
        cursor, names, offered, held = page
        self.wrong += len(names)
        self.offered += int(offered)
        self.held += int(held)
        self.first += [name.decode() for name in names][: _NAMED - len(self.first)]
        return str(cursor.decode())


class Reconciler:
    """Looks through one domain; what moves meanwhile is compared as it is when its page is read.

    Between pages it rests for `pause` seconds, so that a pass over 100,000 contacts is felt by nobody.
    """

    def __init__(self, domain: Domain, pause: float = 0.0) -> None:
        self._domain = domain
        self._pause = pause

    async def drift(self) -> Drift:
        """Return what one whole pass finds; nothing is changed."""
        found = Drift()
        for function in ("drift_agents", "drift_leases"):
            cursor = "0"
            while True:
                cursor = found.take(await self._domain.call(function, cursor))
                if cursor == "0":
                    break
        async for function, rows in self._pages():
            for page in await self._domain.call_many(function, rows):
                found.take(page)
            await asyncio.sleep(self._pause)
        return found

    async def _pages(self) -> AsyncIterator[tuple[str, list[tuple[Argument, ...]]]]:
        """Give the pages of every line and of everything that is counted as waiting, some at once."""
        for function, index, prefix in (("drift_line", "heads", "q"), ("drift_waiting", "queues", "w")):
            for name in await self._names(index):
                length = await self._count(f"{prefix}:{name}")
                starts = range(0, max(length, 1), _PAGE)
                for first in range(0, len(starts), _PAGES_AT_ONCE):
                    yield function, [(name, start) for start in starts[first : first + _PAGES_AT_ONCE]]

    async def _names(self, index: str) -> list[str]:
        redis, key = self._domain.redis, self._domain.key
        try:
            found: list[Any] = await (redis.zrange(key(index), 0, -1) if index == "heads" else redis.hkeys(key(index)))
        except (RedisError, OSError) as error:
            raise TransientError(f"Redis: {type(error).__name__}") from error
        names = [name.decode() for name in found]
        return names if index == "heads" else [f"{queue}|{channel}" for queue in names for channel in Channel]

    async def _count(self, name: str) -> int:
        try:
            return int(await self._domain.redis.zcard(self._domain.key(name)))
        except (RedisError, OSError) as error:
            raise TransientError(f"Redis: {type(error).__name__}") from error
