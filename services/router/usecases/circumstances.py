"""What besides the rules decides where a contact waits: hours, what is taken over, closed queues, a peak, the load.

Each is asked through a small protocol; what is not given says that nothing is in the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.records import PeakRecord
from shared.vocabulary import Channel, TakenOver


class Hours(Protocol):
    """When a unit answers (`usecases.hours.Hours`)."""

    def opens_at(self, unit: str, channel: Channel, at: datetime) -> datetime | None:
        """Return when it opens next; None when it is open or has no hours."""


class Takeovers(Protocol):
    """What has been taken over (`usecases.takeover.Takeovers`)."""

    def state_of(self, case_type: str, entrance: str, channel: Channel, at: datetime) -> tuple[TakenOver, str]:
        """Return how far it has moved in, and where to forward meanwhile."""


class Closures(Protocol):
    """Which queues are closed (`usecases.closures.Closures`)."""

    def place(self, queue: str, at: datetime) -> tuple[str, datetime | None]:
        """Return where a new contact of a queue waits, and until when nobody is offered it."""


class Peak(Protocol):
    """Whether there is a storm (`usecases.peak.Peak`)."""

    def active(self, at: datetime | None = None) -> PeakRecord | None:
        """Return the peak that holds."""


class Load(Protocol):
    """How many wait (`store.load.Load`)."""

    async def waiting(self) -> Mapping[str, int]:
        """Return how many wait in each queue, as it was a moment ago."""


class AlwaysOpen:
    """No unit has hours, no queue is closed."""

    def opens_at(self, unit: str, channel: Channel, at: datetime) -> datetime | None:
        """Return None: open."""
        del unit, channel, at
        return None

    def place(self, queue: str, at: datetime) -> tuple[str, datetime | None]:
        """Return the queue itself."""
        del at
        return queue, None


class AllOurs:
    """Everything has been taken over."""

    def state_of(self, case_type: str, entrance: str, channel: Channel, at: datetime) -> tuple[TakenOver, str]:
        """Return: taken over."""
        del case_type, entrance, channel, at
        return TakenOver.TAKEN, ""


class Calm:
    """There is no storm, and nobody waits."""

    def active(self, at: datetime | None = None) -> PeakRecord | None:
        """Return None."""
        del at
        return None

    async def waiting(self) -> Mapping[str, int]:
        """Return nothing."""
        return {}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All of it."""

    hours: Hours = field(default_factory=AlwaysOpen)
    takeovers: Takeovers = field(default_factory=AllOurs)
    closures: Closures = field(default_factory=AlwaysOpen)
    peak: Peak = field(default_factory=Calm)
    load: Load = field(default_factory=Calm)
