"""Working days and hours of Stockholm: promises, holidays, and the nights when the clock changes."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import STOCKHOLM, Duration, DurationUnit, WorkingCalendar, is_working_day, parse

OFFICE = WorkingCalendar()
NOON = WorkingCalendar(cutoff=time(12))


def at(text: str) -> datetime:
    """A moment of the Stockholm clock."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def local(moment: datetime) -> str:
    return moment.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-06-18", True),
        ("2026-06-19", False),  # midsommarafton
        ("2026-06-20", False),
        ("2026-12-23", True),
        ("2026-12-24", False),  # julafton
        ("2026-12-25", False),
        ("2026-12-31", False),  # nyårsafton
        ("2027-01-01", False),
        ("2027-01-06", False),  # trettondedag jul
        ("2026-04-02", True),  # skärtorsdag: a half day in some places, never closed by law
        ("2026-04-03", False),  # långfredag
        ("2026-04-06", False),  # annandag påsk
        ("2026-05-01", False),
        ("2026-05-14", False),  # Kristi himmelsfärd
        ("2026-05-15", True),  # klämdag: a local decision
        ("2026-06-06", False),
        ("2026-11-01", False),
        ("2026-11-25", True),
        ("2026-11-28", False),
    ],
)
def test_offices_are_closed_on_weekends_and_on_public_and_de_facto_holidays(day: str, works: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        ("2026-11-23T10:00", 1, "2026-11-24 17:00"),
        ("2026-11-23T18:30", 1, "2026-11-24 17:00"),
        ("2026-11-27T16:59", 1, "2026-11-30 17:00"),  # Friday
        ("2026-11-28T10:00", 1, "2026-11-30 17:00"),  # Saturday: the day of arrival is not counted
        ("2026-11-28T10:00", 0, "2026-11-30 17:00"),
        ("2026-11-23T10:00", 0, "2026-11-23 17:00"),
        ("2026-11-23T17:00", 0, "2026-11-24 17:00"),
        ("2026-06-18T09:00", 1, "2026-06-22 17:00"),  # over midsummer
        ("2026-12-23T09:00", 2, "2026-12-29 17:00"),
        ("2026-12-30T09:00", 2, "2027-01-05 17:00"),
        ("2026-11-23T10:00", 10, "2026-12-07 17:00"),
    ],
)
def test_a_promise_in_working_days_ends_when_the_office_closes(start: str, count: int, due: str) -> None:
    assert local(OFFICE.add_days(at(start), count)) == due


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        ("2026-11-23T11:59", 0, "2026-11-23 17:00"),
        ("2026-11-23T12:00", 0, "2026-11-24 17:00"),
        ("2026-11-23T11:59", 1, "2026-11-24 17:00"),
        ("2026-11-23T12:00", 1, "2026-11-25 17:00"),
        ("2026-11-27T13:00", 1, "2026-12-01 17:00"),
        ("2026-11-28T09:00", 1, "2026-12-01 17:00"),  # as Friday afternoon: counts as Monday
    ],
)
def test_after_the_cutoff_it_counts_as_the_next_working_day(start: str, count: int, due: str) -> None:
    assert local(NOON.add_days(at(start), count)) == due


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23T09:00", 4, "2026-11-23 13:00"),
        ("2026-11-23T15:00", 4, "2026-11-24 10:00"),
        ("2026-11-23T13:00", 4, "2026-11-23 17:00"),
        ("2026-11-23T06:00", 4, "2026-11-23 12:00"),
        ("2026-11-27T16:30", 1, "2026-11-30 08:30"),
        ("2026-06-18T16:00", 2, "2026-06-22 09:00"),
        ("2026-11-23T09:00", 18, "2026-11-25 09:00"),
        ("2026-11-23T09:00", 0.5, "2026-11-23 09:30"),
    ],
)
def test_a_promise_in_working_hours_runs_only_while_open(start: str, hours: float, due: str) -> None:
    assert local(OFFICE.add_hours(at(start), hours)) == due


@pytest.mark.parametrize(
    ("start", "due", "elapsed"),
    [
        ("2026-03-27T16:00", "2026-03-30 10:00", 65),  # the night to 29 March has 23 hours
        ("2026-10-23T16:00", "2026-10-26 10:00", 67),  # the night to 25 October has 25
        ("2027-03-26T16:00", "2027-03-30 10:00", 89),  # långfredag and annandag påsk in the same days
        ("2027-10-29T16:00", "2027-11-01 10:00", 67),
    ],
)
def test_a_weekend_when_the_clock_changes_neither_adds_nor_takes_a_working_hour(
    start: str, due: str, elapsed: int
) -> None:
    hours = 3 if start != "2027-03-26T16:00" else 2
    ended = OFFICE.add_hours(at(start), hours)
    assert local(ended) == due
    assert (ended - at(start).astimezone(UTC)).total_seconds() / 3600 == elapsed


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-03-29T00:30:00+00:00", "2026-03-30 08:00"),  # 01:30 before the jump
        ("2026-03-29T01:30:00+00:00", "2026-03-30 08:00"),  # 03:30 after it
        ("2026-10-25T00:30:00+00:00", "2026-10-26 08:00"),  # 02:30 the first time
        ("2026-10-25T01:30:00+00:00", "2026-10-26 08:00"),  # 02:30 the second time
    ],
)
def test_from_the_changed_nights_the_doors_open_on_monday_at_eight(moment: str, opens: str) -> None:
    start = datetime.fromisoformat(moment)
    assert local(OFFICE.next_open(start)) == opens
    assert local(OFFICE.add_hours(start, 1)) == opens.replace("08:00", "09:00")


