"""Hand-overs: written once per request, then moved by whoever received them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.cases import passed_on
from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import cases, handovers
from shared.errors import NotFoundError

_TO_DELIVER = text(
    "SELECT h.* FROM casework.handovers AS h JOIN casework.cases AS k ON k.id = h.case_id "
    "WHERE h.delivered_at IS NULL AND h.state = 'sent' AND h.deliver_at <= :at "
    "ORDER BY h.deliver_at LIMIT :limit FOR UPDATE OF k, h SKIP LOCKED"
)
"""The case is locked too: a deed locks it first, and the note in its history would wait for it."""
_PROMISED_OTHERWISE = text(
    "SELECT h.* FROM casework.handovers AS h JOIN casework.cases AS k ON k.id = h.case_id "
    "WHERE h.state = 'acknowledged' AND h.paused_at IS NULL AND h.paused_seconds > 0 "
    "AND h.citizen_told_by < h.answer_by ORDER BY h.answer_by LIMIT :limit FOR UPDATE OF k, h SKIP LOCKED"
)
_MISROUTED = text(
    "SELECT checklist_id, checklist_version, count(*) AS sent, "
    "count(*) FILTER (WHERE return_code = 'wrong_place') AS wrong_place, "
    "count(*) FILTER (WHERE return_code = 'wrong_type') AS wrong_type "
    "FROM casework.handovers WHERE at >= :begin AND at < :end AND state <> 'withdrawn' "
    "AND (CAST(:units AS text[]) IS NULL OR unit = ANY(CAST(:units AS text[]))) "
    "GROUP BY checklist_id, checklist_version"
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
        """Return a hand-over; NotFoundError when it never came to the reader's units and is not from her cases."""
        query = select(handovers).join(cases, cases.c.id == handovers.c.case_id).where(handovers.c.id == handover_id)
        if units is not None:
            mine = sorted(units)
            came = and_(handovers.c.delivered_at.is_not(None), or_(handovers.c.unit.in_(mine), passed_on(mine)))
            query = query.where(or_(came, cases.c.unit.in_(mine)))
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

    async def waiting(self, case_id: str) -> Row | None:
        """Return and hold the hand-over of a case that waits for the citizen, None when there is none."""
        of_case = (handovers.c.case_id == case_id, handovers.c.state == "acknowledged")
        query = select(handovers).where(*of_case, handovers.c.paused_at.is_not(None))
        return await row_of(self._conn, query.with_for_update())

    async def alive(self, case_ids: Sequence[str]) -> list[Row]:
        """Return, with the number of their case, the hand-overs of cases that their unit has and has not ended."""
        query = (
            select(handovers, cases.c.number)
            .join(cases, cases.c.id == handovers.c.case_id)
            .where(handovers.c.case_id.in_(sorted(case_ids)), handovers.c.state.in_(["sent", "acknowledged"]))
            .where(handovers.c.delivered_at.is_not(None))
        )
        return await rows_of(self._conn, query) if case_ids else []

    async def to_deliver(self, at: datetime, limit: int) -> list[Row]:
        """Return and hold, with their cases, hand-overs whose time of delivery has come; none that others hold."""
        return await rows_of(self._conn, _TO_DELIVER, {"at": at, "limit": limit})

    async def promised_otherwise(self, limit: int) -> list[Row]:
        """Return and hold, with their cases, those that ran on to a later answer than the citizen has heard of."""
        return await rows_of(self._conn, _PROMISED_OTHERWISE, {"limit": limit})

    async def misrouted(self, begin: datetime, end: datetime, units: frozenset[str] | None) -> list[Row]:
        """Return per checklist and version how many hand-overs were made, and how many came back as misplaced."""
        seen = None if units is None else sorted(units)
        return await rows_of(self._conn, _MISROUTED, {"begin": begin, "end": end, "units": seen})
