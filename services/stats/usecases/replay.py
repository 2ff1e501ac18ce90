"""Builds everything again from the log: the projections are emptied and both topics folded from their start."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.stats.store.facts import FactStore
from services.stats.usecases.fold import Fold
from shared.lane import Received


@dataclass(frozen=True, slots=True)
class Replayed:
    """How it went."""

    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Replay:
    """Runs while stats may be up: its folds wait for the lock, and then find that it is done."""

    store: FactStore
    fold: Fold
    log: Callable[[], AsyncIterator[Sequence[Received[Any]]]]

    async def run(self, progress: Callable[[int], None]) -> Replayed:
        """Empty, fold everything, and return how much it was; `progress` is told how many events are done."""
        started, done = time.monotonic(), 0
        async with self.store.alone():
            await self.store.empty()
            async for records in self.log():
                await self.fold.handle(records)
                done += len(records)
                progress(done)
        return Replayed(done, time.monotonic() - started)
