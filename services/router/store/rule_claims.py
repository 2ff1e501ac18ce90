"""Who may publish a version number: two leads, or two routers, never publish different tables under one."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.errors import TransientError
from shared.settings import ServiceSettings

KEPT_SECONDS = 60
"""Longer than it takes until every router has read a published table."""


class RuleClaims:
    """A claim holds a number for one content, for a minute; the same content may claim it again."""

    def __init__(self, redis: "Redis", settings: ServiceSettings) -> None:
        self._redis = redis
        self._prefix = f"{{{settings.domain}}}:rules:"

    async def take(self, version: str, content: str) -> bool:
        """Say whether the number is this content's; TransientError when Redis does not answer."""
        key = self._prefix + version
        try:
            if await self._redis.set(key, content, nx=True, ex=KEPT_SECONDS):
                return True
            holder = await self._redis.get(key)
        except (RedisError, OSError) as error:
            raise TransientError(f"Redis: {type(error).__name__}") from error
        return (holder.decode() if isinstance(holder, bytes) else holder) == content
