"""Promises in a unit's own time: its calendar, when they turn amber and red, when a hand-over is delivered."""

from datetime import UTC, date, datetime, time

import pytest

from services.casework.domain.deadline import (
    ANSWER_DEFAULT,
    RECEIVE_DEFAULT,
    Light,
    amber_until,
    deadlines,
    delivery,
    due,
    light,
)
from services.casework.domain.unit_calendar import BadCalendarError, calendar_of
from shared.calendar import STOCKHOLM, WorkingCalendar

PLANNERS = calendar_of(
    {
        "weekdays": {"mån-tor": "08:00-16:30", "fre": "08:00-15:00"},
        "lunch": "12:00-13:00",
        "cutoff": "14:00",
        "closed": ["2027-05-07", "05-31", "2027-07-12..2027-07-23"],
        "half_days": {"2027-03-25": "12:00", "04-30": "14:00"},
    }
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def local(moment: datetime | None) -> str:
    return moment.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M") if moment else "at once"


def test_a_calendar_is_read_as_the_terms_say_it():
    assert calendar_of({}) == WorkingCalendar()
    assert PLANNERS.hours_of(date(2026, 11, 25)) == ((time(8), time(12)), (time(13), time(16, 30)))
    assert PLANNERS.hours_of(date(2026, 11, 27)) == ((time(8), time(12)), (time(13), time(15)))
    assert PLANNERS.hours_of(date(2027, 3, 25)) == ((time(8), time(12)),)
    assert PLANNERS.closing_of(date(2027, 4, 30)) == time(14)
    closed = ("2027-05-07", "2028-05-31", "2027-07-12", "2027-07-23", "2026-11-28", "2026-06-19")
    assert not any(PLANNERS.is_working_day(date.fromisoformat(day)) for day in closed)
    assert PLANNERS.is_working_day(date(2027, 7, 26))
    saturday = calendar_of({"weekdays": {"lör": "10:00-14:00", "mån": "stängt"}})
    assert [saturday.is_working_day(date(2026, 11, day)) for day in (23, 24, 28, 29)] == [False, True, True, False]
    around = calendar_of({"closed": ["2026-12-28..2027-01-05"]})
    assert not any(around.is_working_day(date(2026, 12, day)) for day in range(24, 32))


@pytest.mark.parametrize(
    ("terms", "pointers"),
    [
        ({"opens": "8"}, ["/calendar/opens"]),
        ({"opens": 8.5, "cutoff": []}, ["/calendar/opens", "/calendar/cutoff"]),
        ({"opens": "17:00"}, ["/calendar/closes"]),
        ({"lunch": "13:00-12:00"}, ["/calendar/lunch"]),
        ({"lunch": "12"}, ["/calendar/lunch"]),
        ({"weekdays": {"mon": "08:00-16:00"}}, ["/calendar/weekdays/mon"]),
        ({"weekdays": {"mån-fre": "stängt"}}, ["/calendar/weekdays"]),
        ({"weekdays": {"mån": "16:00-08:00"}}, ["/calendar/weekdays/mån"]),
        ({"weekdays": ["mån"]}, ["/calendar/weekdays"]),
        ({"closed": "2027-05-07"}, ["/calendar/closed"]),
        ({"closed": ["2027-02-30"]}, ["/calendar/closed/0"]),
        ({"closed": ["05-31", "2027-06-10..2027-06-01"]}, ["/calendar/closed/1"]),
        ({"closed": ["2027-01-01..05-31"]}, ["/calendar/closed/0"]),
        ({"closed": ["2027-01-01..2099-12-31"]}, ["/calendar/closed/0"]),
        ({"closed": ["01-01..12-31"]}, ["/calendar/closed/0"]),
        (
            {"half_days": {"2027-03-25": "noon", "x": "12:00"}},
            ["/calendar/half_days/2027-03-25", "/calendar/half_days/x"],
        ),
        ({"holidays": []}, ["/calendar/holidays"]),
        ({"lunch": "00:00-23:59"}, ["/calendar/weekdays"]),
    ],
)
def test_what_is_wrong_in_a_calendar_is_named_by_field(terms: dict[str, object], pointers: list[str]):
    with pytest.raises(BadCalendarError) as refused:
        calendar_of(terms)
    assert [one.pointer for one in refused.value.errors] == pointers


@pytest.mark.parametrize(
    ("start", "within", "expected"),
    [
        ("2026-11-26T10:00", "1 arbetsdag", "2026-11-27 15:00"),  # Friday closes at three
        ("2026-11-26T14:30", "1 arbetsdag", "2026-11-30 16:30"),  # after this unit's own cut-off
        ("2026-11-26T13:30", "1 arbetsdag", "2026-11-27 15:00"),  # after the usual one, before this unit's
        ("2026-11-26T11:00", "2 arbetstimmar", "2026-11-26 14:00"),  # lunch is not counted
        ("2027-03-24T10:00", "1 arbetsdag", "2027-03-25 12:00"),  # skärtorsdag: half a day
        ("2027-03-25T13:00", "samma arbetsdag", "2027-03-30 16:30"),
        ("2027-05-05T10:00", "1 arbetsdag", "2027-05-10 16:30"),  # klämdag that the unit has off
        ("2027-07-09T10:00", "1 arbetsdag", "2027-07-26 16:30"),  # closed for the summer
        ("2026-11-26T13:30", "samma arbetsdag om före 12:00, annars senast 12:00 nästa arbetsdag", "2026-11-27 12:00"),
        ("2026-11-26T13:30", "genast", "2026-11-26 16:30"),
        ("2026-11-26T13:30", "omgående", "2026-11-26 16:30"),
        ("2026-11-26T13:30", "genast om det går, annars senast nästa dag", "2026-11-26 16:30"),
    ],
)
def test_a_promise_is_counted_in_the_time_of_the_unit_that_keeps_it(start: str, within: str, expected: str):
    assert local(due(at(start), within, RECEIVE_DEFAULT, PLANNERS)) == expected


def test_a_hand_overs_deadlines_are_those_of_its_unit():
    terms = deadlines(at("2026-11-25T10:00"), None, None, PLANNERS)
    assert (local(terms.acknowledge_by), local(terms.answer_by)) == ("2026-11-26 16:30", "2026-11-27 15:00")
    assert terms.answer_by == due(at("2026-11-25T10:00"), ANSWER_DEFAULT, "", PLANNERS)


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-11-25T10:00", Light.GREEN),
        ("2026-11-26T15:00", Light.GREEN),  # two hours left
        ("2026-11-26T15:01", Light.AMBER),
        ("2026-11-26T17:00", Light.AMBER),
        ("2026-11-26T17:01", Light.RED),
    ],
)
def test_a_promise_turns_amber_before_it_is_broken_and_red_when_it_is(now: str, shown: Light):
    start, by = at("2026-11-25T10:00"), at("2026-11-26T17:00")
    assert light(at(now), start, by) is shown
    assert (amber_until(at(now)) > by) is (shown is not Light.GREEN)


