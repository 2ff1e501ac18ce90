"""The loops of one e-service platform: it is read, and it is told; while it is away both wait, ever longer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from services.intake.channels.eplatform import (
    REFUSED_SECONDS,
    EPlatform,
    Family,
    LockedOutError,
    LoginRefusedError,
    UnreachableError,
)
from services.intake.domain.growing import Growing
from services.intake.domain.instance import Refusal
from services.intake.jobs.platform_round import Round
from services.intake.store.instances import Instances
from services.intake.store.platform_answers import PlatformAnswers
from services.intake.usecases.tell_platform import TellPlatform
from shared.errors import PermanentError, TransientError
from shared.health import Health
from shared.metrics import PLATFORM_LOOK, PLATFORM_PENDING, PLATFORM_WAITING, PLATFORM_WELL

log = structlog.get_logger(__name__)

STRIKES = 3
_REFUSED = {one.value for one in Refusal}


@dataclass(slots=True)
class Patience:
    """The growing wait after an outage: the first, doubled, at most the longest; as long as the platform asks for."""

    first: float = 1.0
    longest: float = 300.0
    ours_longest: float = 5.0
    """While a part of our own (log, database, originals) is away."""
    _growing: Growing = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the first wait."""
        self._growing = Growing(self.first)

    def after(self, error: TransientError) -> float:
        """Return the seconds to wait, jittered."""
        longest, asked = self.ours_longest, 0.0
        if isinstance(error, UnreachableError):
            longest, asked = self.longest, error.wait
        return self._growing.next(longest, asked)

    def well(self) -> None:
        """It answers again."""
        self._growing.well()


@dataclass(frozen=True, slots=True)
class PollPlatform:
    """Reads one platform for as long as the process lives."""

    platform: EPlatform
    round: Round
    book: Instances
    health: Health
    patience: Patience = field(default_factory=Patience)

    async def run(self) -> None:
        """Read until cancelled."""
        try:
            await _forever(self.once, self.patience, self._away)
        finally:
            await self.platform.close()

    async def once(self) -> float:
        """Read every family once; return the seconds until the next time. A family in trouble delays no other."""
        troubles: list[PermanentError | UnreachableError] = []
        more = well = False
        for family in self.platform.platform.families:
            try:
                more = await self.round.run(family) or more
            except (PermanentError, UnreachableError) as error:
                troubles.append(error)
                self._family(family, str(error)[:200])
                if isinstance(error, LockedOutError) and not well:
                    raise  # whatever family is asked next is one more wrong login
            else:
                well = True
                self._family(family, None)
            if not well and len(troubles) == STRIKES and all(isinstance(one, UnreachableError) for one in troubles):
                break  # it is the platform, and no family of it
        if not well:
            raise _of_all(troubles[0])
        await self._tell()
        return 0.0 if more else self.platform.platform.poll_seconds

    async def _tell(self) -> None:
        part = self.platform.platform.part
        PLATFORM_WELL.labels(part).set(1)
        PLATFORM_LOOK.labels(part).set_to_current_time()
        self.health.set(part, None)
        pending = await self.book.pending(self.platform.platform.name)
        PLATFORM_PENDING.labels(part).set(sum(pending.values()))
        said = ", ".join(f"{count} {why}" for why, count in sorted(pending.items()))
        self.health.set(f"{part}.pending", f"put off: {said}" if said else None, blocks=False)

    def _away(self, error: TransientError, wait: float) -> None:
        part = self.platform.platform.part
        PLATFORM_WELL.labels(part).set(0)
        log.warning("platform_interrupted", platform=part, reason=str(error)[:200], wait=round(wait))
        # The submissions wait at the platform; the other doors stay open, so the service goes on being ready.
        self.health.set(part, f"{str(error)[:200]}; next attempt in {wait:.0f} s", blocks=False)

    def _family(self, family: Family, problem: str | None) -> None:
        self.health.set(f"{self.platform.platform.part}.family.{family.id}", problem, blocks=False)


@dataclass(frozen=True, slots=True)
class AnswerPlatform:
    """Tells one platform for as long as the process lives."""

    tell: TellPlatform
    queue: PlatformAnswers
    health: Health
    patience: Patience = field(default_factory=Patience)
    every: float = 2.0

    async def run(self) -> None:
        """Tell until cancelled."""
        try:
            await _forever(self.once, self.patience, self._away)
        finally:
            await self.tell.platform.close()

    async def once(self) -> float:
        """Tell what is due; return the seconds until the next time."""
        done = await self.tell.run()
        await self._say()
        return 0.0 if done else self.every

    async def _say(self) -> None:
        part = self.tell.platform.platform.part
        waiting = await self.queue.waiting(self.tell.platform.platform.name)
        PLATFORM_WAITING.labels(part).set(sum(waiting.values()))
        refused = ", ".join(f"{count} {why}" for why, count in sorted(waiting.items()) if why in _REFUSED)
        self.health.set(f"{part}.answers", f"refused: {refused}" if refused else None, blocks=False)

    def _away(self, error: TransientError, wait: float) -> None:
        part = self.tell.platform.platform.part
        log.warning("platform_not_told", platform=part, reason=str(error)[:200], wait=round(wait))
        self.health.set(f"{part}.answers", f"{str(error)[:200]}; next attempt in {wait:.0f} s", blocks=False)


def _of_all(first: PermanentError | UnreachableError) -> UnreachableError:
    """Return what keeps every family from being read, as the trouble of the platform."""
    if isinstance(first, UnreachableError):
        return first
    return UnreachableError(str(first), REFUSED_SECONDS if isinstance(first, LoginRefusedError) else 0.0)


async def _forever(
    once: Callable[[], Awaitable[float]], patience: Patience, away: Callable[[TransientError, float], None]
) -> None:
    """Work until cancelled; a part that is away is waited for, the platform or one of our own."""
    while True:
        try:
            pause = await once()
            patience.well()
        except TransientError as error:
            pause = patience.after(error)
            away(error, pause)
        await asyncio.sleep(pause)
