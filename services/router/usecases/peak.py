"""*Toppläge*: one act with an end time for a storm, which reverts by itself even when nobody is there to end it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.router.usecases.decided import Decided
from shared.clock import Clock, utc_now
from shared.errors import DomainError
from shared.records import PeakRecord

LONGEST = timedelta(hours=24)
_KEY = "peak"


class PeakEndError(DomainError):
    """A peak ends later than now, and within 24 hours."""

    type = "peak-end"
    title = "Toppläget måste sluta senare än nu och inom {hours} timmar."


class Acts(Protocol):
    """Where it is said that a supervisor has acted (`store.queues.Queues`)."""

    async def note_act(self, act: str, by: str, reason: str) -> None:
        """Put it on the log; what it concerns is everything."""


@dataclass(frozen=True, slots=True)
class Peak:
    """Begins and ends a peak, and knows whether one holds; its measures take effect in `AgentTerms` and `jobs.peak`."""

    decided: Decided
    acts: Acts
    clock: Clock = utc_now

    async def begin(  # noqa: PLR0913 - each measure can be left out by name
        self,
        until: datetime,
        by: str,
        reason: str,
        *,
        mail_waits: bool = True,
        rings_open: bool = True,
        reserves: bool = True,
        queue_message: bool = True,
    ) -> PeakRecord:
        """Let a peak hold until then, in place of one that holds already; PeakEndError for another end."""
        now = self.clock()
        if until.tzinfo is None or not now < until <= now + LONGEST:
            raise PeakEndError(hours=LONGEST // timedelta(hours=1))
        peak = PeakRecord(
            until=until,
            started_at=now,
            by=by,
            reason=reason,
            mail_waits=mail_waits,
            rings_open=rings_open,
            reserves=reserves,
            queue_message=queue_message,
        )
        await self.decided.say(peak)
        await self.acts.note_act("peak_begun", by, reason)
        return peak

    async def end(self, by: str, reason: str) -> None:
        """End the peak before its time; nothing happens when none holds."""
        if self.active() is None:
            return
        await self.decided.unsay(_KEY)
        await self.acts.note_act("peak_ended", by, reason)

    def active(self, at: datetime | None = None) -> PeakRecord | None:
        """Return the peak that holds at a moment (now)."""
        found = self.decided.table.get(_KEY)
        return found if isinstance(found, PeakRecord) and found.until > (at or self.clock()) else None

    def mail_waits(self) -> bool:
        """Say whether mail and e-services wait now for those who can take no live contact."""
        peak = self.active()
        return peak is not None and peak.mail_waits
