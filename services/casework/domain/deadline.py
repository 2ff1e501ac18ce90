"""Promises in working time: from what the author of a checklist wrote to the moment it must be kept.

Understood: whatever `shared.calendar.parse` reads (`2 arbetsdagar`, `4 arbetstimmar`), `samma arbetsdag`, `genast`,
and "before the cut-off the same working day, otherwise by the cut-off of the next". Anything else (a param nobody has
filled in, `automatiskt` as long as nothing answers by itself) counts as the default.

The time is that of the unit that keeps the promise (`calendar_of` its terms); office hours when nothing is said.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from services.casework.domain.unit_calendar import BadCalendarError, calendar_of, clock
from shared.calendar import STOCKHOLM, DurationUnit, WorkingCalendar, parse
from shared.vocabulary import Priority

__all__ = [
    "BadCalendarError",
    "Deadlines",
    "Light",
    "Watched",
    "amber_until",
    "calendar_of",
    "deadlines",
    "delivery",
    "due",
    "light",
]

CUTOFF = time(12)
"""What comes later counts as come in on the next working day, when a promise is in whole days."""
RECEIVE_DEFAULT = "1 arbetsdag"
ANSWER_DEFAULT = "2 arbetsdagar"
OFFICE = WorkingCalendar()
"""The hours of a unit that has said nothing."""
AMBER_HOURS = 2
AMBER_SHARE = 0.25
"""A promise is amber when less than this much is left of it: so many working hours and this share of its time."""
_LOOK_AHEAD = 60

_FIRST_WORDS = re.compile(r"^(?:senast |inom )")


class Light(StrEnum):
    """How a promise stands."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Watched(StrEnum):
    """What is done about a promise by the clock; words of the case's history."""

    REMIND = "remind_unit"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When the receipt and the citizen's answer are due."""

    acknowledge_by: datetime
    answer_by: datetime


def due(start: datetime, within: str | None, default: str, calendar: WorkingCalendar = OFFICE) -> datetime:
    """Return when `within`, counted from `start`, is over; what is not understood counts as `default`."""
    text = _FIRST_WORDS.sub("", (within or "").strip().lower())
    whole_days = replace(calendar, cutoff=calendar.cutoff or CUTOFF)
    if text in {"genast", "omgående"}:
        return calendar.add_days(start, 0)
    try:
        promised = parse(default if text == "automatiskt" else text)
    except ValueError:
        if "annars senast" in text:
            return _by_cutoff(start, whole_days)
        if text.startswith(("samma arbetsdag", "genast")):
            return calendar.add_days(start, 0)
        promised = parse(default)
    same_day = promised.unit is DurationUnit.WORKING_DAYS and promised.count == 0
    return (calendar if same_day else whole_days).add(start, promised)


def deadlines(
    start: datetime, receive: str | None, answer: str | None, calendar: WorkingCalendar = OFFICE
) -> Deadlines:
    """Return both deadlines of a hand-over; the answer is never due before the receipt."""
    acknowledge_by = due(start, receive, RECEIVE_DEFAULT, calendar)
    return Deadlines(acknowledge_by, max(acknowledge_by, due(start, answer, ANSWER_DEFAULT, calendar)))


def light(now: datetime, start: datetime, due: datetime, calendar: WorkingCalendar = OFFICE) -> Light:
    """Return how a promise that was given at `start` stands.

    Amber when less than two working hours and less than a quarter of its working time are left; a promise that runs
    only while the unit is closed is counted by the clock.
    """
    if now > due:
        return Light.RED
    if amber_until(now, calendar) <= due:
        return Light.GREEN
    left, whole = calendar.open_between(now, due), calendar.open_between(start, due)
    if not whole:
        left, whole = due - now, due - start
    return Light.AMBER if left < min(whole * AMBER_SHARE, timedelta(hours=AMBER_HOURS)) else Light.GREEN


def amber_until(now: datetime, calendar: WorkingCalendar = OFFICE) -> datetime:
    """Return the last moment that a promise may be due at to be amber now: what is due later is green."""
    return calendar.add_hours(now, AMBER_HOURS)


def delivery(now: datetime, times: Sequence[str], calendar: WorkingCalendar, priority: str) -> datetime | None:
    """Return when a hand-over reaches the unit: the next of its picked times on a working day; None is at once.

    At once also what is urgent or of high priority, and when no picked time lies within the working days.
    """
    if not times or priority in {Priority.HIGH, Priority.URGENT}:
        return None
    picked = sorted(clock(one) for one in times)
    day = now.astimezone(STOCKHOLM).date()
    for ahead in range(_LOOK_AHEAD):
        on = day + timedelta(days=ahead)
        for at in picked if calendar.is_working_day(on) else ():
            moment = datetime.combine(on, at, tzinfo=STOCKHOLM).astimezone(UTC)
            if moment >= now and at <= calendar.closing_of(on):
                return moment
    return None


def review_by(published: datetime, months: int | None) -> datetime | None:
    """Return when a checklist must be read through again: so many months (of 30.4 days) after its publication."""
    return published + timedelta(days=round(30.4 * months)) if months else None


def _by_cutoff(start: datetime, calendar: WorkingCalendar) -> datetime:
    """Return the end of the same working day before the cut-off, otherwise the cut-off of the next working day."""
    if not calendar.is_late(start):
        return calendar.add_days(start, 0)
    day = calendar.arrival_day(start)
    by = min(calendar.cutoff or CUTOFF, calendar.closing_of(day))
    return datetime.combine(day, by, tzinfo=STOCKHOLM).astimezone(UTC)