@pytest.mark.parametrize(
    ("start", "by", "now", "shown"),
    [
        ("2026-11-25T10:00", "2026-11-25T14:00", "2026-11-25T12:59", Light.GREEN),  # short: a quarter of it
        ("2026-11-25T10:00", "2026-11-25T14:00", "2026-11-25T13:01", Light.AMBER),
        ("2026-11-27T10:00", "2026-11-30T09:00", "2026-11-27T15:59", Light.GREEN),  # over the weekend
        ("2026-11-27T10:00", "2026-11-30T09:00", "2026-11-28T12:00", Light.AMBER),
        ("2026-11-28T10:00", "2026-11-28T14:00", "2026-11-28T12:00", Light.GREEN),  # while the office is closed
        ("2026-11-28T10:00", "2026-11-28T14:00", "2026-11-28T13:30", Light.AMBER),
    ],
)
def test_amber_is_counted_in_working_time(start: str, by: str, now: str, shown: Light):
    assert light(at(now), at(start), at(by)) is shown


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-25T08:00", "2026-11-25 09:00"),
        ("2026-11-25T09:00", "2026-11-25 09:00"),
        ("2026-11-25T09:01", "2026-11-25 13:00"),
        ("2026-11-25T13:30", "2026-11-26 09:00"),
        ("2026-11-27T14:00", "2026-11-30 09:00"),
        ("2026-12-23T14:00", "2026-12-28 09:00"),
        ("2027-03-25T10:00", "2027-03-30 09:00"),  # closes at noon: not at one
        ("2026-03-28T12:00", "2026-03-30 09:00"),  # over the night when the clock changes
    ],
)
def test_what_can_wait_is_delivered_at_the_units_next_picked_time(now: str, expected: str):
    assert local(delivery(at(now), ["13:00", "09:00"], PLANNERS, "normal")) == expected
    assert local(delivery(at(now), ["13:00", "09:00"], PLANNERS, "low")) == expected


def test_what_cannot_wait_and_what_has_no_picked_time_is_delivered_at_once():
    now = at("2026-11-25T10:00")
    assert delivery(now, [], PLANNERS, "normal") is None
    assert delivery(now, ["13:00"], PLANNERS, "urgent") is None
    assert delivery(now, ["13:00"], PLANNERS, "high") is None
    assert delivery(now, ["20:00"], PLANNERS, "normal") is None, "the unit is never there at that time"


def test_moments_are_told_in_utc():
    assert due(at("2026-11-25T10:00"), "1 arbetsdag", "").tzinfo is UTC
