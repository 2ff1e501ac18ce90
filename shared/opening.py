"""When something is open: weekly hours, days that differ, and the holidays of Sweden.

Pure. Moments are aware datetimes; answers are in UTC, counted on Stockholm's clock. A span is open from its first
minute until, and without, its last; spans that touch are one (`00:00`-`24:00` every day never closes). What would open
or close in the hour that spring skips does so at the end of that hour; in autumn the first of the two hours counts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from shared.calendar import STOCKHOLM, is_holiday
from shared.records import HoursRecord, Span

DAYS = 7
MINUTES = 24 * 60
_LONGEST_SEARCH = 1100
"""Days; three years of exceptions without one open day are taken to be for ever."""
_CLOCK = re.compile(r"([01]?\d|2[0-4])(?:[:.]([0-5]\d))?")

Minutes = tuple[int, int]
"""From and until, in minutes from local midnight."""
Moments = tuple[datetime, datetime]


class NeverOpenError(ValueError):
    """These hours are not open at any time to come."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening hours; an exception wins over a holiday, a holiday over the weekday."""

    weekly: tuple[tuple[Minutes, ...], ...]
    exceptions: Mapping[date, tuple[Minutes, ...]] = field(default_factory=dict)
    open_on_holidays: bool = False

    @classmethod
    def of(cls, record: HoursRecord) -> "Opening":
        """Read a record; ValueError for a week that has not seven days, or spans that overlap or end early."""
        if len(record.weekly) != DAYS:
            raise ValueError("a week has seven days")
        return cls(
            tuple(_in_order(day) for day in record.weekly),
            {date.fromisoformat(one.day): _in_order(one.spans) for one in record.exceptions},
            record.open_on_holidays,
        )

    def is_open(self, at: datetime) -> bool:
        """Say whether it is open at a moment."""
        return any(opens <= at < closes for opens, closes in self._on(_day_of(at)))

    def next_open(self, at: datetime) -> datetime:
        """Return the moment itself when open, else when it opens next; NeverOpenError when it never does."""
        for opens, closes in self._from(at):
            if closes > at:
                return max(opens, at).astimezone(UTC)
        raise NeverOpenError("these hours are never open")

    def closes_at(self, at: datetime) -> datetime | None:
        """Return when that which is open at the moment closes; None when it is closed, or open for years."""
        end, horizon = at, at + timedelta(days=_LONGEST_SEARCH - 2)
        for opens, closes in self._from(at):
            if opens <= end < closes:
                end = closes
            elif opens > end:
                break
        return end.astimezone(UTC) if at < end < horizon else None

    def _from(self, at: datetime) -> Iterator[Moments]:
        today = _day_of(at)
        for ahead in range(_LONGEST_SEARCH):
            yield from self._on(today + timedelta(days=ahead))

    def _on(self, day: date) -> Iterator[Moments]:
        for opens, closes in self._hours_of(day):
            first, last = _moment(day, opens), _moment(day, closes)
            if first < last:
                yield first, last

    def _hours_of(self, day: date) -> tuple[Minutes, ...]:
        if day in self.exceptions:
            return self.exceptions[day]
        if not self.open_on_holidays and is_holiday(day):
            return ()
        return self.weekly[day.weekday()]


def minutes_of(clock: str) -> int:
    """Return the minutes from midnight of a time of day: `8`, `08:00`, `16.30`, `24:00`; ValueError for another."""
    match = _CLOCK.fullmatch(clock.strip())
    minutes = int(match[1]) * 60 + int(match[2] or 0) if match else MINUTES + 1
    if minutes > MINUTES:
        raise ValueError(f"not a time of day: {clock!r}")
    return minutes


def _in_order(spans: Sequence[Span]) -> tuple[Minutes, ...]:
    hours = sorted((minutes_of(span.opens), minutes_of(span.closes)) for span in spans)
    if any(opens >= closes for opens, closes in hours):
        raise ValueError("a span closes after it opens")
    if any(before[1] > after[0] for before, after in pairwise(hours)):
        raise ValueError("spans overlap")
    return tuple(hours)


def _day_of(at: datetime) -> date:
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at.astimezone(STOCKHOLM).date()


def _moment(day: date, minutes: int) -> datetime:
    if minutes == MINUTES:
        day, minutes = day + timedelta(days=1), 0
    there = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=STOCKHOLM)
    moment = there.astimezone(UTC)
    skipped = moment.astimezone(STOCKHOLM).replace(tzinfo=None) != there.replace(tzinfo=None)
    return moment.replace(minute=0) if skipped else moment
