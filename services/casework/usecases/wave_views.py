"""What a JSON door shows of hours and takeovers."""

from dataclasses import dataclass
from datetime import datetime

from shared.records import DayException, Span
from shared.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class HoursView:
    """When a unit answers, on one channel or (None) on all others, and what that means at a moment."""

    unit: str
    unit_name: str
    channel: Channel | None
    weekly: tuple[tuple[Span, ...], ...]
    exceptions: tuple[DayException, ...]
    open_on_holidays: bool
    open: bool
    opens_at: datetime | None
    """None while it is open."""
    closes_at: datetime | None
    """None while it is closed, and when it never closes."""


@dataclass(frozen=True, slots=True)
class TakeoverView:
    """How far a case type or an entrance has moved in, on one channel or (None) on all; `now` is the state of today."""

    subject: str
    id: str
    name: str
    channel: str | None
    state: str
    from_day: str | None
    before: str
    forward_to: str
    now: str
    changed_by: str
    changed_at: datetime
