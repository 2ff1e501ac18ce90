"""Alarms about the load, as long as they are on, and those that were cleared."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of
from services.casework.store.tables import alarms


class Alarms:
    """The alarms table within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def raised(self, alarm_id: str, series: Mapping[str, str], body: str, since: datetime) -> None:
        """Write what an alarm says now."""
        fresh = insert(alarms).values(id=alarm_id, series=dict(series), body=body, since=since)
        await self._conn.execute(fresh.on_conflict_do_update(index_elements=["id"], set_={"body": body}))

    async def cleared(self, alarm_id: str, series: Mapping[str, str], at: datetime) -> None:
        """The alarm is over."""
        fresh = insert(alarms).values(id=alarm_id, series=dict(series), since=at, cleared_at=at)
        await self._conn.execute(fresh.on_conflict_do_update(index_elements=["id"], set_={"cleared_at": at}))

    async def on(self) -> list[Row]:
        """Return the alarms that are on, newest first."""
        query = select(alarms).where(alarms.c.cleared_at.is_(None)).order_by(alarms.c.since.desc()).limit(20)
        return await rows_of(self._conn, query)
