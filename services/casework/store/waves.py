"""When units answer, and how far case types and entrances have moved into the contact centre."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of, upsert
from services.casework.store.tables import opening_hours, takeovers
from shared.records import HoursRecord, TakeoverRecord


class Waves:
    """Opening hours and takeovers within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def put_hours(self, rows: Sequence[Row]) -> list[Row]:
        """Write opening hours; return those that are new or changed."""
        return await upsert(self._conn, opening_hours, rows)

    async def put_takeovers(self, rows: Sequence[Row]) -> list[Row]:
        """Write how far things have moved in; return those that are new or changed."""
        return await upsert(self._conn, takeovers, rows, also=("changed_by", "changed_at"))

    async def hours(self, unit: str | None = None) -> list[Row]:
        """Return opening hours by unit and channel, of one unit if asked."""
        query = select(opening_hours).order_by(opening_hours.c.id)
        return await rows_of(self._conn, query if unit is None else query.where(opening_hours.c.unit == unit))

    async def takeovers(self) -> list[Row]:
        """Return everything that has been said about moving in."""
        return await rows_of(self._conn, select(takeovers).order_by(takeovers.c.id))

    async def takeovers_of(self, subject: str, subject_ids: Sequence[str]) -> list[Row]:
        """Return what has been said about these case types or entrances, on any channel."""
        query = select(takeovers).where(takeovers.c.subject == subject, takeovers.c.subject_id.in_(subject_ids))
        return await rows_of(self._conn, query.order_by(takeovers.c.id))

    async def takeovers_on(self, channel: str, **subject_ids: str | None) -> list[Row]:
        """Return what holds on a channel for a case type and an entrance (ids by subject), at most one row each."""
        named = [
            and_(takeovers.c.subject == subject, takeovers.c.subject_id == one) for subject, one in subject_ids.items()
        ]
        on_channel = or_(takeovers.c.channel == channel, takeovers.c.channel.is_(None))
        query = select(takeovers).where(or_(*named), on_channel).ext(distinct_on(takeovers.c.subject))
        own_first = takeovers.c.channel.nulls_last()
        return await rows_of(self._conn, query.order_by(takeovers.c.subject, own_first))


def hours_record(row: Row) -> HoursRecord:
    """Return what the others read of opening hours."""
    return HoursRecord.model_validate(dict(row))


def takeover_record(row: Row) -> TakeoverRecord:
    """Return what the others read of how far something has moved in."""
    return TakeoverRecord.model_validate({**row, "id": row["subject_id"]})
