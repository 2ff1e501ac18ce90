"""Alarms: at most one open a series, raised and cleared together with the event that tells it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.stats.domain.alarm import Look, Series
from services.stats.domain.expected import Band
from services.stats.store.scope import WITHIN, Units, bound
from services.stats.store.tables import OUTBOX
from shared import outbox
from shared.publish import Message


@dataclass(frozen=True, slots=True)
class Part:
    """What of the alarmed series stands out: `series` narrower than the alarm's, its count and what is normal."""

    series: Mapping[str, str]
    count: int
    expected: float | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as raised; open while `cleared_at` is None."""

    id: str
    series: Mapping[str, str]
    since: datetime
    raised_at: datetime
    cleared_at: datetime | None
    count: int
    expected: float
    low: float
    high: float
    odds: float
    hours_a_week: float
    parts: tuple[Part, ...] = ()
    calm: int = 0


_COLUMNS = "id, series, since, raised_at, cleared_at, count, expected, low, high, odds, hours_a_week, parts, calm"
_RAISE = text(
    "INSERT INTO stats.alarms "
    "(id, series, unit, since, raised_at, count, expected, low, high, odds, hours_a_week, parts) "
    "VALUES (:id, :series, :unit, :since, :raised_at, :count, :expected, :low, :high, :odds, :hours, "
    "CAST(:parts AS jsonb)) ON CONFLICT (series) WHERE cleared_at IS NULL DO NOTHING"
)


class Watching:
    """One open transaction of the watch."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def open(self) -> dict[Series, Alarm]:
        """Return the open alarms by series."""
        return {tuple(sorted(one.series.items())): one for one in await _read(self._conn, "cleared_at IS NULL", {})}

    async def raise_(self, alarm: Alarm, event: Message) -> None:
        """Write the alarm and its event."""
        row = {name: getattr(alarm, name) for name in ("id", "since", "raised_at", "count", "expected")}
        row |= {"low": alarm.low, "high": alarm.high, "odds": alarm.odds, "hours": alarm.hours_a_week}
        row |= {"series": _text(alarm.series), "unit": alarm.series.get("unit", ""), "parts": _parts(alarm.parts)}
        done = await self._conn.execute(_RAISE, row)
        if done.rowcount:
            await outbox.add(self._conn, OUTBOX, event)

    async def follow(self, alarm: Alarm, look: Look, band: Band, *, calm: int) -> None:
        """Write how it goes: the count since its hour began, what is normal for so long, and how long it is calm."""
        await self._conn.execute(
            text(
                "UPDATE stats.alarms SET calm = :calm, since = :since, count = :count, expected = :mean, low = :low, "
                "high = :high, odds = greatest(odds, :odds) WHERE id = :id"
            ),
            {
                "id": alarm.id,
                "calm": calm,
                "since": look.since,
                "count": look.count,
                "mean": look.mean,
                "low": band.low,
                "high": band.high,
                "odds": look.odds,
            },
        )

    async def clear(self, alarm: Alarm, at: datetime, event: Message) -> None:
        """Close the alarm and write its event."""
        await self._conn.execute(
            text("UPDATE stats.alarms SET cleared_at = :at WHERE id = :id"), {"id": alarm.id, "at": at}
        )
        await outbox.add(self._conn, OUTBOX, event)


class AlarmStore:
    """Reads alarms, and opens the watch's transaction for one process at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[Watching | None]:
        """Open the transaction of a look, or give None while another process is looking."""
        async with self._engine.begin() as conn:
            free = await conn.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('stats.watch'))"))
            yield Watching(conn) if free else None

    async def list_open(self, units: Units) -> list[Alarm]:
        """Return the open alarms of what may be seen, the least likely first."""
        return await self._list(f"cleared_at IS NULL AND {WITHIN} ORDER BY odds DESC, raised_at", units, {})

    async def list_since(self, since: datetime, units: Units) -> list[Alarm]:
        """Return the alarms that are open or were raised since then, newest first."""
        condition = f"(cleared_at IS NULL OR raised_at >= :since) AND {WITHIN} ORDER BY raised_at DESC LIMIT 500"
        return await self._list(condition, units, {"since": since})

    async def _list(self, condition: str, units: Units, parameters: dict[str, Any]) -> list[Alarm]:
        async with self._engine.connect() as conn:
            return await _read(conn, condition, parameters | bound(units))


async def _read(conn: AsyncConnection, condition: str, parameters: dict[str, Any]) -> list[Alarm]:
    rows = await conn.execute(text(f"SELECT {_COLUMNS} FROM stats.alarms WHERE {condition}"), parameters)  # noqa: S608 - our own conditions
    return [_alarm(row) for row in rows.mappings()]


def _alarm(row: Any) -> Alarm:
    parts = row["parts"] if isinstance(row["parts"], list) else orjson.loads(row["parts"])
    return Alarm(**{**row, "series": orjson.loads(row["series"]), "parts": tuple(Part(**part) for part in parts)})


def _text(series: Mapping[str, str]) -> str:
    return orjson.dumps(dict(sorted(series.items()))).decode()


def _parts(parts: tuple[Part, ...]) -> str:
    return orjson.dumps([{"series": dict(p.series), "count": p.count, "expected": p.expected} for p in parts]).decode()
