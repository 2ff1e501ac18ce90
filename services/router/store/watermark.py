"""How far the relay has come: whoever needs its events in Kafka waits here."""

import asyncio
import heapq
from itertools import count

from shared.errors import LogUnavailableError

Position = tuple[int, int]


def position(stream_id: str) -> Position:
    """Return a stream id (`1764034066123-0`) as something that sorts."""
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number or 0)


class Watermark:
    """The highest stream id that is in Kafka."""

    def __init__(self) -> None:
        self._at: Position = (0, 0)
        self._waiting: list[tuple[Position, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def advance(self, stream_id: str) -> None:
        """Take note that everything up to this id is acknowledged."""
        self._at = max(self._at, position(stream_id))
        while self._waiting and self._waiting[0][0] <= self._at:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    async def passed(self, stream_id: str, within: float) -> None:
        """Return when everything up to `stream_id` is in Kafka; LogUnavailableError after `within` seconds."""
        wanted = position(stream_id) if stream_id else (0, 0)
        if wanted <= self._at:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (wanted, next(self._numbers), future))
        try:
            async with asyncio.timeout(within):
                await future
        except TimeoutError as error:
            raise LogUnavailableError(f"routing events not in Kafka within {within:g} s") from error
