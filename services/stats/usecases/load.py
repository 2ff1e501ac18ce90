"""The load through time: counts by bin and series, each with what is expected and the upper bound of the normal."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.stats.domain.alarm import Series
from services.stats.domain.cube import BIN, BINS_PER_DAY, bin_of
from services.stats.domain.expected import Expected
from services.stats.domain.week import bin_number, local_day, weekday_of
from services.stats.store.scope import Units
from services.stats.store.series import SeriesStore
from services.stats.usecases.normal import Normal
from shared.clock import Clock
from shared.errors import DomainError, FieldError

MOST_ITEMS = 100_000


class TooMuchLoadError(DomainError):
    """The period in such bins is more than one answer holds."""

    type = "period-too-long"
    status = 422
    title = "Perioden är för lång för så korta intervall. Välj en kortare period eller längre intervall."


@dataclass(frozen=True, slots=True)
class LoadItem:
    """One bin of one series; `expected` and `upper` are None where the past is too short to say."""

    series: Series
    start: datetime
    count: int
    expected: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class ShowLoad:
    """Reads the load of a period."""

    series: SeriesStore
    normal: Normal
    clock: Clock

    async def show(
        self, start: datetime, end: datetime, width: timedelta, *, by: Collection[str], units: Units
    ) -> list[LoadItem]:
        """Return every bin of [start, end) of every series that had contacts in it, oldest first."""
        start, bins = bin_of(start), round(width / BIN)
        number = -(-(end - start) // width)
        counts = await self.series.counts(start, end, by, units)
        if number * max(1, len(counts)) > MOST_ITEMS:
            raise TooMuchLoadError(errors=[FieldError("/from", TooMuchLoadError.title)])
        normal = (await self.normal.of(by, self.clock())).series
        if not by and not counts:
            counts = {(): {}}
        items = []
        for series, found in counts.items():
            expected = normal.get(series) if units is None or "unit" in by else None
            sums = _sum(found, start, width)
            for index in range(number):
                at = start + index * width
                items.append(LoadItem(series, at, sums.get(index, 0), *_normal(expected, at, bins)))
        return sorted(items, key=lambda item: (item.start, item.series))


def _sum(found: dict[datetime, int], start: datetime, width: timedelta) -> dict[int, int]:
    sums: dict[int, int] = {}
    for moment, count in found.items():
        index = (moment - start) // width
        sums[index] = sums.get(index, 0) + count
    return sums


def _normal(expected: Expected | None, at: datetime, bins: int) -> tuple[float | None, float | None]:
    if expected is None:
        return None, None
    first = bin_number(at)
    today = min(bins, BINS_PER_DAY - first)
    mean = expected.mean(weekday_of(local_day(at)), first, today)
    if bins > today:
        mean += expected.mean(weekday_of(local_day(at + timedelta(days=1))), 0, bins - today)
    return round(mean, 2), expected.band(mean, bins).high
