"""Acts that carry a command id take effect once, whoever sends them again, for an hour."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.router.store.domain import Domain
from shared.errors import TransientError

KEPT_SECONDS = 3600
_UNDER_WAY_SECONDS = 10
_LOOK_SECONDS = 0.05


class Once:
    """Remembers command ids; one that is under way elsewhere is waited for."""

    def __init__(self, domain: Domain) -> None:
        self._redis: Redis = domain.plain
        self._prefix = domain.key("act:")

    @asynccontextmanager
    async def first(self, command_id: str) -> AsyncIterator[bool]:
        """Yield whether the act is to be done; when the block fails, it may be done again."""
        if not command_id:
            yield True
            return
        key = self._prefix + command_id
        if not await self._claim(key):
            yield False
            return
        try:
            yield True
        except BaseException:
            await self._asked(self._redis.delete(key))
            raise
        await self._asked(self._redis.set(key, "done", ex=KEPT_SECONDS))

    async def _claim(self, key: str) -> bool:
        while not await self._asked(self._redis.set(key, "doing", nx=True, ex=_UNDER_WAY_SECONDS)):
            if await self._asked(self._redis.get(key)) == b"done":
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    @staticmethod
    async def _asked(question: object) -> object:
        try:
            return await question  # type: ignore[misc] # what redis-py's commands return
        except (RedisError, OSError) as error:
            raise TransientError(f"Redis: {type(error).__name__}") from error
