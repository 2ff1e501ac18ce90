"""Calls that telephony is silent about: those whose phone rings no more, and those that ended while we slept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.intake.domain.call import HangUp
from shared.clock import Clock
from shared.errors import TransientError

log = structlog.get_logger(__name__)
_MARGIN = timedelta(minutes=5)
"""Clocks differ, and a call is created before it reaches us."""


class Open(Protocol):
    """The calls that are open."""

    async def long_ringing(self, before: datetime) -> Sequence[str]: ...
    async def open_since(self, before: datetime) -> tuple[Sequence[str], datetime | None]: ...


class Follow(Protocol):
    """Where it is said that a call is through."""

    async def connected(self, call_id: str, *, exact: bool = True) -> bool: ...


class End(Protocol):
    """Where it is said that a call is over."""

    async def end(self, hang_up: HangUp) -> bool: ...


class History(Protocol):
    """What the provider knows."""

    async def ended(self, since: datetime, wanted: frozenset[str]) -> dict[str, HangUp]: ...


@dataclass(frozen=True, slots=True)
class WatchRinging:
    """Takes a call to be through when nothing has been heard of its agent's phone for as long as one can ring.

    46elks says that a phone was busy or silent, and at the end that it was not; it never says that it answered.
    """

    calls: Open
    follow: Follow
    clock: Clock
    longest: float = 65.0
    every: float = 2.0

    async def run(self) -> None:
        """Work until cancelled; a part that does not answer is asked the next time."""
        while True:
            try:
                await self.once()
            except TransientError as error:
                log.warning("ringing_unwatched", reason=str(error)[:200])
            await asyncio.sleep(self.every)

    async def once(self) -> int:
        """Look once; return how many calls are through."""
        through = 0
        for call_id in await self.calls.long_ringing(self.clock() - timedelta(seconds=self.longest)):
            through += await self.follow.connected(call_id, exact=False)
        return through


@dataclass(slots=True)
class ReconcileCalls:
    """Asks 46elks for the end of calls that we believe open: at our start, and whenever one has been open for a while.

    Its hang-up is said once by webhook, and lost if we are away then; its history tells all the same.
    """

    calls: Open
    history: History
    ending: End
    clock: Clock
    every: float = 60.0
    deadline: float = 60.0
    """Seconds for one whole round."""
    _trouble: str | None = field(default=None, init=False)

    async def run(self) -> None:
        """Work until cancelled; the first look is at everything that is open, whatever its age."""
        older = 0.0
        while True:
            try:
                async with asyncio.timeout(self.deadline):
                    await self.once(older)
            except (TransientError, TimeoutError) as error:
                self._trouble = f"46elks' history: {str(error)[:100] or type(error).__name__}"
                log.warning("calls_not_reconciled", reason=self._trouble)
            else:
                self._trouble, older = None, self.every
            await asyncio.sleep(self.every)

    async def once(self, older: float = 0.0) -> int:
        """End what is over among the calls that have been open for `older` seconds; return how many that were."""
        wanted, since = await self.calls.open_since(self.clock() - timedelta(seconds=older))
        if since is None:
            return 0
        over = await self.history.ended(since - _MARGIN, frozenset(wanted))
        ended = 0
        for hang_up in over.values():
            ended += await self.ending.end(hang_up)
        if ended:
            log.warning("calls_ended_unheard", calls=ended, open=len(wanted))
        return ended

    async def check(self) -> str | None:
        """Return what kept the last look from being made; nobody has to wait for it."""
        return self._trouble
