"""What is normal: the expected count of each five minutes of the week, from the series' own past.

A mean by time of week, shrunk to the profile of its kind of day (working day or weekend) as long as the history is
short; past surges are cut down before they can teach; the dispersion is robust, slow and proportional to the mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from services.stats.domain.cube import BINS_PER_DAY, BINS_PER_HOUR

Counts = NDArray[np.float64]

MIN_DAYS = 5
"""Days with contacts before anything is called normal."""
HALF_LIFE_DAYS = 42.0
"""A day this old weighs half as much as yesterday."""
PRIOR_DAYS = 2.0
"""The profile of the kind of day counts as this many days of the weekday itself."""
LEARNING_CV = 0.3
"""How wrong (as a share of the mean) the expectation may be after one day of history; falls as days are added."""
SUNDAY = 6
_SATURDAY = 5
_WINSOR = 2.5
_WINSORED_SQUARE = 0.94
"""The mean of a standard normal's square when cut off at 2.5 standard deviations."""
_KERNEL = np.array([1, 2, 3, 4, 3, 2, 1], dtype=float) / 16


@dataclass(frozen=True, slots=True)
class Band:
    """What is normal for a window: the mean, and the bounds that nineteen of twenty lie within."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Expected:
    """The normal week of one series: `rates[weekday, bin]` per five minutes; holidays are Sundays."""

    rates: Counts
    days: float
    """Days of history behind a typical weekday, weighted by age."""
    phi: Mapping[int, float]
    """Variance over mean, by length of window in bins."""

    def mean(self, weekday: int, first: int, bins: float) -> float:
        """Return the expected count of `bins` five-minute bins (the last may be a part) from bin `first`."""
        whole = int(bins)
        day = self.rates[weekday]
        total = float(day[first : first + whole].sum())
        if bins > whole and first + whole < BINS_PER_DAY:
            total += float(day[first + whole]) * (bins - whole)
        return total

    def variance(self, mean: float, bins: float) -> float:
        """Return the variance of a count expected to be `mean`: chance, and what a short history does not know."""
        phi = float(np.interp(bins, sorted(self.phi), [self.phi[key] for key in sorted(self.phi)]))
        return phi * mean + (LEARNING_CV * mean) ** 2 / max(self.days, 1.0) ** 2

    def tail(self, count: int, mean: float, bins: float) -> float:
        """Return the chance of at least `count` where `mean` is expected."""
        return _tail(count, max(mean, 1e-9), self.variance(mean, bins))

    def band(self, mean: float, bins: float) -> Band:
        """Return the bounds that nineteen counts of twenty lie within."""
        law = _law(mean, self.variance(mean, bins))
        return Band(mean=mean, low=float(law.ppf(0.025)), high=float(law.ppf(0.975)))

    def day_band(self, weekday: int) -> tuple[Counts, Counts, Counts]:
        """Return mean, low and high of each five minutes of a day."""
        mean = np.maximum(self.rates[weekday], 1e-9)
        law = _laws(mean, np.array([self.variance(float(one), 1) for one in mean]))
        return mean, law[0], law[1]


def fit(counts: Counts, weekdays: NDArray[np.int64]) -> Expected | None:
    """Return the normal week of `counts[day, bin]` (oldest day first), or None while there are too few days."""
    if int((counts.sum(axis=1) > 0).sum()) < MIN_DAYS:
        return None
    weights = 0.5 ** (np.arange(len(counts))[::-1] / HALF_LIFE_DAYS)
    rates = _rates(counts, weekdays, weights)
    for _ in range(2):
        rates = _rates(_without_surges(counts, rates[weekdays]), weekdays, weights)
    per_weekday = np.bincount(weekdays, weights, minlength=7)
    typical = float(per_weekday[per_weekday > 0].mean())
    return Expected(rates=rates, days=typical, phi=_dispersions(counts, rates[weekdays], typical))


def _rates(counts: Counts, weekdays: NDArray[np.int64], weights: Counts) -> Counts:
    weekend = weekdays >= _SATURDAY
    rates = np.zeros((7, BINS_PER_DAY))
    for day in range(7):
        kind = weekend == (day >= _SATURDAY)
        prior = _smooth(_mean(counts, weights * kind)) if kind.any() else np.zeros(BINS_PER_DAY)
        own = weights * (weekdays == day)
        rates[day] = ((own[:, None] * counts).sum(axis=0) + PRIOR_DAYS * prior) / (own.sum() + PRIOR_DAYS)
    return rates


def _mean(counts: Counts, weights: Counts) -> Counts:
    mean: Counts = (weights[:, None] * counts).sum(axis=0) / weights.sum()
    return mean


def _smooth(profile: Counts) -> Counts:
    smooth: Counts = np.convolve(np.pad(profile, 3, mode="edge"), _KERNEL, mode="valid")
    return smooth


def _hours(values: Counts) -> Counts:
    hours: Counts = values.reshape(len(values), -1, BINS_PER_HOUR).sum(axis=2)
    return hours


def _without_surges(counts: Counts, expected: Counts) -> Counts:
    """Scale down the hours that no ordinary chance explains, so that a past surge does not become normal."""
    seen, mean = _hours(counts), _hours(expected)
    spread = np.sqrt(np.maximum(mean, 1.0) * max(_phi(seen, mean), 1.0))
    ceiling = mean + 4 * spread
    factor = np.where(seen > ceiling, ceiling / np.maximum(seen, 1.0), 1.0)
    calm: Counts = counts * np.repeat(factor, BINS_PER_HOUR, axis=1)
    return calm


def _phi(seen: Counts, mean: Counts) -> float:
    """Return variance over mean, from residuals cut at 2.5 standard deviations; 1 where there is too little."""
    enough = mean >= 1.0
    if enough.sum() < 10:
        return 1.0
    square = (seen[enough] - mean[enough]) ** 2 / mean[enough]
    phi = float(np.median(square) / 0.455)
    for _ in range(5):
        phi = float(np.minimum(square, _WINSOR**2 * phi).mean() / _WINSORED_SQUARE)
    return phi


def _dispersions(counts: Counts, expected: Counts, days: float) -> dict[int, float]:
    used_up = (days + PRIOR_DAYS) / (days + PRIOR_DAYS - 1)
    windows = {
        1: (counts, expected),
        BINS_PER_HOUR: (_hours(counts), _hours(expected)),
        BINS_PER_DAY: (counts.sum(axis=1, keepdims=True), expected.sum(axis=1, keepdims=True)),
    }
    return {bins: max(1.0, _phi(*pair) * used_up) for bins, pair in windows.items()}


def _tail(count: int, mean: float, variance: float) -> float:
    """Return P(X >= count) by the incomplete gamma and beta functions: a thousand times cheaper than a law object."""
    if count <= 0:
        return 1.0
    if variance <= mean * 1.001:
        return float(special.gammainc(count, mean))
    return float(special.betainc(count, mean * mean / (variance - mean), 1 - mean / variance))


def _law(mean: float, variance: float) -> Any:
    """Return the law of a count: Poisson, or negative binomial where the variance is larger than the mean."""
    mean = max(mean, 1e-9)
    if variance <= mean * 1.001:
        return stats.poisson(mean)
    return stats.nbinom(mean * mean / (variance - mean), mean / variance)


def _laws(mean: Counts, variance: Counts) -> tuple[Counts, Counts]:
    variance = np.maximum(variance, mean * 1.001)
    size, chance = mean * mean / (variance - mean), mean / variance
    return stats.nbinom.ppf(0.025, size, chance), stats.nbinom.ppf(0.975, size, chance)
