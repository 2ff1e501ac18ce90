"""When a return call is tried again: in working time, spread over what is left of the day."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain.return_call import MOST_TRIES, PastTimeError, next_try, promised, try_number
from shared.calendar import STOCKHOLM, WorkingCalendar

OFFICE = WorkingCalendar()
LUNCH = WorkingCalendar(lunch=(time(12), time(13)))


def at(day: int, clock: str) -> datetime:
    return datetime.combine(datetime(2026, 11, day, tzinfo=STOCKHOLM).date(), time.fromisoformat(clock), STOCKHOLM)


@pytest.mark.parametrize(
    ("calendar", "now", "number", "then"),
    [
        (OFFICE, at(25, "08:00"), 1, at(25, "11:00")),
        (OFFICE, at(25, "11:00"), 2, at(25, "14:00")),
        (OFFICE, at(25, "14:00"), 2, at(25, "15:30")),
        (OFFICE, at(25, "15:50"), 1, at(25, "16:30")),
        (OFFICE, at(25, "16:35"), 1, at(26, "08:00")),
        (OFFICE, at(25, "19:00"), 1, at(26, "08:00")),
        (OFFICE, at(27, "16:50"), 2, at(30, "08:00")),
        (OFFICE, at(28, "11:00"), 1, at(30, "08:00")),
        (OFFICE, at(25, "07:00"), 1, at(25, "11:00")),
        (LUNCH, at(25, "11:30"), 2, at(25, "14:45")),
        (LUNCH, at(25, "11:40"), 1, at(25, "14:15")),
    ],
)
def test_the_tries_are_spread_over_the_rest_of_the_day(
    calendar: WorkingCalendar, now: datetime, number: int, then: datetime
):
    assert next_try(now, number, calendar) == then


@given(st.integers(0, 2 * 366 * 24 * 60), st.integers(1, MOST_TRIES), st.booleans())
def test_a_try_lies_ahead_in_working_time_and_no_later_than_the_next_working_morning(
    minutes: int, number: int, lunch: bool
):
    now, calendar = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), LUNCH if lunch else OFFICE
    then = next_try(now, number, calendar)
    if number == MOST_TRIES:
        assert then is None
        return
    assert then is not None
    assert then > now
    assert calendar.is_open(then)
    assert calendar.hours_between(now, then) <= 9
    if calendar.is_open(now):
        assert (
            then - now >= timedelta(minutes=30) or then.astimezone(STOCKHOLM).date() > now.astimezone(STOCKHOLM).date()
        )


def test_after_three_a_new_promise_begins_with_the_first():
    assert [try_number(tries) for tries in range(5)] == [1, 2, 3, 1, 2]


def test_a_time_that_has_been_cannot_be_promised():
    now = at(25, "10:00")
    assert promised("2026-11-25T10:30", now) == at(25, "10:30")
    assert promised("", now) is None
    with pytest.raises(PastTimeError):
        promised("2026-11-25T10:00", now)
    with pytest.raises(ValueError, match="Invalid"):
        promised("imorgon", now)
