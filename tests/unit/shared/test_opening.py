"""Opening hours: weeks, exceptions, holidays, and the nights when the clock changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import STOCKHOLM, is_holiday
from shared.opening import NeverOpenError, Opening, minutes_of
from shared.records import DayException, HoursRecord, Span

MON_THU, FRIDAY = (Span(opens="08:00", closes="17:00"),), (Span(opens="08:00", closes="16:00"),)
OFFICE_WEEK = (MON_THU, MON_THU, MON_THU, MON_THU, FRIDAY, (), ())
ALWAYS = ((Span(opens="00:00", closes="24:00"),),) * 7


def hours(
    weekly: tuple[tuple[Span, ...], ...] = OFFICE_WEEK, *exceptions: DayException, open_on_holidays: bool = False
) -> Opening:
    record = HoursRecord(unit="u", weekly=weekly, exceptions=exceptions, open_on_holidays=open_on_holidays)
    return Opening.of(record)


def at(text: str) -> datetime:
    """A moment of the Stockholm clock."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def local(moment: datetime | None) -> str | None:
    return moment.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M") if moment else None


HALF_DAY = DayException(day="2026-12-23", spans=(Span(opens="08:00", closes="12:00"),))
KLAMDAG = DayException(day="2027-01-05", note="klämdag")
EVE_OPEN = DayException(day="2026-12-24", spans=(Span(opens="09:00", closes="11:00"),))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-25T08:00", "2026-11-25 08:00"),
        ("2026-11-25T16:59", "2026-11-25 16:59"),
        ("2026-11-25T17:00", "2026-11-26 08:00"),
        ("2026-11-27T16:00", "2026-11-30 08:00"),  # Friday closes at four, then the weekend
        ("2026-11-25T03:00", "2026-11-25 08:00"),
        ("2026-12-23T12:00", "2026-12-24 09:00"),  # the exceptions win, over the weekday and over julafton
        ("2026-12-24T11:00", "2026-12-28 08:00"),  # juldagen, annandag and the weekend
        ("2026-12-30T18:00", "2027-01-04 08:00"),  # nyårsafton, nyårsdagen, weekend
        ("2027-01-04T17:00", "2027-01-07 08:00"),  # klämdag and trettondedag jul
    ],
)
def test_doors_open_next_after_nights_weekends_holidays_and_days_that_differ(moment: str, opens: str) -> None:
    opening = hours(OFFICE_WEEK, HALF_DAY, KLAMDAG, EVE_OPEN)
    assert local(opening.next_open(at(moment))) == opens
    assert opening.is_open(at(moment)) is (opening.next_open(at(moment)) == at(moment))


def test_what_is_open_on_holidays_is_open_on_julafton_unless_an_exception_says_otherwise() -> None:
    assert not hours(ALWAYS).is_open(at("2026-12-24T12:00"))
    assert hours(ALWAYS, open_on_holidays=True).is_open(at("2026-12-24T12:00"))
    closed = DayException(day="2026-12-24")
    assert not hours(ALWAYS, closed, open_on_holidays=True).is_open(at("2026-12-24T12:00"))


def test_spans_that_touch_are_one_and_what_never_closes_has_no_closing() -> None:
    assert local(hours(ALWAYS).closes_at(at("2026-11-25T12:00"))) == "2026-12-24 00:00"
    assert hours(ALWAYS, open_on_holidays=True).closes_at(at("2026-11-25T12:00")) is None
    lunch = (Span(opens="13:00", closes="16:00"), Span(opens="08:00", closes="12:00"))
    opening = hours((lunch,) * 7)
    assert local(opening.closes_at(at("2026-11-25T08:30"))) == "2026-11-25 12:00"
    assert opening.closes_at(at("2026-11-25T12:30")) is None
    assert local(opening.next_open(at("2026-11-25T12:30"))) == "2026-11-25 13:00"


def test_hours_that_never_open_say_so() -> None:
    with pytest.raises(NeverOpenError, match="never open"):
        hours(((),) * 7).next_open(at("2026-11-25T12:00"))
    only = hours(((),) * 7, DayException(day="2026-11-26", spans=FRIDAY))
    assert local(only.next_open(at("2026-11-25T12:00"))) == "2026-11-26 08:00"
    assert local(only.closes_at(at("2026-11-26T12:00"))) == "2026-11-26 16:00"
    with pytest.raises(NeverOpenError):
        only.next_open(at("2026-11-26T16:00"))


