"""Calls that telephony is silent about: those whose phone rings no more, and those that ended while we slept."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.intake.domain.call import HangUp
from shared.clock import Clock
from shared.errors import TransientError
from shared.metrics import CALLS_UNHEARD

log = structlog.get_logger(__name__)
LONGEST = timedelta(hours=24)
"""No call is longer: what is open for so long has ended unheard."""
PATIENCE = 3
"""How often in a row a history may fail before it is asked more seldom."""
_MARGIN = timedelta(minutes=5)
"""Clocks differ, and a call is created before it reaches us."""


class Open(Protocol):
    """The calls that are open."""

    async def long_ringing(self, before: datetime) -> Sequence[str]: ...
    async def open_since(
        self, after: datetime, before: datetime, prefix: str = ""
    ) -> tuple[Sequence[str], datetime | None]: ...
    async def silent(self, asked: datetime, received: datetime) -> Sequence[str]: ...


class Follow(Protocol):
    """Where it is said that a call is through."""

    async def connected(self, call_id: str, *, exact: bool = True) -> bool: ...


class End(Protocol):
    """Where it is said that a call is over."""

    async def end(self, hang_up: HangUp) -> bool: ...


class History(Protocol):
    """What the provider knows."""

    def ended(self, since: datetime, wanted: frozenset[str]) -> AsyncIterator[HangUp]: ...


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


@dataclass(frozen=True, slots=True)
class EndSilent:
    """Ends calls whose hang-up was lost, whatever telephony they are of, so that no ghost is offered for ever.

    Telephony asks after each recording, and not while somebody talks: such a call is left alone for a day, and how
    long the talk was nobody knows then.
    """

    calls: Open
    ending: End
    clock: Clock
    silence: timedelta = timedelta(minutes=15)
    every: float = 60.0

    async def run(self) -> None:
        """Work until cancelled; who is there when we start again has that long to ask."""
        while True:
            await asyncio.sleep(self.every)
            try:
                await self.once()
            except TransientError as error:
                log.warning("silent_calls_not_ended", reason=str(error)[:200])

    async def once(self) -> int:
        """Look once; return how many calls were over."""
        now, ended = self.clock(), 0
        for call_id in await self.calls.silent(now - self.silence, now - LONGEST):
            ended += await self.ending.end(HangUp(call_id, "unknown", (0.0,)))
        if ended:
            CALLS_UNHEARD.labels("silence").inc(ended)
            log.warning("silent_calls_ended", calls=ended)
        return ended


@dataclass(slots=True)
class ReconcileCalls:
    """Asks a provider for the end of calls that we believe open: at our start, and when one has been open for a while.

    A hang-up is said once by webhook, and lost if we are away then; the provider's history tells all the same. One that
    does not answer is asked a few times more, and then left in peace for `rest` seconds between two questions.
    """

    calls: Open
    history: History
    ending: End
    clock: Clock
    every: float = 60.0
    deadline: float = 60.0
    """Seconds for one whole round."""
    name: str = "46elks"
    prefix: str = ""
    """How the ids of its calls begin."""
    rest: float = 300.0
    _failures: int = field(default=0, init=False)
    _trouble: str | None = field(default=None, init=False)
    _older: float = field(default=0.0, init=False)

    async def run(self) -> None:
        """Work until cancelled; the first look is at everything that is open, however new."""
        while True:
            await self.round()
            await asyncio.sleep(self.pause)

    @property
    def pause(self) -> float:
        """Return the seconds until the next round."""
        return self.every if self._failures < PATIENCE else max(self.every, self.rest)

    async def round(self) -> None:
        """Look once within the deadline; what kept it is said by `check`."""
        try:
            async with asyncio.timeout(self.deadline):
                await self.once(self._older)
        except (TransientError, TimeoutError) as error:
            self._failures += 1
            self._trouble = f"the history of {self.name}: {str(error)[:100] or type(error).__name__}"
            log.warning("calls_not_reconciled", reason=self._trouble, failures=self._failures)
        else:
            self._failures, self._trouble, self._older = 0, None, self.every

    async def once(self, older: float = 0.0) -> int:
        """End what is over among the calls that have been open for `older` seconds; return how many that were."""
        now = self.clock()
        before = now - timedelta(seconds=older)
        wanted, since = await self.calls.open_since(now - LONGEST, before, self.prefix)
        if since is None:
            return 0
        ended = 0
        async for hang_up in self.history.ended(since - _MARGIN, frozenset(wanted)):
            ended += await self.ending.end(hang_up)
        if ended:
            CALLS_UNHEARD.labels("history").inc(ended)
            log.warning("calls_ended_unheard", provider=self.name, calls=ended, open=len(wanted))
        return ended

    async def check(self) -> str | None:
        """Return what kept the last look from being made; nobody has to wait for it."""
        return self._trouble
