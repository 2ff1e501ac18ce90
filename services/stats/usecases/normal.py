"""Keeps what is normal for every series, learnt anew each day from the series' own past."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from services.stats.domain.alarm import Series
from services.stats.domain.expected import Expected, fit
from services.stats.domain.week import local_day, weekdays_of
from services.stats.store.scope import columns_of
from services.stats.store.series import SeriesStore

KEEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the past says about one way of cutting it: the normal of each series, and how many days there were."""

    series: Mapping[Series, Expected]
    days_with_contacts: int
    at: datetime
    version: int = 0
    """Version of the history it was learnt from."""

    def holds(self, now: datetime, version: int) -> bool:
        """Say whether it need not be learnt anew."""
        return now - self.at <= KEEP and local_day(self.at) == local_day(now) and self.version == version


@dataclass(slots=True)
class Normal:
    """Answers what is normal; asks the past once an hour, at the turn of the day and when a history was imported."""

    store: SeriesStore
    weeks: int = 26
    _known: dict[tuple[str, ...], Learnt] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, by: Collection[str], now: datetime) -> Learnt:
        """Return what is normal today for the series of the dimensions `by`."""
        dims = columns_of(by)
        async with self._lock:
            version = await self.store.history_version()
            known = self._known.get(dims)
            if known is None or not known.holds(now, version):
                known = self._known[dims] = replace(await self._learn(dims, now), version=version)
        return known

    def forget(self) -> None:
        """Ask the past again next time."""
        self._known.clear()

    async def _learn(self, dims: tuple[str, ...], now: datetime) -> Learnt:
        today = local_day(now)
        first = today - timedelta(weeks=self.weeks)
        past = await self.store.past(first, today, dims)
        return await asyncio.to_thread(_learn, past, first, now)


def _learn(past: Mapping[Series, NDArray[np.float64]], first: date, now: datetime) -> Learnt:
    active = [int((counts.sum(axis=1) > 0).sum()) for counts in past.values()]
    series: dict[Series, Expected] = {}
    begun = min((int(np.argmax(counts.sum(axis=1) > 0)) for counts in past.values()), default=0)
    for name, counts in past.items():
        since = counts[begun:]
        found = fit(since, weekdays_of(first + timedelta(days=begun), len(since)))
        if found is not None:
            series[name] = found
    return Learnt(series=series, days_with_contacts=max(active, default=0), at=now)
