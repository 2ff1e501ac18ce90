"""Promises that are about to be broken, or were: found without a scan, held so that two watchers never meet.

The clock of a hand-over stands still while the citizen is waited for, and has not begun before it is delivered. A row
is held together with its case or left for the next time: a watcher never waits for anybody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, records, rows_of

_RUNS = (
    "h.state IN ('sent', 'acknowledged') AND h.paused_at IS NULL "
    "AND (h.deliver_at IS NULL OR h.delivered_at IS NOT NULL)"
)
_ROW = "SELECT h.*, k.number, k.agent_id FROM casework.handovers AS h JOIN casework.cases AS k ON k.id = h.case_id "
_HELD = " FOR UPDATE OF h, k SKIP LOCKED"
_LATE = text(
    f"{_ROW} WHERE {_RUNS} AND ((h.state = 'sent' AND NOT h.acknowledge_missed AND h.acknowledge_by < :at) "
    f"OR (NOT h.answer_missed AND h.answer_by < :at)) ORDER BY h.answer_by LIMIT :most{_HELD}"
)
_SOON = text(
    "SELECT h.id, h.unit, h.state, h.at, h.acknowledge_by, h.answer_by, h.acknowledge_reminded_at, "  # noqa: S608 - constants
    "h.answer_reminded_at FROM casework.handovers AS h "
    "LEFT JOIN jsonb_to_recordset(CAST(:ends AS jsonb)) AS u(unit text, until timestamptz) ON u.unit = h.unit "
    f"WHERE {_RUNS} AND ((h.state = 'sent' AND h.acknowledge_reminded_at IS NULL "
    "AND h.acknowledge_by BETWEEN :at AND COALESCE(u.until, :usual)) "
    "OR (h.answer_reminded_at IS NULL AND h.answer_by BETWEEN :at AND COALESCE(u.until, :usual))) "
    "ORDER BY h.answer_by LIMIT :most"
)
_HOLD = text(f"{_ROW} WHERE h.id = ANY(:ids) AND {_RUNS} ORDER BY h.answer_by{_HELD}")
_DUE = text(
    "UPDATE casework.cases SET due_missed = true WHERE id IN (SELECT id FROM casework.cases "
    "WHERE state = 'open' AND NOT due_missed AND waiting_since IS NULL AND due_at < :at "
    "ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING id, number, due_at, agent_id"
)
_LATE_OF = text(
    "SELECT k.number, COALESCE(t.question, '') AS question, COALESCE(u.name, h.unit) AS unit_name, "  # noqa: S608 - constants
    "h.acknowledged_at IS NULL AS unreceived, "
    "CASE WHEN h.answer_missed THEN h.answer_by ELSE h.acknowledge_by END AS due "
    "FROM casework.handovers AS h JOIN casework.cases AS k ON k.id = h.case_id "
    "LEFT JOIN casework.units AS u ON u.id = h.unit LEFT JOIN casework.case_types AS t ON t.id = k.case_type "
    f"WHERE {_RUNS} AND (h.by = :agent OR k.agent_id = :agent) "
    "AND (h.answer_missed OR (h.state = 'sent' AND h.acknowledge_missed)) ORDER BY h.answer_by LIMIT :most"
)


class Deadlines:
    """What is watched within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def late(self, at: datetime, most: int) -> list[Row]:
        """Return and hold running hand-overs with a promise that was broken and not told yet."""
        return await rows_of(self._conn, _LATE, {"at": at, "most": most})

    async def soon(self, at: datetime, ends: Mapping[str, datetime], usual: datetime, most: int) -> list[Row]:
        """Return running hand-overs that nobody was reminded of and that are due by their unit's end, or the usual."""
        units = records([{"unit": unit, "until": until} for unit, until in ends.items()])
        return await rows_of(self._conn, _SOON, {"at": at, "ends": units, "usual": usual, "most": most})

    async def hold(self, ids: Sequence[str]) -> list[Row]:
        """Return and hold those of some hand-overs that still run."""
        return await rows_of(self._conn, _HOLD, {"ids": list(ids)}) if ids else []

    async def late_of(self, agent_id: str, most: int) -> list[Row]:
        """Return what verksamheter are late with of an agent's cases and hand-overs, the longest promised first."""
        return await rows_of(self._conn, _LATE_OF, {"agent": agent_id, "most": most})

    async def overdue_cases(self, at: datetime, most: int) -> list[Row]:
        """Mark and return the open cases whose due time has passed, each once; not while the citizen is waited for."""
        return await rows_of(self._conn, _DUE, {"at": at, "most": most})
