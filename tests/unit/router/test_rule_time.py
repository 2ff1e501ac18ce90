from datetime import UTC, date, datetime

import pytest

from services.router.domain.rule_time import DAY, Window, joined

MONDAY = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
"""Half past eight in Stockholm."""
OFFICE = Window(frozenset(range(5)), ((8 * 60, 17 * 60),))
MORNING = Window(spans=((0, 12 * 60),))


def test_it_is_stockholms_clock_that_counts():
    assert OFFICE.holds(MONDAY)
    assert not OFFICE.holds(MONDAY.replace(hour=6, minute=59))
    assert OFFICE.holds(MONDAY.replace(month=6, day=22, hour=6, minute=0)), "summer time"


def test_a_span_ends_before_its_last_minute():
    assert not OFFICE.holds(MONDAY.replace(hour=16, minute=0))
    assert OFFICE.holds(MONDAY.replace(hour=15, minute=59))


@pytest.mark.parametrize(("day", "holiday"), [((2026, 12, 24), True), ((2026, 12, 23), False), ((2026, 6, 19), True)])
def test_holidays_are_swedens(day: tuple[int, int, int], holiday: bool):
    noon = datetime(*day, 11, tzinfo=UTC)
    assert Window(holiday=True).holds(noon) is holiday
    assert Window(holiday=False).holds(noon) is not holiday


def test_dates_include_both_ends():
    advent = Window(first=date(2026, 11, 29), last=date(2026, 12, 24))
    moments = [datetime(2026, *day, 12, tzinfo=UTC) for day in ((11, 28), (11, 29), (12, 24), (12, 25))]
    assert [advent.holds(at) for at in moments] == [False, True, True, False]


def test_a_span_past_midnight_is_two_and_spans_that_touch_are_one():
    assert joined([(22 * 60, 6 * 60)]) == ((0, 6 * 60), (22 * 60, DAY))
    assert joined([(8 * 60, 12 * 60), (12 * 60, 13 * 60), (0, 60)]) == ((0, 60), (8 * 60, 13 * 60))


def test_windows_meet_in_what_is_common():
    both = OFFICE.meet(MORNING)
    assert both == Window(frozenset(range(5)), ((8 * 60, 12 * 60),))
    assert OFFICE.covers(both)
    assert MORNING.covers(both)
    assert not MORNING.covers(OFFICE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Window(frozenset({0})), Window(frozenset({1}))),
        (Window(holiday=True), Window(holiday=False)),
        (Window(spans=((0, 60),)), Window(spans=((60, 120),))),
        (Window(first=date(2026, 12, 2)), Window(last=date(2026, 12, 1))),
        (Window(first=date(2026, 12, 24), last=date(2026, 12, 24)), Window(frozenset({0}))),
        (Window(first=date(2026, 12, 7), last=date(2026, 12, 11)), Window(holiday=True)),
    ],
)
def test_windows_without_a_common_moment(one: Window, other: Window):
    assert one.meet(other) is None
    assert other.meet(one) is None


def test_a_few_dates_are_looked_at_day_by_day():
    christmas = Window(first=date(2026, 12, 24), last=date(2026, 12, 26))
    assert Window(holiday=True).covers(christmas)
    assert not Window(holiday=True).covers(Window(first=date(2026, 12, 23), last=date(2026, 12, 26)))
    assert Window(frozenset({3, 4, 5})).covers(christmas)
