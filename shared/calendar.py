"""Working days and working hours of Stockholm: what a promise of `1 arbetsdag` or `4 arbetstimmar` means.

Pure: imported by domains. Moments are aware datetimes; answers are in UTC, counted on the local clock, so that the
nights when the clock changes neither add nor take an hour. Closed on weekends and on the public and the de facto
holidays of Sweden (midsommarafton, julafton and nyårsafton among them).
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

STOCKHOLM = ZoneInfo("Europe/Stockholm")

_WRITTEN = re.compile(
    r"\s*(?P<count>\d+(?:[.,]\d+)?)\s*"
    r"(?:(?P<days>arbetsdag(?:ar)?)|(?P<hours>arbetstimm(?:e|ar))|(?P<real_days>dygn|dag(?:ar)?)"
    r"|(?P<real_hours>timm(?:e|ar))|(?P<minutes>minut(?:er)?)|(?P<weeks>veck(?:a|or)))\s*",
    re.IGNORECASE,
)
_SAME_DAY = re.compile(
    r"\s*(?:genast, senast )?samma arbetsdag"
    r"(?: om före (?P<cutoff>\d\d:\d\d), annars senast (?P<late_by>\d\d:\d\d) nästa arbetsdag)?\s*",
    re.IGNORECASE,
)
_AT_ONCE = ("automatiskt", "genast", "omgående")
_LONGEST_SEARCH = 3660


class DurationUnit(StrEnum):
    """What a duration is counted in."""

    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"
    CLOCK_HOURS = "clock_hours"


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a promise runs: so many working days, working hours, or hours by the clock."""

    count: float
    unit: DurationUnit
    cutoff: time | None = None
    """What comes in later than this counts as the next working day, whatever the calendar says."""
    late_by: time | None = None
    """What came in after the cutoff is due at this hour of the next working day, instead of its end."""


@lru_cache(maxsize=64)
def _holidays_of(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("SE", years=year, categories=("public", "de_facto"), language="sv"))


def is_holiday(day: date) -> bool:
    """Say whether a day is a public or a de facto holiday of Sweden, on a weekend or not."""
    return day in _holidays_of(day.year)


