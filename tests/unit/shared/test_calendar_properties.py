"""What must hold of working time whatever the calendar: no order turned round, no hour lost, no closed day promised."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.calendar import STOCKHOLM, Duration, DurationUnit, WorkingCalendar, is_holiday

OFFICE = WorkingCalendar()
BRIDGES = WorkingCalendar(
    closed=frozenset({date(2026, 5, 15), date(2027, 5, 7), (12, 28), *(date(2027, 7, day) for day in range(5, 31))}),
    half_days={date(2026, 4, 2): time(13), date(2027, 3, 25): time(12), (4, 30): time(13), (12, 23): time(12)},
    cutoff=time(14),
)
LUNCH = WorkingCalendar(
    opens=time(7, 30),
    closes=time(16, 15),
    lunch=(time(11, 45), time(12, 30)),
    weekly={4: (time(8), time(14, 30)), 0: None},
    half_days={(1, 5): time(12), date(2026, 10, 30): time(12)},
)
SATURDAYS = WorkingCalendar(weekly={5: (time(10), time(14)), 6: None}, cutoff=time(12))
NIGHTS = WorkingCalendar(opens=time(0), closes=time(23, 59), weekly={day: (time(0), time(23, 59)) for day in range(7)})
CALENDARS = [OFFICE, BRIDGES, LUNCH, SATURDAYS, NIGHTS]

EDGES = [
    "2026-03-28T22:00",  # the night that has 23 hours
    "2026-03-29T00:30",
    "2026-03-29T01:00",
    "2026-10-24T22:00",  # the night that has 25
    "2026-10-25T00:30",
    "2026-10-25T01:30",
    "2027-03-28T00:59",
    "2027-10-31T00:30",
    "2026-12-30T16:00",  # year ends
    "2026-12-31T23:00",
    "2027-01-05T10:59",
    "2027-12-23T10:30",
    "2026-06-18T15:00",  # midsummer
    "2026-06-19T10:00",
    "2027-06-24T15:30",
    "2026-04-02T10:59",  # half days
    "2027-03-25T11:00",
    "2026-04-30T11:00",
]
moments = st.one_of(
    st.sampled_from([datetime.fromisoformat(text).replace(tzinfo=UTC) for text in EDGES]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 6, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - zone given
)
spans = st.timedeltas(timedelta(), timedelta(days=40))
calendars = st.sampled_from(CALENDARS)
unhurried = settings(deadline=None)
"""The first day of a year that is asked about reads the holidays of that year."""
promises = st.one_of(
    st.builds(Duration, st.integers(0, 12), st.just(DurationUnit.WORKING_DAYS)),
    st.builds(Duration, st.integers(0, 5), st.just(DurationUnit.WORKING_DAYS), st.just(time(12)), st.just(time(12))),
    st.builds(Duration, st.floats(0, 60), st.just(DurationUnit.WORKING_HOURS)),
)
any_promises = st.one_of(promises, st.builds(Duration, st.floats(0, 200), st.just(DurationUnit.CLOCK_HOURS)))


def day_of(moment: datetime) -> date:
    return moment.astimezone(STOCKHOLM).date()


@unhurried
@given(moments, spans, promises, calendars)
def test_a_later_start_never_gives_an_earlier_promise(
    start: datetime, later: timedelta, promise: Duration, calendar: WorkingCalendar
) -> None:
    assert calendar.add(start, promise) <= calendar.add(start + later, promise)


@unhurried
@given(moments, promises, calendars)
def test_nothing_is_promised_for_a_closed_day_or_an_hour_when_the_unit_is_closed(
    start: datetime, promise: Duration, calendar: WorkingCalendar
) -> None:
    due = calendar.add(start, promise)
    there = due.astimezone(STOCKHOLM)
    assert calendar.is_working_day(there.date())
    assert not is_holiday(there.date())
    assert there.date() not in calendar.closed
    hours = calendar.hours_of(there.date())
    assert hours[0][0] <= there.time() <= hours[-1][1]
    if promise.unit is DurationUnit.WORKING_HOURS:
        assert any(opens <= there.time() <= closes for opens, closes in hours)
    assert due >= start


@unhurried
@given(moments, st.floats(0, 120), calendars)
def test_hours_that_are_added_are_the_hours_in_between(
    start: datetime, hours: float, calendar: WorkingCalendar
) -> None:
    due = calendar.add_hours(start, hours)
    assert calendar.hours_between(start, due) == pytest.approx(hours, abs=1e-6)
    assert calendar.add_hours(start, calendar.hours_between(start, due)) - due <= timedelta(milliseconds=1)


@unhurried
@given(moments, spans, spans, calendars)
def test_time_in_between_adds_up(start: datetime, one: timedelta, two: timedelta, calendar: WorkingCalendar) -> None:
    middle, end = start + one, start + one + two
    parts = calendar.open_between(start, middle) + calendar.open_between(middle, end)
    assert parts == calendar.open_between(start, end) <= one + two


@unhurried
@given(moments, any_promises, spans, spans, calendars)
@example(
    datetime(2026, 12, 30, 10, tzinfo=UTC),
    Duration(3, DurationUnit.WORKING_DAYS),
    timedelta(hours=1),
    timedelta(days=8),
    BRIDGES,
)
def test_a_clock_that_stands_still_never_shortens_a_promise(
    start: datetime, promise: Duration, until: timedelta, pause: timedelta, calendar: WorkingCalendar
) -> None:
    due, paused = calendar.add(start, promise), start + until
    moved = calendar.moved(due, paused, paused + pause)
    assert moved >= due
    if paused < due:
        left = calendar.open_between(paused, due)
        assert calendar.open_between(paused + pause, moved) >= left
        stood = calendar.open_between(paused, paused + pause)
        assert calendar.open_between(due, moved) == stood, "moved by exactly what the clock stood still, no more"
    else:
        assert moved == due, "what was broken before the pause stays broken"


@unhurried
@given(moments, any_promises, spans, spans, spans, calendars)
def test_a_longer_pause_never_gives_an_earlier_promise(
    start: datetime, promise: Duration, until: timedelta, pause: timedelta, more: timedelta, calendar: WorkingCalendar
) -> None:
    due, paused = calendar.add(start, promise), start + until
    assert calendar.moved(due, paused, paused + pause) <= calendar.moved(due, paused, paused + pause + more)


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31"])
def test_every_quarter_of_the_nights_when_the_clock_changes(calendar: WorkingCalendar, night: str) -> None:
    start = datetime.fromisoformat(f"{night}T00:00").replace(tzinfo=STOCKHOLM).astimezone(UTC) - timedelta(hours=8)
    before = calendar.add_hours(start, 3)
    for quarter in range(200):
        at = start + timedelta(minutes=15 * quarter)
        due = calendar.add_hours(at, 3)
        assert due >= before
        assert calendar.hours_between(at, due) == pytest.approx(3)
        assert calendar.is_working_day(day_of(due))
        before = due


@pytest.mark.parametrize("year", range(2026, 2034))
def test_every_day_of_eight_years_at_noon(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        noon = datetime.combine(day, time(11, 59), tzinfo=STOCKHOLM)
        for calendar in CALENDARS:
            due = calendar.add_days(noon, 1)
            assert calendar.is_working_day(day_of(due))
            assert day_of(due) > day
            assert not is_holiday(day_of(due))
        day += timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def local(moment: datetime) -> str:
    return moment.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("due", "paused", "resumed", "moved"),
    [
        ("2026-11-27T17:00", "2026-11-25T10:00", "2026-11-26T10:00", "2026-11-30 17:00"),
        ("2026-11-27T17:00", "2026-11-25T10:00", "2026-11-25T11:00", "2026-11-30 09:00"),
        ("2026-11-27T17:00", "2026-11-28T10:00", "2026-11-30T11:00", "2026-11-27 17:00"),  # was over already
        ("2026-11-30T17:00", "2026-11-28T10:00", "2026-11-29T11:00", "2026-11-30 17:00"),  # a pause over Sunday is none
        ("2026-11-28T12:00", "2026-11-27T18:00", "2026-11-28T10:00", "2026-11-28 12:00"),  # by the clock, while closed
        ("2026-11-28T12:00", "2026-11-27T16:00", "2026-11-27T16:30", "2026-11-30 08:30"),  # by the clock, half an hour
        ("2026-06-18T12:00", "2026-06-18T10:00", "2026-06-18T16:00", "2026-06-22 09:00"),  # over midsummer
        ("2026-12-30T12:00", "2026-12-30T10:00", "2026-12-30T16:30", "2027-01-04 09:30"),  # over the year's end
        ("2026-03-30T10:00", "2026-03-27T16:00", "2026-03-30T09:00", "2026-03-30 12:00"),  # over the short night
        ("2026-10-26T10:00", "2026-10-23T16:00", "2026-10-26T09:00", "2026-10-26 12:00"),  # over the long one
    ],
)
def test_a_clock_that_stood_still_goes_on_where_it_stopped(due: str, paused: str, resumed: str, moved: str) -> None:
    assert local(OFFICE.moved(at(due), at(paused), at(resumed))) == moved


def test_complaint_13_lunch_and_half_days_are_not_working_time() -> None:
    """frappe/helpdesk#2212: time was counted through lunch; a half day is the same at the end of a day."""
    office = WorkingCalendar(lunch=(time(12), time(13)), half_days={date(2027, 3, 25): time(13)})
    assert local(office.add_hours(at("2026-11-25T11:00"), 2)) == "2026-11-25 14:00"
    assert office.hours_between(at("2026-11-25T11:00"), at("2026-11-25T14:00")) == 2
    assert not office.is_open(at("2026-11-25T12:30"))
    assert local(office.next_open(at("2026-11-25T12:30"))) == "2026-11-25 13:00"
    assert local(office.add_days(at("2027-03-24T10:00"), 1)) == "2027-03-25 12:00", "nobody is back from lunch at one"
    assert local(office.add_hours(at("2027-03-25T11:00"), 2)) == "2027-03-30 09:00", "over Easter"


