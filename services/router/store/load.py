"""How many wait in each queue: asked for whole batches of contacts, so an answer serves for two seconds."""

import time
from collections.abc import Callable, Mapping

from redis.exceptions import RedisError

from services.router.store.domain import Domain
from shared.errors import TransientError
from shared.vocabulary import Channel

FRESH_SECONDS = 2.0


class Load:
    """The counts of one domain."""

    def __init__(self, domain: Domain, now: Callable[[], float] = time.monotonic) -> None:
        self._redis = domain.redis
        self._key = domain.key
        self._now = now
        self._read_at = float("-inf")
        self._waiting: Mapping[str, int] = {}

    async def waiting(self) -> Mapping[str, int]:
        """Return how many wait in each queue, at most two seconds ago; TransientError when Redis does not answer."""
        if self._now() - self._read_at >= FRESH_SECONDS:
            self._waiting, self._read_at = await self._read(), self._now()
        return self._waiting

    async def _read(self) -> Mapping[str, int]:
        try:
            names = [_text(name) for name in await self._redis.hkeys(self._key("queues"))]
            async with self._redis.pipeline(transaction=False) as pipe:
                for name in names:
                    for channel in Channel:
                        pipe.zcard(self._key(f"w:{name}|{channel}"))
                counts = await pipe.execute() if names else []
        except (RedisError, OSError) as error:
            raise TransientError(f"Redis: {type(error).__name__}") from error
        each = len(Channel)
        return {name: sum(counts[place * each : (place + 1) * each]) for place, name in enumerate(names)}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
