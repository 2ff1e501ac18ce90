"""Counts through time: the past that says what is normal, and today beside it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stats.domain.alarm import Series
from services.stats.domain.cube import BINS_PER_DAY
from services.stats.store import tables
from services.stats.store.scope import WITHIN, Units, bound, columns_of

_ALL = (
    "(SELECT start, channel, unit, case_type, entrance, contacts FROM stats.cube WHERE contacts > 0 "
    "UNION ALL SELECT start, channel, unit, case_type, entrance, contacts FROM stats.history) AS everything"
)
_LOCAL = "start AT TIME ZONE 'Europe/Stockholm'"

_WRITTEN = text("SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relid = 'stats.history'::regclass")


class SeriesStore:
    """Reads contacts per five minutes of any series, known volumes from before the move included."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def past(self, first: date, today: date, by: Collection[str]) -> dict[Series, NDArray[np.float64]]:
        """Return `counts[day, bin]` of local days from `first` to yesterday, by series of the dimensions `by`."""
        dims = columns_of(by)
        names = "".join(f"{name}, " for name in dims)
        statement = text(
            f"SELECT {names}({_LOCAL})::date AS day, "  # noqa: S608 - columns are whitelisted, values bound
            f"(extract(hour FROM {_LOCAL}) * 12 + extract(minute FROM {_LOCAL}) / 5)::int AS bin, "
            f"sum(contacts)::int AS contacts FROM {_ALL} "
            f"WHERE start >= :start AND ({_LOCAL})::date BETWEEN :first AND :last GROUP BY {names}day, bin"
        )
        days = (today - first).days
        found: dict[Series, NDArray[np.float64]] = {}
        start = datetime.combine(first - timedelta(days=1), datetime.min.time(), tzinfo=UTC)
        async with self._engine.connect() as conn:
            asked = {"start": start, "first": first, "last": today - timedelta(days=1)}
            for *members, day, bin_, contacts in await conn.execute(statement, asked):
                series = tuple(sorted(zip(dims, members, strict=True)))
                counts = found.setdefault(series, np.zeros((days, BINS_PER_DAY)))
                counts[(day - first).days, min(bin_, BINS_PER_DAY - 1)] += contacts
        return found

    async def counts(
        self, start: datetime, end: datetime, by: Collection[str], units: Units = None
    ) -> dict[Series, dict[datetime, int]]:
        """Return contacts by series and five minutes of [start, end)."""
        dims = columns_of(by)
        names = "".join(f"{name}, " for name in dims)
        statement = text(
            f"SELECT {names}start, sum(contacts)::int FROM {_ALL} "  # noqa: S608 - columns are whitelisted, values bound
            f"WHERE start >= :start AND start < :end AND {WITHIN} GROUP BY {names}start ORDER BY start"
        )
        found: dict[Series, dict[datetime, int]] = {}
        async with self._engine.connect() as conn:
            for *members, moment, contacts in await conn.execute(
                statement, {"start": start, "end": end} | bound(units)
            ):
                series = tuple(sorted(zip(dims, members, strict=True)))
                found.setdefault(series, {})[moment] = contacts
        return found

    async def history_version(self) -> int:
        """Return a number that grows soon after volumes from before the move were written."""
        async with self._engine.connect() as conn:
            return int(await conn.scalar(_WRITTEN) or 0)

    async def keep_history(self, chunks: Iterable[Sequence[tuple[Any, ...]]]) -> None:
        """Write volumes known from before the move, in one transaction: a cell with its count."""
        async with self._engine.begin() as conn:
            for chunk in chunks:
                await tables.HISTORY.write(conn, chunk)