def test_complaint_13_nothing_falls_due_over_the_weekend() -> None:
    """osTicket#1168: what came in on a weekend was overdue before anybody was there."""
    saturday = at("2026-11-28T10:00")
    assert local(OFFICE.add_hours(saturday, 8)) == "2026-11-30 16:00"
    assert local(OFFICE.add_days(saturday, 0)) == "2026-11-30 17:00"
    assert OFFICE.hours_between(saturday, at("2026-11-30T08:00")) == 0


def test_complaint_13_each_unit_has_hours_of_its_own() -> None:
    """osTicket#4969: working hours of one's own; here a unit closes at three on Fridays, another works Saturdays."""
    planners = WorkingCalendar(weekly={4: (time(8), time(15))})
    assert local(planners.add_days(at("2026-11-26T10:00"), 1)) == "2026-11-27 15:00"
    assert local(SATURDAYS.add_days(at("2026-11-27T10:00"), 1)) == "2026-11-28 14:00"
    assert local(OFFICE.add_days(at("2026-11-27T10:00"), 1)) == "2026-11-30 17:00"


def test_complaint_13_holidays_are_those_of_the_country_and_local_ones_are_said_by_the_unit() -> None:
    """zammad#390: imported holidays were regional; local days off are said by the unit, once for all years."""
    assert is_holiday(date(2026, 6, 19)), "midsommarafton is nobody's public holiday and everybody's day off"
    assert not is_holiday(date(2026, 5, 15)), "a klämdag is decided locally"
    assert not is_holiday(date(2026, 8, 15)), "Mariä Himmelfahrt is no holiday here"
    yearly = WorkingCalendar(closed=frozenset({(10, 30), date(2026, 5, 15)}))
    assert [yearly.is_working_day(date(year, 10, 30)) for year in (2026, 2028, 2029)] == [False] * 3
    assert not yearly.is_working_day(date(2026, 5, 15))
    assert yearly.is_working_day(date(2028, 5, 15))
