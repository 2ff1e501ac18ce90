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
        """Empty, fold everything, and return how much it was; `progress` is told how many events are done.

        Nothing is emptied before the log has answered.
        """
        started, done = time.monotonic(), 0
        async with self.store.alone():
            log = aiter(self.log())
            records = await anext(log, None)
            await self.store.empty()
            while records is not None:
                await self.fold.handle(records)
                done += len(records)
                progress(done)
                records = await anext(log, None)
        return Replayed(done, time.monotonic() - started)
