"""Local time as the week sees it: which kind of day, which five minutes; holidays are Sundays."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from services.stats.domain.cube import BIN, BINS_PER_DAY
from services.stats.domain.expected import SUNDAY
from shared.calendar import STOCKHOLM, is_working_day

_SATURDAY = 5


def weekday_of(day: date) -> int:
    """Return the weekday, Monday 0, that `day` behaves as: a holiday among working days is a Sunday."""
    weekday = day.weekday()
    return weekday if weekday >= _SATURDAY or is_working_day(day) else SUNDAY


def weekdays_of(first: date, days: int) -> NDArray[np.int64]:
    """Return the weekdays of so many days from `first`."""
    return np.array([weekday_of(first + timedelta(days=number)) for number in range(days)], dtype=np.int64)


def local_day(moment: datetime) -> date:
    """Return the day in Stockholm."""
    return moment.astimezone(STOCKHOLM).date()


def start_of(day: date) -> datetime:
    """Return the moment, in UTC, when the day begins in Stockholm."""
    return datetime.combine(day, time(), tzinfo=STOCKHOLM).astimezone(UTC)


def bin_number(moment: datetime) -> int:
    """Return which five minutes of its local day `moment` lies in, by the clock on the wall."""
    local = moment.astimezone(STOCKHOLM)
    return local.hour * 12 + local.minute // 5


def bins_of(counts: dict[datetime, int], until: int = BINS_PER_DAY) -> Sequence[int]:
    """Return the counts of one local day as a list, one for each five minutes before bin `until`."""
    row = [0] * until
    for moment, count in counts.items():
        number = bin_number(moment)
        if number < until:
            row[number] += count
    return row


def elapsed_bins(start: datetime, now: datetime) -> float:
    """Return the five-minute bins, whole and part, between two moments."""
    return max(0.0, (now - start) / BIN)
