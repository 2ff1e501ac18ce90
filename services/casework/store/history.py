"""What was done with a case: written once per deed, read in order, never changed."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of
from services.casework.store.tables import case_history


class History:
    """The history of cases within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def write(
        self, case_id: str, at: datetime, *, by: str, by_name: str, what: str, facts: Mapping[str, object] | None = None
    ) -> None:
        """Write one deed: `what` is a word of `domain.case.Deed` or of `domain.handover.HandoverDeed`."""
        row = {"case_id": case_id, "at": at, "by": by, "by_name": by_name, "what": what, "facts": dict(facts or {})}
        await self._conn.execute(insert(case_history).values(row))

    async def of_case(self, case_id: str) -> list[Row]:
        """Return what was done, oldest first."""
        query = select(case_history).where(case_history.c.case_id == case_id).order_by(case_history.c.id)
        return await rows_of(self._conn, query)

    async def latest(self, case_id: str) -> Row | None:
        """Return what was done last."""
        query = select(case_history).where(case_history.c.case_id == case_id).order_by(case_history.c.id.desc())
        found = await rows_of(self._conn, query.limit(1))
        return found[0] if found else None

    async def mark(self, case_id: str) -> int:
        """Return a number that grows with every deed of the case; 0 before the first."""
        query = select(func.coalesce(func.max(case_history.c.id), 0)).where(case_history.c.case_id == case_id)
        return int(await self._conn.scalar(query) or 0)

    async def last_of(self, case_id: str, what: Collection[str], *, since: int = 0, but_by: str = "") -> Row | None:
        """Return the latest of some deeds after a mark, passing over those of one person."""
        wanted = (case_history.c.case_id == case_id, case_history.c.what.in_(sorted(what)), case_history.c.id > since)
        query = select(case_history).where(*wanted)
        if but_by:
            query = query.where(case_history.c.by != but_by)
        found = await rows_of(self._conn, query.order_by(case_history.c.id.desc()).limit(1))
        return found[0] if found else None
