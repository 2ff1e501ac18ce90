"""Promises in working time: from what the author of a checklist wrote to the moment it must be kept.

Understood: whatever `shared.calendar.parse` reads (`2 arbetsdagar`, `4 arbetstimmar`), `samma arbetsdag`, `genast`,
and "before the cut-off the same working day, otherwise by the cut-off of the next". Anything else (a param nobody has
filled in, `automatiskt` as long as nothing answers by itself) counts as the default.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from shared.calendar import STOCKHOLM, WorkingCalendar, parse

CUTOFF = time(12)
"""What comes later counts as come in on the next working day, when a promise is in whole days."""
RECEIVE_DEFAULT = "1 arbetsdag"
ANSWER_DEFAULT = "2 arbetsdagar"

_FIRST_WORDS = re.compile(r"^(?:senast |inom )")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When the receipt and the citizen's answer are due."""

    acknowledge_by: datetime
    answer_by: datetime


def due(start: datetime, within: str | None, default: str) -> datetime:
    """Return when `within`, counted from `start`, is over; what is not understood counts as `default`."""
    text = _FIRST_WORDS.sub("", (within or "").strip().lower())
    if "annars senast" in text:
        return _by_cutoff(start)
    if text.startswith(("samma arbetsdag", "genast")):
        return WorkingCalendar().add_days(start, 0)
    try:
        promised = parse(default if text == "automatiskt" else text)
    except ValueError:
        promised = parse(default)
    return WorkingCalendar(cutoff=CUTOFF).add(start, promised)


def deadlines(start: datetime, receive: str | None, answer: str | None) -> Deadlines:
    """Return both deadlines of a hand-over; the answer is never due before the receipt."""
    acknowledge_by = due(start, receive, RECEIVE_DEFAULT)
    return Deadlines(acknowledge_by, max(acknowledge_by, due(start, answer, ANSWER_DEFAULT)))


def review_by(published: datetime, months: int | None) -> datetime | None:
    """Return when a checklist must be read through again: so many months (of 30.4 days) after its publication."""
    return published + timedelta(days=round(30.4 * months)) if months else None


def _by_cutoff(start: datetime) -> datetime:
    """Return the end of the same working day before the cut-off, otherwise the cut-off of the next working day."""
    calendar = WorkingCalendar()
    here = start.astimezone(STOCKHOLM)
    if calendar.is_working_day(here.date()) and here.time() < CUTOFF:
        return calendar.add_days(start, 0)
    return datetime.combine(calendar.next_working_day(here.date()), CUTOFF, tzinfo=STOCKHOLM).astimezone(UTC)
