"""Qmatic is asked by the clock to go on sending to us, and who waits: what was lost in between is caught up."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from services.intake.channels.qmatic import Orchestra
from services.intake.domain.growing import Growing
from services.intake.usecases.follow_qmatic import FollowQmatic
from shared.clock import Clock
from shared.errors import TransientError
from shared.health import Health

log = structlog.get_logger(__name__)
FIRST_WAIT = 5.0
PART = "qmatic"


@dataclass(frozen=True, slots=True)
class KeepQmatic:
    """Registers our address and compares each branch by the clock; sooner, and ever later, when that fails."""

    orchestra: Orchestra
    endpoint: str
    branches: Sequence[str]
    follow: FollowQmatic
    health: Health
    clock: Clock
    changed: Callable[[], None]
    every: float

    async def run(self) -> None:
        """Work until cancelled."""
        growing = Growing(FIRST_WAIT)
        while True:
            pause = self.every
            if await self.once():
                growing.well()
            else:
                pause = min(growing.next(self.every), self.every)
            await asyncio.sleep(pause)

    async def once(self) -> bool:
        """Register and compare; return whether all of it could be done. The health says what could not."""
        try:
            await self.orchestra.register(self.endpoint)
            for branch in self.branches:
                waiting = await self.orchestra.waiting(branch, self.clock())
                if waiting is None:
                    continue
                if differed := await self.follow.compare(branch, waiting):
                    log.warning("qmatic_differed", branch=branch, visits=differed)
                    self.changed()
        except TransientError as error:
            self.health.set(PART, f"not registered or compared: {error}", blocks=False)
            return False
        self.health.set(PART, None)
        return True
