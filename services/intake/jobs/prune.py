"""Intake's own rows have an end: keys after a day, calls, visits and marks after the plan's time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from shared.clock import Clock

log = structlog.get_logger(__name__)

HOUR = 3600.0
Forget = Callable[[datetime], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Prune:
    """Forgets what is older than each rule allows, every hour."""

    rules: Sequence[tuple[timedelta, Forget]]
    clock: Clock
    every: float = HOUR

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(self.every)

    async def once(self) -> int:
        """Apply every rule; return how many rows went."""
        removed = 0
        for age, forget in self.rules:
            removed += await forget(self.clock() - age)
        if removed:
            log.info("pruned", rows=removed)
        return removed
