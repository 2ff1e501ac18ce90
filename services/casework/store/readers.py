"""Who has a case open right now: a lease that each look at it renews, gone by itself."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of
from services.casework.store.tables import case_readers

SHOWN = 6
"""How many are named."""
_SWEPT = 100
_MOMENT = TIMESTAMP(timezone=True)
_HERE = text(
    "WITH here AS (INSERT INTO casework.case_readers AS r (case_id, person, name, until) "
    "VALUES (:case_id, :person, :name, :until) ON CONFLICT (case_id, person) "
    "DO UPDATE SET name = excluded.name, until = GREATEST(r.until, excluded.until)) "
    "SELECT person, name FROM casework.case_readers WHERE case_id = :case_id AND until > :now ORDER BY name, person"
).bindparams(bindparam("until", type_=_MOMENT), bindparam("now", type_=_MOMENT))


class Readers:
    """Readers of cases within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def here(self, case_id: str, person: str, name: str, now: datetime, until: datetime) -> list[Row]:
        """Write that somebody reads; return who did so before it, she herself among them if she did."""
        asked = {"case_id": case_id, "person": person, "name": name, "now": now, "until": until}
        return await rows_of(self._conn, _HERE, asked)

    async def of(self, case_id: str, now: datetime) -> list[Row]:
        """Return who reads a case."""
        query = select(case_readers.c.person, case_readers.c.name)
        query = query.where(case_readers.c.case_id == case_id, case_readers.c.until > now)
        return await rows_of(self._conn, query.order_by(case_readers.c.name, case_readers.c.person))

    async def sweep(self, now: datetime) -> None:
        """Forget some that have left, whichever case it was; waits for nobody."""
        key = (case_readers.c.case_id, case_readers.c.person)
        left = select(*key).where(case_readers.c.until <= now).order_by(case_readers.c.until).limit(_SWEPT)
        chosen = left.with_for_update(skip_locked=True)
        await self._conn.execute(delete(case_readers).where(tuple_(*key).in_(chosen)))
