"""Local facts of units (*lokala uppgifter*): one value for each name, and every value it has had."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of
from services.casework.store.tables import unit_param_history, unit_params

_P = unit_params.c
_H = unit_param_history.c


class Params:
    """Local facts within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn
        self._values: dict[str, dict[str, str]] = {}

    async def values(self, unit: str) -> dict[str, str]:
        """Return the values of a unit by name; read once in a transaction, until one is written."""
        if unit not in self._values:
            rows = await rows_of(self._conn, select(_P.name, _P.value).where(_P.unit == unit))
            self._values[unit] = {row["name"]: row["value"] for row in rows}
        return self._values[unit]

    async def of(self, units: frozenset[str] | None) -> list[Row]:
        """Return the rows of some units (None: all), by unit and name."""
        query = select(unit_params).order_by(_P.unit, _P.name)
        return await rows_of(self._conn, query if units is None else query.where(_P.unit.in_(sorted(units))))

    async def history(self, unit: str) -> dict[str, list[Row]]:
        """Return every value that the names of a unit have had, the latest first."""
        found: dict[str, list[Row]] = defaultdict(list)
        query = select(unit_param_history).where(_H.unit == unit).order_by(_H.id.desc())
        for row in await rows_of(self._conn, query):
            found[row["name"]].append(row)
        return found

    async def put(  # noqa: PLR0913 - what a fact is, each by name
        self, unit: str, name: str, *, value: str, measure: str, by: str, by_name: str, at: datetime
    ) -> bool:
        """Write a value; False when it was so already."""
        self._values.pop(unit, None)
        row = {"unit": unit, "name": name, "value": value, "measure": measure}
        fresh = pg_insert(unit_params).values(**row, changed_at=at, changed_by=by, changed_by_name=by_name)
        news = (_P.value != fresh.excluded.value) | (_P.measure != fresh.excluded.measure)
        sets = {one: fresh.excluded[one] for one in ("value", "measure", "changed_at", "changed_by", "changed_by_name")}
        done = await self._conn.execute(
            fresh.on_conflict_do_update(index_elements=["unit", "name"], set_=sets, where=news).returning(_P.name)
        )
        if done.scalar_one_or_none() is None:
            return False
        await self._conn.execute(insert(unit_param_history).values(**row, at=at, by=by, by_name=by_name))
        return True
