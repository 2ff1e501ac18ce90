"""What happened to contacts between being taken and being done: each fact of `routing` once, for the timeline."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of
from services.casework.store.tables import contacts, moves


class Moves:
    """The moves table within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, rows: Sequence[Row]) -> None:
        """Note moves; one that is known already changes nothing."""
        if rows:
            await self._conn.execute(insert(moves).values(list(rows)).on_conflict_do_nothing())

    async def of_case(self, case_id: str) -> list[Row]:
        """Return the moves of a case's contacts, oldest first."""
        query = select(moves).join(contacts, contacts.c.id == moves.c.contact_id)
        return await rows_of(self._conn, query.where(contacts.c.case_id == case_id).order_by(moves.c.at))
