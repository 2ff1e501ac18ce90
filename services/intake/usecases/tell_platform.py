"""A platform is told what it waits for: that we have an instance, and what has become of its case.

Both can be repeated without harm there, so each is told until the platform has taken it. What it refuses is told ever
more seldom, for settings and rights may be mended, and given up after two weeks.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.intake.channels.eplatform import EPlatform, UnreachableError
from services.intake.domain.instance import Refusal, Told
from services.intake.store.instances import CONFIRM
from services.intake.store.platform_answers import Answer
from shared.clock import Clock
from shared.errors import PermanentError
from shared.metrics import PLATFORM_ANSWERED

AT_ONCE = 50
LONGEST_PAUSE = timedelta(hours=6)
GIVEN_UP = timedelta(days=14)
ARRIVED = "Mottaget av kontaktcenter."
NOT_READ = "Kunde inte läsas av kontaktcenter; en person tittar på det."

log = structlog.get_logger(__name__)


class Queue(Protocol):
    """What is to be told."""

    async def claim(self, platform: str, now: datetime, limit: int) -> list[Answer]: ...
    async def done(self, platform: str, answer: Answer) -> None: ...
    async def later(self, platform: str, answer: Answer, due_at: datetime, problem: str) -> None: ...
    async def give_back(self, platform: str, answers: Sequence[Answer], due_at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class TellPlatform:
    """Tell one platform what is due."""

    platform: EPlatform
    queue: Queue
    clock: Clock

    async def run(self) -> int:
        """Tell a batch; return how many were due. UnreachableError, and nothing lost, when the platform is away."""
        name = self.platform.platform.name
        batch = await self.queue.claim(name, self.clock(), AT_ONCE)
        for number, answer in enumerate(batch):
            try:
                await self._one(name, answer)
            except UnreachableError:
                await self._away(name, batch[number:])
                raise
        return len(batch)

    async def _away(self, name: str, untold: Sequence[Answer]) -> None:
        """Put the one that failed last, so that it cannot stand before the others for ever."""
        now = self.clock()
        await self.queue.later(name, untold[0], now + _pause(untold[0].attempts), "unreachable")
        await self.queue.give_back(name, untold[1:], now)
        PLATFORM_ANSWERED.labels(self.platform.platform.part, untold[0].what, "unreachable").inc()

    async def _one(self, name: str, answer: Answer) -> None:
        try:
            why = await self._told(answer)
        except PermanentError as error:
            log.warning("platform_not_understood", platform=name, what=answer.what, reason=str(error)[:200])
            why = Refusal.OTHER
        if why is None:
            await self.queue.done(name, answer)
        else:
            await self._refused(name, answer, why)
        PLATFORM_ANSWERED.labels(self.platform.platform.part, answer.what, why or "taken").inc()

    async def _told(self, answer: Answer) -> Refusal | None:
        if answer.what == CONFIRM:
            said = ARRIVED if answer.delivered else NOT_READ
            return await self.platform.confirm(
                answer.instance, answer.contact_id or "", delivered=answer.delivered, said=said
            )
        alias = self._alias(answer)
        return await self.platform.set_status(answer.instance, alias) if alias else None

    def _alias(self, answer: Answer) -> str | None:
        """Return the status that a state is told by; one that has none is not told."""
        family = self.platform.platform.family(answer.family)
        if family is None or answer.state is None:
            return None
        if answer.state is Told.REOPENED:
            return family.answers.get(Told.REOPENED) or family.answers.get(Told.OPENED)
        return family.answers.get(answer.state)

    async def _refused(self, name: str, answer: Answer, why: Refusal) -> None:
        now = self.clock()
        facts = {"platform": name, "family": answer.family, "instance": answer.instance, "what": answer.what}
        if answer.made_at < now - GIVEN_UP:
            log.error("platform_given_up", **facts, why=why)
            await self.queue.done(name, answer)
            return
        log.warning("platform_refused", **facts, why=why, attempts=answer.attempts)
        await self.queue.later(name, answer, now + _pause(answer.attempts), why)


def _pause(attempts: int) -> timedelta:
    """Return a minute, doubled with every attempt, at most six hours; jittered."""
    pause = min(timedelta(minutes=1) * 2 ** min(attempts - 1, 12), LONGEST_PAUSE)
    share: float = random.uniform(0.8, 1.2)  # noqa: S311 - jitter is no secret
    return timedelta(seconds=pause.total_seconds() * share)
