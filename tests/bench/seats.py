"""Agents as the benchmarks of the router play them: each on a connection of her own, in as few bytes as can be."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.bench.http import Connection

_ROUND_SECONDS = 8.0


class Refused(Exception):  # noqa: N818 - it says what happened
    """The router answered something that no benchmark counts as work done."""


class Seat:
    """One agent."""

    def __init__(self, url: str, token: str, agent: str) -> None:
        self.agent = agent
        bearer = {"Authorization": f"Bearer {token}"}
        self._work, self._beat = Connection(url, bearer), Connection(url, bearer)

    async def present(self, presence: str = "ready") -> None:
        """Say what she is available for; again is her heartbeat."""
        path = f"/api/v1/agents/{self.agent}/presence"
        _answered(await self._beat.json("PUT", path, {"presence": presence}), 200)

    async def pull(self, wait: float = 0) -> dict[str, Any] | None:
        """Return an offer, None when there is none."""
        answer = await self._work.json("POST", f"/api/v1/agents/{self.agent}/pull?wait={wait:g}", {})
        if answer[0] == 204:
            return None
        offer: dict[str, Any] = _answered(answer, 200)
        return offer

    async def accept(self, offer: dict[str, Any]) -> dict[str, Any]:
        """Take the offer; return what she holds now."""
        path = f"/api/v1/offers/{offer['offer_id']}/accept"
        mine: dict[str, Any] = _answered(await self._work.json("POST", path, {"epoch": offer["epoch"]}), 200)
        return mine

    async def complete(self, mine: dict[str, Any]) -> None:
        """End what she holds."""
        path = f"/api/v1/contacts/{mine['contact_id']}/complete"
        _answered(await self._work.json("POST", path, {"epoch": mine["epoch"], "case_type": "ct-bench"}), 204)

    async def close(self) -> None:
        """Hang up."""
        for each in (self._work, self._beat):
            await each.__aexit__(None, None, None)


@asynccontextmanager
async def seated(url: str, token: str, agents: Sequence[str]) -> AsyncIterator[list[Seat]]:
    """Agents who are ready, and whose heartbeats go on as long as the block lasts."""
    seats = [Seat(url, token, agent) for agent in agents]
    for start in range(0, len(seats), 50):
        await asyncio.gather(*(seat.present() for seat in seats[start : start + 50]))
    beating = asyncio.create_task(_beat(seats))
    try:
        yield seats
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        for seat in seats:
            await seat.close()


async def _beat(seats: Sequence[Seat]) -> None:
    """One heartbeat after the other, evenly, everybody in eight seconds."""
    while True:
        for seat in seats:
            await asyncio.sleep(_ROUND_SECONDS / len(seats))
            await seat.present()


def _answered(answer: tuple[int, Any], wanted: int) -> Any:
    if answer[0] != wanted:
        raise Refused(f"answered {answer[0]} instead of {wanted}: {answer[1]}")
    return answer[1]
