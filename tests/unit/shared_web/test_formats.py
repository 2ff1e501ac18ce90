from datetime import UTC, date, datetime, timedelta

import pytest

from shared.web import formats

AT = datetime(2026, 11, 12, 9, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (38, "0:38"), (161.9, "2:41"), (3725, "1:02:05"), (-3, "0:00"), (3 * 86400, "3 d"), (None, "–")],
)
def test_durations(seconds, text):
    assert formats.duration(seconds) == text


def test_a_duration_may_be_a_timedelta():
    assert formats.duration(timedelta(minutes=4, seconds=2)) == "4:02"


def test_times_are_those_of_stockholm():
    assert formats.clock(AT) == "10:42"
    assert formats.clock(datetime(2026, 7, 1, 9, 42, tzinfo=UTC)) == "11:42"
    assert formats.iso(AT) == "2026-11-12T10:42:00+01:00"


def test_a_moment_is_as_near_as_it_needs():
    assert formats.moment(AT, now=AT + timedelta(hours=3)) == "10:42"
    assert formats.moment(AT, now=AT + timedelta(days=2)) == "12 nov. 10:42"
    assert formats.moment(AT, "en", now=AT + timedelta(days=2)) == "12 Nov 10:42"
    assert formats.moment(None) == "–"


def test_days_and_numbers_follow_the_language():
    assert formats.full_day(date(2026, 9, 3)) == "3 september 2026"
    assert formats.full_day(date(2026, 9, 3), "en") == "3 September 2026"
    assert formats.number(2300).replace("\xa0", " ") == "2 300"
    assert formats.number(2300, "en") == "2,300"
    assert formats.percent(0.61).replace("\xa0", " ") == "61 %"
