"""Which queues have contacts that wait until they are opened: read from the far end of the one set of deadlines."""

from datetime import UTC, datetime, timedelta
from typing import Any

from redis.exceptions import RedisError

from services.router.domain.closing import FAR
from services.router.store.domain import Domain
from shared.errors import TransientError

_PAGE = 16
_EPOCH = datetime.fromtimestamp(0, UTC)


class Held:
    """Questions to one domain; the cost is that of the queues found, however many wait in them."""

    def __init__(self, domain: Domain) -> None:
        self._redis = domain.redis
        self._key = domain.key

    async def queues(self) -> list[tuple[str, datetime]]:
        """Return each queue that holds contacts until it is opened, with the moment that stands for that."""
        try:
            return await self._queues()
        except (RedisError, OSError) as error:
            raise TransientError(f"Redis: {type(error).__name__}") from error

    async def _queues(self) -> list[tuple[str, datetime]]:
        found: list[tuple[str, datetime]] = []
        after = _milliseconds(FAR) - 1
        while True:
            first = await self._redis.zrangebyscore(
                self._key("lease"), f"({after}", "+inf", start=0, num=1, withscores=True
            )
            if not first:
                return found
            after = int(first[0][1])
            moment = _EPOCH + timedelta(milliseconds=after)
            found += [(queue, moment) for queue in await self._at(after)]

    async def _at(self, moment: int) -> list[str]:
        """Return the queues of the first contacts that wait until a moment; nearly always it is one."""
        members: Any = await self._redis.zrangebyscore(self._key("lease"), moment, moment, start=0, num=_PAGE)
        async with self._redis.pipeline(transaction=False) as pipe:
            for member in members:
                pipe.hget(self._key(f"c:{member.decode().partition(':')[2]}"), "queue")
            queues = await pipe.execute()
        return sorted({queue.decode() for queue in queues if queue})


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
