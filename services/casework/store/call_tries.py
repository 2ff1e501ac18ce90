"""Return calls that nobody answered: one row per try, known by the contact and the epoch it was made in."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import call_tries


class CallTries:
    """The tries within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, try_id: str) -> Row | None:
        """Return one try."""
        return await row_of(self._conn, select(call_tries).where(call_tries.c.id == try_id))

    async def count(self, contact_id: str) -> int:
        """Return how often nobody has answered."""
        query = select(func.count()).select_from(call_tries).where(call_tries.c.contact_id == contact_id)
        return int(await self._conn.scalar(query) or 0)

    async def add(self, at: datetime, **values: object) -> None:
        """Write a try; the same again is nothing."""
        await self._conn.execute(insert(call_tries).values(at=at, **values).on_conflict_do_nothing())

    async def of_case(self, case_id: str) -> list[Row]:
        """Return the tries of a case, oldest first."""
        query = select(call_tries).where(call_tries.c.case_id == case_id)
        return await rows_of(self._conn, query.order_by(call_tries.c.at, call_tries.c.id))
