"""Return calls that a key has asked for: when an agent accepts one, her phone is rung and she is connected."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from services.intake.domain.return_call import Due, Order
from shared.clock import Clock
from shared.errors import TransientError
from shared.events import Event
from shared.metrics import RETURN_CALLS_RUNG
from shared.records import AgentProfile

log = structlog.get_logger(__name__)
TOO_LATE = timedelta(seconds=30)
"""After this long she has dialled herself."""


class Legs(Protocol):
    """What waits to be rung."""

    async def take(self) -> list[Due]: ...


class Agents(Protocol):
    """The agents' profiles."""

    def get(self, key: str) -> Event | None: ...


class Dialer(Protocol):
    """A telephony that rings two phones and connects them."""

    async def ring(self, order: Order) -> None: ...


@dataclass(frozen=True, slots=True)
class RingBack:
    """Orders what waits at the telephony that the number belongs to; what cannot be ordered the agent dials herself."""

    legs: Legs
    agents: Agents
    dialers: Mapping[str, Dialer]
    """By what stands before the slash in ids of calls; 46elks' ids have none."""
    clock: Clock
    every: float = 1.0
    deadline: float = 15.0
    """Seconds for one order."""

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.once()
            except TransientError as error:
                log.warning("return_calls_not_looked_at", reason=str(error)[:200])
            await asyncio.sleep(self.every)

    async def once(self) -> int:
        """Order what waits, all at once; return how many phones ring."""
        results = await asyncio.gather(*(self._ring(one) for one in await self.legs.take()))
        return results.count("rung")

    async def _ring(self, due: Due) -> str:
        result = await self._result(due)
        RETURN_CALLS_RUNG.labels(result).inc()
        if result != "rung":
            log.warning("return_call_not_rung", contact_id=due.contact_id, why=result)
        return result

    async def _result(self, due: Due) -> str:
        dialer = self.dialers.get(due.call_id.rpartition("/")[0])
        profile = self.agents.get(due.agent_id)
        phone = profile.phone if isinstance(profile, AgentProfile) else ""
        if dialer is None or not due.shown.startswith("+"):
            return "no_provider"
        if not phone:
            return "no_phone"
        if self.clock() - due.accepted_at > TOO_LATE:
            return "late"
        try:
            async with asyncio.timeout(self.deadline):
                await dialer.ring(Order(phone, due.citizen, due.shown))
        except (TransientError, TimeoutError):
            return "failed"
        return "rung"
