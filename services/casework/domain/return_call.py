"""Calling back at a time: when to suggest, what time cannot be promised, and when to try again if nobody answers."""

from datetime import datetime, time, timedelta

from shared.calendar import STOCKHOLM, WorkingCalendar
from shared.errors import DomainError

MOST_TRIES = 3
"""So often we call before the citizen is told by SMS that we have looked for her."""
_SOON = timedelta(minutes=30)
_QUARTER = timedelta(minutes=15)


class PastTimeError(DomainError):
    """A call was promised for a time that has been."""

    type = "past-time"
    title = "Tiden har redan varit. Välj en senare tid."


class NoReturnCallError(DomainError):
    """The contact is no call that we make."""

    type = "no-return-call"
    status = 409
    title = "Det är ingen återuppringning."


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


def try_number(tries: int) -> int:
    """Return which try the next one is, after so many: a new promise begins with the first again."""
    return tries % MOST_TRIES + 1


def next_try(now: datetime, number: int, calendar: WorkingCalendar) -> datetime | None:
    """Return when to call again after try `number` that nobody answered; None after the last.

    The tries that are left are spread over the rest of the working day, on quarters of an hour and never sooner than
    in half an hour; when the day has no room left it is the next working morning.
    """
    if number >= MOST_TRIES:
        return None
    day = now.astimezone(STOCKHOLM).date()
    if not calendar.is_working_day(day):
        return calendar.next_open(now)
    closing = datetime.combine(day, calendar.closing_of(day), tzinfo=STOCKHOLM)
    share = calendar.hours_between(now, closing) / (MOST_TRIES - number + 1)
    at = _quarter_after(max(calendar.add_hours(now, share), now + _SOON))
    return calendar.next_open(at if at < closing else max(now, closing))


def _quarter_after(at: datetime) -> datetime:
    there = at.astimezone(STOCKHOLM)
    past = there - datetime.combine(there.date(), time(), tzinfo=STOCKHOLM)
    return at + (-past % _QUARTER)
