"""The state of this moment: who waits, for how long, and who is there to answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stats.store.scope import WITHIN, Units, bound
from shared.vocabulary import LIVE_CHANNELS


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue: how many wait, and since when the oldest call or visit, and the oldest mail or form."""

    queue: str
    skills: tuple[str, ...] = ()
    waiting: int = 0
    today: int = 0
    oldest_live: datetime | None = None
    oldest_written: datetime | None = None


@dataclass(frozen=True, slots=True)
class AgentState:
    """One agent who is logged in."""

    id: str
    presence: str
    capacity: int = 100
    used: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LiveState:
    """The moment: the queues that had contacts today or have somebody waiting, and the agents."""

    queues: Sequence[QueueState] = field(default_factory=tuple)
    agents: Sequence[AgentState] = field(default_factory=tuple)


_QUEUES = text(
    "SELECT queue, (array_agg(skills ORDER BY received_at DESC NULLS LAST))[1], "  # noqa: S608 - our own condition
    "count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE received_at >= :since), "
    "min(queued_at) FILTER (WHERE state = 'waiting' AND channel = ANY(:live)), "
    "min(queued_at) FILTER (WHERE state = 'waiting' AND channel <> ALL(:live)) "
    f"FROM stats.contacts WHERE queue <> '' AND (state = 'waiting' OR received_at >= :since) AND {WITHIN} "
    "GROUP BY queue"
)
_AGENTS = text(
    "SELECT agent_id, presence, capacity, CASE WHEN EXISTS (SELECT FROM stats.contacts AS c "
    "WHERE c.state = 'assigned' AND c.agent_id = presence.agent_id AND c.channel = ANY(:live)) "
    "THEN capacity ELSE 0 END, at FROM stats.presence WHERE presence <> 'offline'"
)
"""Whoever is in a call or a visit has no room; what a presence said of it was true only when it was told."""


class LiveStore:
    """Reads the projections of contacts and presence."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self, since: datetime, units: Units) -> LiveState:
        """Return the live state; `since` is when today began."""
        parameters = {"since": since, "live": sorted(LIVE_CHANNELS)} | bound(units)
        async with self._engine.connect() as conn:
            queues = [
                QueueState(name, tuple((skills or "").split()), *rest)
                for name, skills, *rest in await conn.execute(_QUEUES, parameters)
            ]
            agents = [AgentState(*row) for row in await conn.execute(_AGENTS, {"live": parameters["live"]})]
        return LiveState(queues=queues, agents=agents)
