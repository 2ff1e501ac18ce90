"""Whose case it is: the agent who last worked on it, so that an answer in its thread comes back to her."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from redis.asyncio import Redis

from shared.settings import ServiceSettings

KEPT = timedelta(days=90)


class CaseAgents:
    """The last agent of each case, forgotten after 90 days without a word; only ids are kept."""

    def __init__(self, redis: "Redis", settings: ServiceSettings) -> None:
        self._redis = redis
        self._prefix = f"{{{settings.domain}}}:case-agent:"

    async def remember(self, agents: Mapping[str, str]) -> None:
        """Note the agent of each case id."""
        if not agents:
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            for case_id, agent in agents.items():
                pipe.set(self._prefix + case_id, agent, ex=KEPT)
            await pipe.execute()

    async def of(self, cases: Sequence[str]) -> dict[str, str]:
        """Return the agent of each case that has one."""
        if not cases:
            return {}
        found = await self._redis.mget([self._prefix + case_id for case_id in cases])
        return {case_id: _text(agent) for case_id, agent in zip(cases, found, strict=True) if agent}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
