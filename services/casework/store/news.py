"""What is new at the desk since somebody was last there, and what of it she has read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of
from services.casework.store.tables import case_types, checklist_versions, incidents, news_read

SINCE = "since"
"""The item that stands for her first day: what was there before is no news."""
MOST = 100
_V = checklist_versions.c


class News:
    """News and who has read them, within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def read_by(self, person: str) -> dict[str, datetime]:
        """Return what somebody has read, and when."""
        query = select(news_read).where(news_read.c.person == person)
        return {row["item"]: row["at"] for row in await rows_of(self._conn, query)}

    async def mark(self, person: str, items: Sequence[str], at: datetime) -> None:
        """Note that she has read these; again changes nothing."""
        if items:
            rows = [{"person": person, "item": item, "at": at} for item in sorted(set(items))]
            await self._conn.execute(insert(news_read).values(rows).on_conflict_do_nothing())

    async def versions(self, since: datetime) -> list[Row]:
        """Return the versions that are live and have become so since then, the latest first."""
        query = (
            select(_V.id, _V.version, _V.published_at, _V.phase, _V.urgent_reason, _V.based_on, case_types.c.question)
            .join(case_types, case_types.c.id == _V.case_type)
            .where(_V.current, _V.published_at > since)
            .order_by(_V.published_at.desc(), _V.id)
        )
        return await rows_of(self._conn, query.limit(MOST))

    async def incidents(self, since: datetime) -> list[Row]:
        """Return the incidents that were opened or closed since then, the latest first."""
        row = incidents.c
        query = select(incidents).where(or_(row.opened_at > since, row.closed_at > since))
        return await rows_of(self._conn, query.order_by(row.opened_at.desc()).limit(MOST))