def test_open_is_until_the_closing_minute_and_a_unit_may_be_closed_on_days_of_its_own() -> None:
    assert OFFICE.is_open(at("2026-11-23T08:00"))
    assert not OFFICE.is_open(at("2026-11-23T17:00"))
    assert not OFFICE.is_open(at("2026-06-19T10:00"))
    bridge = WorkingCalendar(closed=frozenset({date(2026, 5, 15)}))
    assert not bridge.is_open(at("2026-05-15T10:00"))
    assert local(bridge.next_open(at("2026-05-13T18:00"))) == "2026-05-18 08:00"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        OFFICE.is_open(datetime(2026, 11, 23, 9))  # noqa: DTZ001 - that is the point


def test_a_calendar_that_never_opens_says_so() -> None:
    never = WorkingCalendar(closed=frozenset(date.fromordinal(n) for n in range(739_000, 744_000)))
    with pytest.raises(ValueError, match="never open"):
        never.next_open(at("2026-11-23T18:00"))


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1 arbetsdag", Duration(1, DurationUnit.WORKING_DAYS)),
        ("10 arbetsdagar", Duration(10, DurationUnit.WORKING_DAYS)),
        ("4 arbetstimmar", Duration(4, DurationUnit.WORKING_HOURS)),
        ("1 arbetstimme", Duration(1, DurationUnit.WORKING_HOURS)),
        ("0,5 arbetstimmar", Duration(0.5, DurationUnit.WORKING_HOURS)),
        ("30 minuter", Duration(0.5, DurationUnit.CLOCK_HOURS)),
        ("1 dygn", Duration(24, DurationUnit.CLOCK_HOURS)),
        ("2 veckor", Duration(336, DurationUnit.CLOCK_HOURS)),
        ("automatiskt", Duration(0, DurationUnit.CLOCK_HOURS)),
        ("samma arbetsdag", Duration(0, DurationUnit.WORKING_DAYS)),
        ("genast, senast samma arbetsdag", Duration(0, DurationUnit.WORKING_DAYS)),
        (
            "samma arbetsdag om före 12:00, annars senast 12:00 nästa arbetsdag",
            Duration(0, DurationUnit.WORKING_DAYS, time(12), time(12)),
        ),
    ],
)
def test_durations_are_read_as_checklists_write_them(text: str, duration: Duration) -> None:
    assert parse(text) == WorkingCalendar.parse(f" {text} ") == duration


@pytest.mark.parametrize("text", ["", "snart", "arbetsdag", "1,5 arbetsdagar", "-1 arbetsdag", "{svar_inom}"])
def test_what_is_no_duration_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|whole"):
        parse(text)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-23T11:30", "2026-11-23 17:00"),
        ("2026-11-23T12:30", "2026-11-24 12:00"),
        ("2026-11-27T12:30", "2026-11-30 12:00"),
        ("2026-11-28T09:00", "2026-11-30 12:00"),
    ],
)
def test_called_before_noon_is_answered_the_same_day_later_by_noon_of_the_next(start: str, due: str) -> None:
    promise = parse("samma arbetsdag om före 12:00, annars senast 12:00 nästa arbetsdag")
    assert local(OFFICE.add(at(start), promise)) == due


def test_every_kind_of_duration_can_be_added() -> None:
    start = at("2026-11-23T16:00")
    assert local(OFFICE.add(start, parse("2 arbetsdagar"))) == "2026-11-25 17:00"
    assert local(OFFICE.add(start, parse("2 arbetstimmar"))) == "2026-11-24 09:00"
    assert local(OFFICE.add(start, parse("2 timmar"))) == "2026-11-23 18:00"


def test_hours_and_days_between_are_what_was_open() -> None:
    assert OFFICE.hours_between(at("2026-11-27T15:00"), at("2026-11-30T09:00")) == 3
    assert OFFICE.hours_between(at("2026-11-30T09:00"), at("2026-11-27T15:00")) == 0
    assert OFFICE.working_days_between(at("2026-06-18T09:00"), at("2026-06-23T09:00")) == 2
    assert OFFICE.working_days_between(at("2026-11-23T09:00"), at("2026-11-23T16:00")) == 0


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - zone given


@given(moments, st.floats(0, 60))
def test_what_is_added_in_hours_is_the_time_open_in_between(start: datetime, hours: float) -> None:
    assert OFFICE.hours_between(start, OFFICE.add_hours(start, hours)) == pytest.approx(hours, abs=1e-6)


@given(moments, moments, st.integers(0, 12), st.sampled_from([OFFICE, NOON]))
def test_who_comes_later_is_never_promised_earlier(
    first: datetime, second: datetime, days: int, calendar: WorkingCalendar
) -> None:
    first, second = sorted((first, second))
    assert calendar.add_days(first, days) <= calendar.add_days(second, days)
    assert calendar.add_days(first, days) > first
