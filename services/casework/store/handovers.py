"""Hand-overs: written once per request, then moved by whoever received them."""

from datetime import datetime

from sqlalchemy import insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import cases, handovers
from shared.errors import NotFoundError

_LATE = text(
    "SELECT h.id, h.case_id, k.number, h.state, h.acknowledge_by, h.answer_by, h.acknowledge_missed, h.answer_missed "
    "FROM casework.handovers AS h JOIN casework.cases AS k ON k.id = h.case_id "
    "WHERE (h.state = 'sent' AND NOT h.acknowledge_missed AND h.acknowledge_by < :at) "
    "OR (h.state IN ('sent', 'acknowledged') AND NOT h.answer_missed AND h.answer_by < :at) "
    "ORDER BY h.id LIMIT 200 FOR UPDATE OF h SKIP LOCKED"
)
_DUE = text(
    "UPDATE casework.cases SET due_missed = true WHERE id IN (SELECT id FROM casework.cases "
    "WHERE state = 'open' AND NOT due_missed AND due_at < :at ORDER BY due_at LIMIT 500 FOR UPDATE SKIP LOCKED) "
    "RETURNING id, number, due_at"
)


class Handovers:
    """Hand-overs within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def by_request(self, case_id: str, request_id: str) -> Row | None:
        """Return the hand-over that a request has already made."""
        query = select(handovers).where(handovers.c.case_id == case_id, handovers.c.request_id == request_id)
        return await row_of(self._conn, query)

    async def add(self, **values: object) -> None:
        """Write a new hand-over."""
        await self._conn.execute(insert(handovers).values(**values))

    async def find(self, handover_id: str, units: frozenset[str] | None, *, hold: bool = True) -> Row:
        """Return a hand-over; NotFoundError when it is neither the reader's to receive nor from her cases."""
        query = select(handovers).join(cases, cases.c.id == handovers.c.case_id).where(handovers.c.id == handover_id)
        if units is not None:
            query = query.where(or_(handovers.c.unit.in_(sorted(units)), cases.c.unit.in_(sorted(units))))
        row = await row_of(self._conn, query.with_for_update(of=handovers) if hold else query)
        if row is None:
            raise NotFoundError
        return row

    async def change(self, handover_id: str, **values: object) -> None:
        """Write some columns of a hand-over; its version grows."""
        grown = {"version": handovers.c.version + 1, **values}
        await self._conn.execute(update(handovers).where(handovers.c.id == handover_id).values(grown))

    async def of_case(self, case_id: str) -> list[Row]:
        """Return the hand-overs of a case, oldest first."""
        query = select(handovers).where(handovers.c.case_id == case_id).order_by(handovers.c.at)
        return await rows_of(self._conn, query)

    async def late(self, at: datetime) -> list[Row]:
        """Return and hold hand-overs with a promise that was broken and not told yet."""
        return await rows_of(self._conn, _LATE, {"at": at})

    async def overdue_cases(self, at: datetime) -> list[Row]:
        """Mark and return the open cases whose due time has passed, each once."""
        return await rows_of(self._conn, _DUE, {"at": at})
