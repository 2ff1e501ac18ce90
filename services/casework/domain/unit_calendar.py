"""The calendar of a unit as its terms say it, read into a `WorkingCalendar`; what is wrong is named field by field.

    opens: "08:00"                      when the doors open, 08:00 when left out
    closes: "16:30"                     when they close, 17:00 when left out
    lunch: "12:00-13:00"                nobody works then
    cutoff: "14:00"                     what comes later counts as come in on the next working day
    weekdays: {fre: "08:00-15:00", lör: "10:00-14:00", mån: stängt}
    closed: ["2027-05-07", "05-31", "2027-07-05..2027-07-23"]
    half_days: {"2027-03-25": "13:00", "04-30": "14:00"}

A day is a date or, for every year, a month and a day; `..` is from and with until. Public and de facto holidays are
closed without being named.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from shared.calendar import Day, Span, WorkingCalendar
from shared.errors import DomainError, FieldError

WEEKDAYS = ("mån", "tis", "ons", "tor", "fre", "lör", "sön")
CLOSED = "stängt"
MOST_DAYS = 1000
"""Closed days and half days of a unit: some years of school holidays, and never all days there are."""
MOST_YEARLY = 60
_LEAP_YEAR = 2000

NO_CLOCK = "Skriv ett klockslag, till exempel 08:00."
NO_SPAN = "Skriv från och till, till exempel 08:00-16:30."
NO_DAY = "Skriv ett datum som 2027-05-07, eller 05-07 för varje år."
NO_WEEKDAY = "Välj bland mån, tis, ons, tor, fre, lör och sön."
NO_FIELD = "Det finns inget sådant fält."
NO_LIST = "Skriv en lista."
NO_NAMES = "Skriv fält med namn."
TOO_MANY = "Det är för många dagar."
NEVER_OPEN = "Kalendern är aldrig öppen."
ENDS_EARLY = "Den måste stänga efter att den öppnar."


class BadCalendarError(DomainError):
    """A unit's calendar cannot be read; `errors` name the fields."""

    type = "bad-calendar"
    status = 422
    title = "Kalendern stämmer inte."


def calendar_of(terms: Mapping[str, Any]) -> WorkingCalendar:
    """Return the calendar that a unit's terms say, the usual office hours where they say nothing; BadCalendarError."""
    reader = _Reader(terms)
    calendar = reader.read()
    if reader.errors:
        raise BadCalendarError(errors=reader.errors)
    return calendar


@dataclass(slots=True)
class _Reader:
    """Reads the fields; something harmless stands in for what is wrong."""

    raw: Mapping[str, Any]
    errors: list[FieldError] = field(default_factory=list)
    named: int = 0
    """Days so far, closed or half."""

    def read(self) -> WorkingCalendar:
        usual = WorkingCalendar()
        for name in self.raw.keys() - {"opens", "closes", "cutoff", "lunch", "weekdays", "closed", "half_days"}:
            self._wrong(NO_FIELD, name)
        made = WorkingCalendar(
            opens=self._clock("opens") or usual.opens,
            closes=self._clock("closes") or usual.closes,
            cutoff=self._clock("cutoff"),
            lunch=self._span(self.raw["lunch"], "lunch") if self.raw.get("lunch") else None,
            weekly=self._weekly(),
            closed=frozenset(self._closed()),
            half_days=dict(self._half_days()),
        )
        if made.opens >= made.closes:
            self._wrong(ENDS_EARLY, "closes")
        elif not self.errors:
            self._ever_open(made)
        return made

    def _ever_open(self, made: WorkingCalendar) -> None:
        try:
            made.next_working_day(date(_LEAP_YEAR, 1, 1))
        except ValueError:
            self._wrong(NEVER_OPEN, "weekdays")

    def _clock(self, name: str) -> time | None:
        given = self.raw.get(name)
        return None if given is None or given == "" else self._time(given, name)

    def _time(self, given: object, *path: str) -> time | None:
        try:
            return clock(given)
        except ValueError:
            self._wrong(NO_CLOCK, *path)
            return None

    def _span(self, given: object, *path: str) -> Span | None:
        begin, _, end = str(given).partition("-")
        try:
            span = clock(begin.strip()), clock(end.strip())
        except ValueError:
            self._wrong(NO_SPAN, *path)
            return None
        if span[0] >= span[1]:
            self._wrong(ENDS_EARLY, *path)
        return span

    def _weekly(self) -> dict[int, Span | None]:
        found: dict[int, Span | None] = {}
        for name, hours in self._named("weekdays").items():
            first, _, last = (part.strip() for part in str(name).partition("-"))
            if not {first, last or first} <= set(WEEKDAYS):
                self._wrong(NO_WEEKDAY, "weekdays", str(name))
                continue
            span = None if hours == CLOSED else self._span(hours, "weekdays", str(name))
            for weekday in range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1):
                found[weekday] = span
        return found

    def _closed(self) -> Iterator[Day]:
        given = self.raw.get("closed") or []
        if not isinstance(given, list | tuple):
            self._wrong(NO_LIST, "closed")
            return
        for index, text in enumerate(given):
            yield from self._days(text, "closed", str(index))

    def _half_days(self) -> Iterator[tuple[Day, time]]:
        for text, until in self._named("half_days").items():
            closes = self._time(until, "half_days", str(text))
            for day in self._days(text, "half_days", str(text)):
                if closes is not None:
                    yield day, closes

    def _days(self, text: object, *path: str) -> Iterator[Day]:
        first, _, last = (part.strip() for part in str(text).partition(".."))
        try:
            begin, end = _day(first), _day(last or first)
        except ValueError:
            self._wrong(NO_DAY, *path)
            return
        if isinstance(begin, date) != isinstance(end, date) or _in_a_year(end) < _in_a_year(begin):
            self._wrong(NO_DAY, *path)
            return
        days = (_in_a_year(end) - _in_a_year(begin)).days + 1
        before = self.named
        self.named += days if isinstance(begin, date) else days * (MOST_DAYS // MOST_YEARLY)
        if self.named > MOST_DAYS:
            if before <= MOST_DAYS:
                self._wrong(TOO_MANY, *path)
            return
        for ahead in range(days):
            one = _in_a_year(begin) + timedelta(days=ahead)
            yield one if isinstance(begin, date) else (one.month, one.day)

    def _named(self, name: str) -> Mapping[str, Any]:
        given = self.raw.get(name) or {}
        if isinstance(given, Mapping):
            return given
        self._wrong(NO_NAMES, name)
        return {}

    def _wrong(self, detail: str, *path: str) -> None:
        self.errors.append(FieldError("/" + "/".join(("calendar", *path)), detail))


def clock(given: object) -> time:
    """Return the time of day of `08:00`; ValueError for anything else."""
    text = str(given)
    if len(text) != len("08:00") or text[2] != ":":
        raise ValueError(f"not a time of day: {text!r}")
    return time.fromisoformat(text)


def _day(text: str) -> Day:
    if len(text) == len("05-07"):
        yearly = date.fromisoformat(f"{_LEAP_YEAR}-{text}")
        return yearly.month, yearly.day
    return date.fromisoformat(text)


def _in_a_year(day: Day) -> date:
    return day if isinstance(day, date) else date(_LEAP_YEAR, *day)
