"""Calling back at a time: when to suggest, and what time cannot be promised."""

from datetime import datetime, timedelta

from shared.calendar import STOCKHOLM, WorkingCalendar
from shared.errors import DomainError

_SOON = timedelta(minutes=30)


class PastTimeError(DomainError):
    """A call was promised for a time that has been."""

    type = "past-time"
    title = "Tiden har redan varit. Välj en senare tid."


def next_working_hour(now: datetime) -> datetime:
    """Return the next full hour, half an hour off or more, when offices are open."""
    there = (now + _SOON).astimezone(STOCKHOLM)
    whole = there.replace(minute=0, second=0, microsecond=0)
    hour = whole if whole == there else whole + timedelta(hours=1)
    return WorkingCalendar().next_open(hour)


def promised(text: str, now: datetime) -> datetime | None:
    """Return the moment of `2026-11-26T09:00` by Stockholm's clock, None for no text; PastTimeError, ValueError."""
    if not text.strip():
        return None
    at = datetime.fromisoformat(text.strip())
    at = at if at.tzinfo else at.replace(tzinfo=STOCKHOLM)
    if at <= now:
        raise PastTimeError
    return at
