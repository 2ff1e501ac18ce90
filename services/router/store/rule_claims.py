"""Who may publish a version number, and what a command has published: two leads never publish under one number."""

from datetime import timedelta
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.errors import TransientError
from shared.settings import ServiceSettings

KEPT_SECONDS = 60
"""Longer than it takes until every router has read a published table."""
REMEMBERED = timedelta(hours=24)
"""How long a command that is repeated gets its old answer."""


class RuleClaims:
    """A claim holds a number for one content, for a minute; the same content may claim it again."""

    def __init__(self, redis: "Redis", settings: ServiceSettings) -> None:
        self._redis = redis
        self._prefix = f"{{{settings.domain}}}:rules:"
        self._commands = f"{{{settings.domain}}}:rules-command:"

    async def take(self, version: str, content: str) -> bool:
        """Say whether the number is this content's; TransientError when Redis does not answer."""
        key = self._prefix + version
        if await _asked(self._redis.set(key, content, nx=True, ex=KEPT_SECONDS)):
            return True
        return _text(await _asked(self._redis.get(key))) == content

    async def published_by(self, command_id: str) -> str | None:
        """Return the version that a command has published within a day."""
        return _text(await _asked(self._redis.get(self._commands + command_id)))

    async def note(self, command_id: str, version: str) -> None:
        """Remember what a command has published."""
        await _asked(self._redis.set(self._commands + command_id, version, ex=REMEMBERED))


async def _asked(question: Any) -> Any:
    try:
        return await question
    except (RedisError, OSError) as error:
        raise TransientError(f"Redis: {type(error).__name__}") from error


def _text(value: bytes | str | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
