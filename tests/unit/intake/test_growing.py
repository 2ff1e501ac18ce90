"""Whoever fails waits ever longer, up to a bound, and begins anew when it goes well."""

import pytest

from services.intake.domain.growing import Growing


def bounds(wait: float, of: float, earliest: float = 1.0) -> bool:
    return of * earliest <= wait <= of * 1.25


def test_it_doubles_up_to_the_longest_and_begins_anew() -> None:
    growing = Growing(5)
    for expected in (5, 10, 20, 40, 60, 60):
        assert bounds(growing.next(60), expected)
    growing.well()
    assert bounds(growing.next(60), 5)


@pytest.mark.parametrize("longest", [1.0, 60.0])
def test_what_is_asked_for_is_the_least_whatever_is_the_longest(longest: float) -> None:
    assert bounds(Growing(1).next(longest, least=120), 120)


def test_after_years_of_failures_it_is_still_a_number() -> None:
    growing = Growing(1)
    for _ in range(5000):
        growing.next(300)
    assert bounds(growing.next(300), 300)


def test_many_that_fail_together_do_not_come_back_together() -> None:
    assert len({Growing(1, earliest=0.75).next(60) for _ in range(20)}) > 10
    assert all(bounds(Growing(1, earliest=0.75).next(60), 1, 0.75) for _ in range(20))
