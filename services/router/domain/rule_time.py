"""When a rule holds: weekdays, hours of the day, dates and holidays, on Stockholm's clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.calendar import STOCKHOLM, is_holiday

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = 24 * 60
ALL_DAY = ((0, DAY),)
_COUNTED = 800
"""Days: shorter spans of dates are looked at day by day, longer ones are taken to hold every kind of day."""

Spans = tuple[tuple[int, int], ...]
"""From and until, in minutes from local midnight; in order and apart."""


@dataclass(frozen=True, slots=True)
class Window:
    """The moments a rule holds; the weekday is that of the moment, also after midnight."""

    weekdays: frozenset[int] = frozenset(range(7))
    spans: Spans = ALL_DAY
    first: date | None = None
    last: date | None = None
    holiday: bool | None = None

    def holds(self, at: datetime) -> bool:
        """Say whether the rule holds at a moment."""
        there = at.astimezone(STOCKHOLM)
        minute = there.hour * 60 + there.minute
        return any(begins <= minute < ends for begins, ends in self.spans) and self._on(there.date())

    def covers(self, other: "Window") -> bool:
        """Say whether every moment of the other is one of this."""
        if not all(any(a <= c and d <= b for a, b in self.spans) for c, d in other.spans):
            return False
        if (days := other.days()) is not None:
            return all(self._on(day) for day in days)
        return (
            other.weekdays <= self.weekdays
            and (self.first is None or (other.first is not None and self.first <= other.first))
            and (self.last is None or (other.last is not None and other.last <= self.last))
            and self.holiday in {None, other.holiday}
        )

    def meet(self, other: "Window") -> "Window | None":
        """Return the moments of both; None when there are none."""
        if self.holiday is not None and other.holiday is not None and self.holiday is not other.holiday:
            return None
        both = Window(
            self.weekdays & other.weekdays,
            _common(self.spans, other.spans),
            max((day for day in (self.first, other.first) if day), default=None),
            min((day for day in (self.last, other.last) if day), default=None),
            other.holiday if self.holiday is None else self.holiday,
        )
        days = both.days()
        return both if both.weekdays and both.spans and (days is None or any(days)) else None

    def days(self) -> "Iterator[date] | None":
        """Return its days, when they are few enough to count."""
        if self.first is None or self.last is None or (self.last - self.first).days > _COUNTED:
            return None
        every = (self.first + timedelta(days=ahead) for ahead in range((self.last - self.first).days + 1))
        return (day for day in every if self._on(day))

    def _on(self, day: date) -> bool:
        return (
            day.weekday() in self.weekdays
            and (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
            and (self.holiday is None or is_holiday(day) is self.holiday)
        )


def joined(spans: list[tuple[int, int]]) -> Spans:
    """Return spans in order, those that touch or overlap as one; one that ends before it begins goes past midnight."""
    parts = [part for a, b in spans for part in ([(a, b)] if a < b else [(a, DAY), (0, b)]) if part[0] < part[1]]
    found: list[tuple[int, int]] = []
    for begins, ends in sorted(parts):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(ends, found[-1][1]))
        else:
            found.append((begins, ends))
    return tuple(found)


def _common(one: Spans, other: Spans) -> Spans:
    parts = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted(part for part in parts if part[0] < part[1]))
