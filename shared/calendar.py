"""Working days and working hours of Stockholm: what a promise of `1 arbetsdag` or `4 arbetstimmar` means.

Pure: imported by domains. Moments are aware datetimes; answers are in UTC, counted on the local clock, so that the
nights when the clock changes neither add nor take an hour. Closed on weekends and on the public and the de facto
holidays of Sweden (midsommarafton, julafton and nyårsafton among them). Half days and *klämdagar* are local
decisions: a unit's calendar names them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
SATURDAY = 5
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
    return day.weekday() < SATURDAY and not is_holiday(day)


Span = tuple[time, time]
"""From and until, on one day of the local clock."""
YearlyDay = tuple[int, int]
"""Month and day of every year."""
Day = date | YearlyDay


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The opening hours of a unit on its working days, with the hour after which a day no longer counts.

    With `cutoff` 12:00, what comes in after noon counts as come in on the next working day; None means at any time.
    """

    opens: time = time(8)
    closes: time = time(17)
    cutoff: time | None = None
    closed: frozenset[Day] = frozenset()
    """Days that this unit is closed besides weekends and holidays, as local *klämdagar*."""
    half_days: Mapping[Day, time] = field(default_factory=dict, hash=False)
    """Days that it closes earlier, as *skärtorsdag* at 13; at or before the doors open it is closed all day."""
    weekly: Mapping[int, Span | None] = field(default_factory=dict, hash=False)
    """Weekdays (Monday is 0) with hours of their own; None is closed. A Saturday that is named is a working day."""
    lunch: Span | None = None
    """When nobody works in the middle of the day."""

    def hours_of(self, day: date) -> tuple[Span, ...]:
        """Return when this unit works on a day, in order; nothing when it is closed."""
        week = day.weekday()
        usual = self.weekly.get(week, (self.opens, self.closes) if week < SATURDAY else None)
        yearly = (day.month, day.day)
        if usual is None or day in self.closed or yearly in self.closed or is_holiday(day):
            return ()
        opens, closes = usual
        closes = min(closes, self.half_days.get(day, closes), self.half_days.get(yearly, closes))
        halves = ((opens, self.lunch[0]), (self.lunch[1], closes)) if self.lunch else ((opens, closes),)
        return tuple((max(begin, opens), min(end, closes)) for begin, end in halves if begin < min(end, closes))

    def closing_of(self, day: date) -> time:
        """Return when a working day ends."""
        return self.hours_of(day)[-1][1]

    def is_working_day(self, day: date) -> bool:
        """Say whether this unit works on a day."""
        return bool(self.hours_of(day))

    def is_open(self, at: datetime) -> bool:
        """Say whether the unit is open at a moment; at the closing minute it no longer is."""
        there = _local(at)
        return any(opens <= there.time() < closes for opens, closes in self.hours_of(there.date()))

    def next_open(self, at: datetime) -> datetime:
        """Return the moment itself when open, else when the doors open next."""
        there = _local(at)
        day = there.date()
        for opens, closes in self.hours_of(day):
            if there.time() < closes:
                return at.astimezone(UTC) if opens <= there.time() else _moment(day, opens)
        day = self.next_working_day(day)
        return _moment(day, self.hours_of(day)[0][0])

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
        return _moment(day, self.closing_of(day))

    def add_hours(self, start: datetime, count: float) -> datetime:
        """Return the moment when the unit has been open for `count` hours since `start`."""
        return self._open_for(start, timedelta(hours=count))

    def _open_for(self, start: datetime, left: timedelta) -> datetime:
        at = self.next_open(start)
        while True:
            closing = self._closing(at)
            if at + left <= closing:
                return at + left
            left -= closing - at
            at = self.next_open(closing)

    def _closing(self, at: datetime) -> datetime:
        """Return when that which is open at a moment closes, for lunch or for the day."""
        there = _local(at)
        return _moment(there.date(), next(end for _, end in self.hours_of(there.date()) if there.time() < end))

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
        if duration.late_by is None or not came_late:
            return due
        day = _local(due).date()
        return _moment(day, min(duration.late_by, self.closing_of(day)))

    def hours_between(self, start: datetime, end: datetime) -> float:
        """Return how many hours the unit was open between two moments; 0 when `end` is not after `start`."""
        return self.open_between(start, end) / timedelta(hours=1)

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """Return how long the unit was open between two moments; nothing when `end` is not after `start`."""
        total = timedelta()
        at = self.next_open(start)
        while at < end.astimezone(UTC):
            closing = self._closing(at)
            total += min(closing, end.astimezone(UTC)) - at
            at = self.next_open(closing)
        return total

    def moved(self, due: datetime, paused_at: datetime, resumed_at: datetime) -> datetime:
        """Return when a promise is due after its clock stood still: what was left in working time is left again.

        Never earlier than it was. What was over when the clock stopped stays as it was, and so does what stood still
        only while the unit was closed.
        """
        if paused_at >= due or not self.open_between(paused_at, resumed_at):
            return due.astimezone(UTC)
        return self._open_for(resumed_at, self.open_between(paused_at, due))

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
        day = there.date()
        return self.next_working_day(day) if self.is_late(there) else day

    def is_late(self, at: datetime) -> bool:
        """Say whether what comes in at a moment no longer counts as come in that day."""
        there = _local(at)
        if not self.is_working_day(there.date()):
            return True
        closing = self.closing_of(there.date())
        return there.time() >= min(self.cutoff or closing, closing)


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
