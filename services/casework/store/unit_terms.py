"""How each unit works with what it gets: its calendar, when it is delivered to, how it is reached."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import unit_terms

DEFAULT: Row = {
    "calendar": {},
    "delivery_times": [],
    "has_login": True,
    "webhook_url": "",
    "escalation_address": "",
    "sender_name": "",
    "sender_address": "",
    "repeat_days": 7,
}
"""The terms of a unit that has said nothing."""


class UnitTerms:
    """The terms of units within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn
        self._read: dict[str, Row] = {}

    async def of(self, unit: str) -> Row:
        """Return the terms of a unit, the defaults when it has none; read once in a transaction."""
        if unit not in self._read:
            found = await row_of(self._conn, select(unit_terms).where(unit_terms.c.unit == unit))
            self._read[unit] = found or {"unit": unit, **DEFAULT}
        return self._read[unit]

    async def all(self) -> dict[str, Row]:
        """Return the terms of every unit that has its own."""
        return {row["unit"]: row for row in await rows_of(self._conn, select(unit_terms))}

    async def set(self, unit: str, **values: Any) -> None:
        """Write some of a unit's terms; the others stay."""
        self._read.pop(unit, None)
        fresh = insert(unit_terms).values(unit=unit, **values)
        await self._conn.execute(fresh.on_conflict_do_update(index_elements=["unit"], set_=values))