@pytest.mark.parametrize(
    ("weekly", "text"),
    [
        (OFFICE_WEEK[:6], "seven days"),
        (((Span(opens="12:00", closes="12:00"),),) * 7, "closes after it opens"),
        (((Span(opens="08:00", closes="12:00"), Span(opens="11:59", closes="13:00")),) * 7, "overlap"),
        (((Span(opens="08:00", closes="24:01"),),) * 7, "not a time of day"),
    ],
)
def test_hours_that_make_no_sense_are_refused(weekly: tuple[tuple[Span, ...], ...], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        hours(weekly)


def test_times_of_day_are_read_as_people_write_them() -> None:
    assert [minutes_of(clock) for clock in ("8", "08:30", "8.30", "24:00", " 0:00 ")] == [480, 510, 510, 1440, 0]
    for wrong in ("24:01", "25", "8:60", "", "åtta", "-1"):
        with pytest.raises(ValueError, match="not a time of day"):
            minutes_of(wrong)


def test_a_moment_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        hours().is_open(datetime(2026, 11, 25, 12))  # noqa: DTZ001 - the very fault


def test_the_nights_when_the_clock_changes_are_an_hour_shorter_and_an_hour_longer() -> None:
    night = hours(((Span(opens="00:00", closes="06:00"),),) * 7, open_on_holidays=True)
    for day, length in (("2026-03-29", 5), ("2026-10-25", 7), ("2026-11-25", 6)):
        opens = night.next_open(at(f"{day}T00:00"))
        closes = night.closes_at(opens)
        assert closes is not None
        assert closes - opens == timedelta(hours=length)


def test_what_would_open_or_close_in_the_skipped_hour_does_so_at_its_end() -> None:
    half_past = hours(((Span(opens="02:30", closes="08:00"),),) * 7)
    assert local(half_past.next_open(at("2026-03-29T00:00"))) == "2026-03-29 03:00"
    within = hours(((Span(opens="02:15", closes="02:45"),),) * 7)
    assert local(within.next_open(at("2026-03-29T00:00"))) == "2026-03-30 02:15"


_clock = st.integers(0, 24 * 4).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
_day = st.lists(_clock, unique=True, max_size=6).map(
    lambda clocks: tuple(
        Span(opens=opens, closes=closes)
        for opens, closes in zip(sorted(clocks)[::2], sorted(clocks)[1::2], strict=False)
    )
)
_week = st.tuples(*[_day] * 7)
_moment = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without a zone
_exceptions = st.lists(
    st.builds(DayException, day=st.dates(date(2026, 1, 1), date(2028, 12, 31)).map(str), spans=_day), max_size=5
)


@given(_week, _exceptions, st.booleans(), _moment)
def test_open_next_open_and_closing_agree(
    week: tuple[tuple[Span, ...], ...], exceptions: list[DayException], holidays: bool, moment: datetime
) -> None:
    opening = hours(week, *exceptions, open_on_holidays=holidays)
    try:
        opens = opening.next_open(moment)
    except NeverOpenError:
        assert not opening.is_open(moment)
        return
    assert opens >= moment
    assert opening.is_open(opens)
    assert opening.is_open(moment) is (opens == moment)
    closes = opening.closes_at(opens)
    if closes is not None:
        assert closes > opens
        assert not opening.is_open(closes)
        assert opening.is_open(closes - timedelta(microseconds=1))
    if opens > moment:
        assert not opening.is_open(opens - timedelta(microseconds=1))


@given(_week, st.booleans(), _moment)
def test_a_day_that_begins_and_ends_outside_the_changed_hour_is_open_as_its_wall_clock_says(
    week: tuple[tuple[Span, ...], ...], holidays: bool, moment: datetime
) -> None:
    there = moment.astimezone(STOCKHOLM)
    minute = there.hour * 60 + there.minute
    if 0 <= there.hour < 4 and there.month in {3, 10}:
        return  # the nights of change have tests of their own
    closed = not holidays and is_holiday(there.date())
    expected = not closed and any(
        minutes_of(span.opens) <= minute < minutes_of(span.closes) for span in week[there.weekday()]
    )
    assert hours(week, open_on_holidays=holidays).is_open(moment) is expected
