"""Who is signed off for which unit, within one transaction; every row stays."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.practice import MOST, Units, within_units
from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import people, sign_offs, units


class SignOffs:
    """Sign-offs, and what units ask of them."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def held(self, within: Units = None) -> list[Row]:
        """Return those that hold, by agent and unit."""
        query = select(sign_offs).where(sign_offs.c.ended_at.is_(None), within_units(sign_offs.c.unit, within))
        return await rows_of(self._conn, query.order_by(sign_offs.c.agent_id, sign_offs.c.unit))

    async def history(self, agent_id: str, unit: str) -> list[Row]:
        """Return everything that was ever decided of an agent and a unit, newest first."""
        query = select(sign_offs).where(sign_offs.c.agent_id == agent_id, sign_offs.c.unit == unit)
        return await rows_of(self._conn, query.order_by(sign_offs.c.at.desc()).limit(MOST))

    async def add(self, row: Row) -> bool:
        """Sign an agent off; False when she is signed off for that unit already."""
        fresh = insert(sign_offs).values(row).on_conflict_do_nothing()
        return (await self._conn.execute(fresh)).rowcount > 0

    async def end(self, agent_id: str, unit: str, *, by: str, name: str, at: datetime, reason: str) -> bool:
        """Take it back; False when there is none."""
        held = (sign_offs.c.agent_id == agent_id, sign_offs.c.unit == unit, sign_offs.c.ended_at.is_(None))
        values = {"ended_by": by, "ended_name": name, "ended_at": at, "reason": reason}
        return (await self._conn.execute(update(sign_offs).where(*held).values(**values))).rowcount > 0

    async def write_profile(self, agent_id: str) -> Row | None:
        """Bring the person's row up to what holds; returns it if that is news."""
        mine = (sign_offs.c.agent_id == agent_id, sign_offs.c.ended_at.is_(None))
        rows = await rows_of(self._conn, select(sign_offs.c.unit).where(*mine).order_by(sign_offs.c.unit))
        now = [row["unit"] for row in rows]
        query = update(people).where(people.c.id == agent_id, people.c.signed_off != now)
        return await row_of(self._conn, query.values(signed_off=now).returning(people))

    async def ask(self, units_of: Sequence[str], what: str) -> list[Row]:
        """Let units ask for it, or no more; return those for which that is news."""
        query = update(units).where(units.c.id.in_(units_of), units.c.sign_off != what)
        return await rows_of(self._conn, query.values(sign_off=what).returning(units))
