"""What is normal, learnt from simulated weeks; and when the last hour is not."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from services.stats.domain.alarm import Look, Often, Rule, Verdict, judge, often
from services.stats.domain.expected import MIN_DAYS, Expected, fit
from services.stats.domain.week import bin_number, start_of, weekday_of, weekdays_of
from shared.clock import STOCKHOLM

AT = datetime(2026, 11, 25, 9, tzinfo=STOCKHOLM)
HOURS = np.zeros(288)
HOURS[96:204] = 1 + np.sin(np.linspace(0, np.pi, 108))


def weeks(number: int, an_hour: float, seed: int = 1, day_spread: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weekdays = np.arange(7 * number) % 7
    level = (
        np.where(weekdays < 5, 1.0, 0.0) * rng.gamma(1 / max(day_spread**2, 1e-9), day_spread**2, 7 * number)
        if (day_spread)
        else np.where(weekdays < 5, 1.0, 0.0)
    )
    rates = HOURS * an_hour / 12 / HOURS[96:204].mean()
    return rng.poisson(level[:, None] * rates).astype(float), weekdays


def learnt(number: int = 8, an_hour: float = 80, **more) -> Expected:
    found = fit(*weeks(number, an_hour, **more))
    assert found is not None
    return found


def test_nothing_is_normal_without_a_past():
    counts, weekdays = weeks(1, 80)
    assert fit(counts[: MIN_DAYS - 1], weekdays[: MIN_DAYS - 1]) is None
    assert fit(np.zeros((28, 288)), np.arange(28) % 7) is None
    assert fit(np.zeros((0, 288)), np.zeros(0, dtype=int)) is None


def test_the_mean_of_the_hour_is_found_and_a_closed_day_expects_nothing():
    expected = learnt()
    mean = expected.mean(1, 144, 12)
    assert mean == pytest.approx(80 / HOURS[96:204].mean() * HOURS[144:156].mean(), rel=0.1)
    assert expected.mean(6, 0, 288) == pytest.approx(0, abs=0.01)


def test_part_of_a_bin_expects_a_part():
    expected = learnt()
    assert expected.mean(1, 144, 11.5) == pytest.approx(
        expected.mean(1, 144, 11) + expected.mean(1, 155, 1) / 2, rel=1e-6
    )


def test_a_weekday_not_seen_is_as_its_kind():
    counts, _ = weeks(1, 80)
    expected = fit(counts[:5], np.array([0, 1, 2, 3, 3]))
    assert expected is not None
    assert expected.mean(4, 144, 12) == pytest.approx(expected.mean(3, 144, 12), rel=0.3)


def test_pure_chance_has_dispersion_one_and_uneven_days_more():
    assert 0.95 < learnt().phi[12] < 1.35
    assert learnt(day_spread=0.3).phi[12] > 3


def test_a_past_surge_does_not_become_normal():
    counts, weekdays = weeks(8, 80)
    calm = fit(counts, weekdays)
    counts[-6, 120:156] *= 10
    surged = fit(counts, weekdays)
    assert calm is not None
    assert surged is not None
    assert surged.mean(1, 120, 12) < 1.15 * calm.mean(1, 120, 12)
    assert surged.phi[12] < 1.5


def test_nineteen_of_twenty_lie_in_the_band():
    expected = learnt(an_hour=20)
    fresh, weekdays = weeks(30, 20, seed=7)
    inside = []
    for day, weekday in zip(fresh, weekdays, strict=True):
        if weekday < 5:
            for hour in range(8, 17):
                band = expected.band(expected.mean(int(weekday), hour * 12, 12), 12)
                inside.append(band.low <= day[hour * 12 : hour * 12 + 12].sum() <= band.high)
    assert 0.92 < np.mean(inside) <= 0.99


def test_a_short_history_is_less_sure():
    short, long = learnt(1), learnt(12)
    assert short.variance(80, 12) > long.variance(80, 12)


def test_chance_of_what_is_expected_is_even_and_of_a_doubling_nil():
    expected = learnt()
    mean = expected.mean(1, 144, 12)
    assert 0.3 < expected.tail(round(mean), mean, 12) < 0.7
    assert expected.tail(round(2 * mean), mean, 12) < 1e-6


def looks(counts: np.ndarray, expected: Expected, weekday: int) -> list[Look]:
    found = []
    for number in range(108, 204):
        mean = expected.mean(weekday, number - 12, 12)
        count = int(counts[number - 12 : number].sum())
        found.append(Look((), AT, count, mean, expected.tail(count, mean, 12)))
    return found


def alarms(counts: np.ndarray, expected: Expected, weekday: int, rule: Rule) -> list[Verdict]:
    is_open, calm = False, 0
    verdicts: list[Verdict] = []
    for look in looks(counts, expected, weekday):
        verdict = judge(rule, look, is_open=is_open, calm=calm)
        calm = calm + 1 if verdict is Verdict.CALM else 0
        if verdict in {Verdict.RAISE, Verdict.CLEAR}:
            is_open = verdict is Verdict.RAISE
            verdicts.append(verdict)
    return verdicts


@pytest.mark.parametrize("an_hour", [5, 20, 80])
def test_a_year_of_chance_raises_hardly_any_alarm(an_hour):
    expected = learnt(12, an_hour)
    fresh, weekdays = weeks(52, an_hour, seed=3)
    raised = [
        v
        for day, weekday in zip(fresh, weekdays, strict=True)
        if weekday < 5
        for v in alarms(day, expected, int(weekday), Rule())
    ]
    assert raised.count(Verdict.RAISE) <= 2


def test_a_tripling_is_raised_once_and_cleared_once():
    expected = learnt()
    day = weeks(1, 80, seed=5)[0][1]
    day[132:156] *= 3
    assert alarms(day, expected, 1, Rule()) == [Verdict.RAISE, Verdict.CLEAR]


def test_a_handful_never_raises_whatever_the_odds():
    look = Look((), AT, 4, 0.01, 1e-9)
    assert judge(Rule(), look, is_open=False, calm=0) is Verdict.STAY


def test_an_alarm_stays_while_it_is_neither_abnormal_nor_ordinary():
    look = Look((), AT, 40, 25, 0.01)
    assert judge(Rule(), look, is_open=False, calm=0) is Verdict.STAY
    assert judge(Rule(), look, is_open=True, calm=2) is Verdict.STAY


def test_an_alarm_is_cleared_after_calm_looks_in_a_row():
    look = Look((), AT, 26, 25, 0.4)
    assert judge(Rule(calm_looks=3), look, is_open=True, calm=1) is Verdict.CALM
    assert judge(Rule(calm_looks=3), look, is_open=True, calm=2) is Verdict.CLEAR


@pytest.mark.parametrize(
    ("odds", "told"),
    [
        (10, Often(2, "day")),
        (100, Often(2, "week")),
        (1_000, Often(5, "month")),
        (9_000, Often(4, "year")),
        (1e12, Often(1000, "year")),
    ],
)
def test_odds_in_the_time_of_people(odds, told):
    assert often(odds, 45) == told


def test_midsummer_eve_is_a_sunday():
    assert weekday_of(date(2026, 6, 19)) == 6
    assert weekday_of(date(2026, 6, 18)) == 3
    assert list(weekdays_of(date(2026, 6, 18), 3)) == [3, 6, 5]


def test_local_bins_follow_the_clock_on_the_wall():
    morning = datetime(2026, 3, 29, 8, 5, tzinfo=STOCKHOLM)
    assert bin_number(morning) == 97
    assert bin_number(start_of(date(2026, 3, 29)) + timedelta(hours=7, minutes=5)) == 97