def is_working_day(day: date) -> bool:
    """Say whether offices are open on a day: no weekend, no public and no de facto holiday."""
    return day.weekday() < 5 and not is_holiday(day)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The opening hours of a unit on its working days, with the hour after which a day no longer counts.

    With `cutoff` 12:00, what comes in after noon counts as come in on the next working day; None means at any time.
    """

    opens: time = time(8)
    closes: time = time(17)
    cutoff: time | None = None
    closed: frozenset[date] = frozenset()
    """Days that this unit is closed besides weekends and holidays, as local *klämdagar*."""

    def is_working_day(self, day: date) -> bool:
        """Say whether this unit works on a day."""
        return day not in self.closed and is_working_day(day)

    def is_open(self, at: datetime) -> bool:
        """Say whether the unit is open at a moment; at the closing minute it no longer is."""
        there = _local(at)
        return self.is_working_day(there.date()) and self.opens <= there.time() < self.closes

    def next_open(self, at: datetime) -> datetime:
        """Return the moment itself when open, else when the doors open next."""
        there = _local(at)
        if self.is_open(at):
            return at.astimezone(UTC)
        day = there.date()
        if there.time() >= self.opens or not self.is_working_day(day):
            day = self.next_working_day(day)
        return _moment(day, self.opens)

    def next_working_day(self, day: date) -> date:
        """Return the first working day after a day."""
        for _ in range(_LONGEST_SEARCH):
            day += timedelta(days=1)
            if self.is_working_day(day):
                return day
        raise ValueError("this calendar is never open")

    def add_days(self, start: datetime, count: int) -> datetime:
        """Return the closing time of the `count`-th working day after the day that `start` counts as.

        The day of arrival is not counted. 0 days is *samma arbetsdag*: today, or the next working day when it is too
        late today. A later start never gives an earlier answer.
        """
        there = _local(start)
        day = there.date() if self.cutoff is None and count > 0 else self.arrival_day(start)
        for _ in range(count):
            day = self.next_working_day(day)
        return _moment(day, self.closes)

    def add_hours(self, start: datetime, count: float) -> datetime:
        """Return the moment when the unit has been open for `count` hours since `start`."""
        left = timedelta(hours=count)
        at = self.next_open(start)
        while True:
            closing = _moment(_local(at).date(), self.closes)
            if at + left <= closing:
                return at + left
            left -= closing - at
            at = self.next_open(closing)

    def add(self, start: datetime, duration: Duration) -> datetime:
        """Return when a promise of that duration, given at `start`, is due."""
        match duration.unit:
            case DurationUnit.WORKING_DAYS:
                return self._add_whole_days(start, duration)
            case DurationUnit.WORKING_HOURS:
                return self.add_hours(start, duration.count)
            case DurationUnit.CLOCK_HOURS:
                return start.astimezone(UTC) + timedelta(hours=duration.count)

    def _add_whole_days(self, start: datetime, duration: Duration) -> datetime:
        calendar = self if duration.cutoff is None else replace(self, cutoff=duration.cutoff)
        due = calendar.add_days(start, round(duration.count))
        came_late = calendar.arrival_day(start) != _local(start).date()
        return _moment(_local(due).date(), duration.late_by) if duration.late_by and came_late else due

    def hours_between(self, start: datetime, end: datetime) -> float:
        """Return how many hours the unit was open between two moments; 0 when `end` is not after `start`."""
        total = timedelta()
        at = self.next_open(start)
        while at < end.astimezone(UTC):
            closing = _moment(_local(at).date(), self.closes)
            total += min(closing, end.astimezone(UTC)) - at
            at = self.next_open(closing)
        return total / timedelta(hours=1)

    def working_days_between(self, start: datetime, end: datetime) -> int:
        """Return how many working days lie after the day that `start` counts as, up to and with that of `end`."""
        there, last, count = _local(start), _local(end).date(), 0
        day = there.date() if self.cutoff is None else self.arrival_day(start)
        while (day := self.next_working_day(day)) <= last:
            count += 1
        return count

    @staticmethod
    def parse(text: str) -> Duration:
        """Return the duration that a text names, as `parse` of this module."""
        return parse(text)

    def arrival_day(self, start: datetime) -> date:
        """Return the working day that something counts as come in on: the next one when it is too late today."""
        there = _local(start)
        late = there.time() >= (self.cutoff or self.closes)
        day = there.date()
        return self.next_working_day(day) if late or not self.is_working_day(day) else day


def parse(text: str) -> Duration:
    """Return the duration that a text names: `1 arbetsdag`, `4 arbetstimmar`, `30 minuter`, `2 veckor`, `1 dygn`.

    Also `samma arbetsdag`, the same with `om före 12:00, annars senast 12:00 nästa arbetsdag`, and `automatiskt` (at
    once). ValueError when it names none. Days and weeks without *arbets-* are counted by the clock.
    """
    if text.strip().lower() in _AT_ONCE:
        return Duration(0, DurationUnit.CLOCK_HOURS)
    same_day = _SAME_DAY.fullmatch(text)
    if same_day is not None:
        cutoff, late_by = same_day["cutoff"], same_day["late_by"]
        return Duration(
            0,
            DurationUnit.WORKING_DAYS,
            time.fromisoformat(cutoff) if cutoff else None,
            time.fromisoformat(late_by) if late_by else None,
        )
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    count = float(match["count"].replace(",", "."))
    if match["days"]:
        if count != int(count):
            raise ValueError(f"working days are whole: {text!r}")
        return Duration(count, DurationUnit.WORKING_DAYS)
    if match["hours"]:
        return Duration(count, DurationUnit.WORKING_HOURS)
    hours = {"real_days": 24.0, "real_hours": 1.0, "minutes": 1 / 60, "weeks": 168.0}
    factor = next(value for name, value in hours.items() if match[name])
    return Duration(count * factor, DurationUnit.CLOCK_HOURS)


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(STOCKHOLM)


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=STOCKHOLM).astimezone(UTC)
