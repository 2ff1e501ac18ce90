"""What checklists have led to, counted over the latest cases of each: so many and no more, whatever the year holds.

Each part goes by an index from a checklist to its cases and from a case to its hand-overs and steps.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of

_SINCE = bindparam("since", type_=TIMESTAMP(timezone=True))
# A lateral part that aggregates is never turned into a join over the whole of a table.
_LATEST = (
    "unnest(CAST(:ids AS text[])) AS i(id) CROSS JOIN LATERAL (SELECT c.id AS case_id, c.run, c.checklist_version, "
    "c.state, c.handling_seconds, c.cause, c.state IN ('closed', 'handed_over') AS ended FROM casework.cases AS c "
    "WHERE c.checklist_id = i.id AND c.opened_at >= :since AND c.merged_into IS NULL "
    "ORDER BY c.opened_at DESC LIMIT :most) AS k"
)
_SUMS = text(
    "SELECT i.id, k.checklist_version AS version, count(*) AS cases, "  # noqa: S608 - constants
    "count(*) FILTER (WHERE k.ended) AS ended, "
    "count(*) FILTER (WHERE k.state = 'closed' AND h.sent = 0) AS closed, "
    "sum(h.sent)::int AS sent, sum(h.returned)::int AS returned, "
    "COALESCE(sum(k.handling_seconds) FILTER (WHERE k.ended), 0) AS seconds "
    f"FROM {_LATEST} CROSS JOIN LATERAL (SELECT count(*) AS sent, count(*) FILTER (WHERE h.state = 'returned') "
    "AS returned FROM casework.handovers AS h WHERE h.case_id = k.case_id AND h.checklist_id = i.id) AS h "
    "GROUP BY i.id, k.checklist_version"
).bindparams(_SINCE)
_CAUSES = text(
    f"SELECT k.checklist_version AS version, k.cause, count(*) AS cases FROM {_LATEST} "  # noqa: S608 - constants
    "WHERE k.cause <> '' GROUP BY 1, 2"
).bindparams(_SINCE)
_STEPS = text(
    "SELECT k.checklist_version AS version, s.step, s.option, count(*) AS done, "  # noqa: S608 - constants
    "count(*) FILTER (WHERE k.ended AND s.is_last) AS last "
    f"FROM {_LATEST} CROSS JOIN LATERAL (SELECT r.step, r.option, r.seq = max(r.seq) OVER () AS is_last "
    "FROM casework.run_steps AS r WHERE r.case_id = k.case_id AND r.run = k.run AND r.undone_at IS NULL) AS s "
    "GROUP BY 1, 2, 3"
).bindparams(_SINCE)
_REPORTS = text(
    "SELECT g.kind, g.unit, g.case_type, g.checklist_id, g.checklist_version AS version, g.step, count(*) AS reports "
    "FROM casework.knowledge_gaps AS g WHERE g.reported_at >= :since AND (CAST(:units AS text[]) IS NULL "
    "OR g.unit = ANY(:units)) GROUP BY 1, 2, 3, 4, 5, 6"
).bindparams(_SINCE)


class ChecklistFigures:
    """Counts within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def sums(self, ids: Sequence[str], since: datetime, most: int) -> list[Row]:
        """Return what the latest cases of each checklist came to, by version."""
        return await rows_of(self._conn, _SUMS, {"ids": list(ids), "since": since, "most": most})

    async def causes(self, checklist_id: str, since: datetime, most: int) -> list[Row]:
        """Return why the contacts of a checklist arose, by version."""
        return await rows_of(self._conn, _CAUSES, {"ids": [checklist_id], "since": since, "most": most})

    async def steps(self, checklist_id: str, since: datetime, most: int) -> list[Row]:
        """Return each step and answer: how many runs did it, and how many that have ended did it last."""
        return await rows_of(self._conn, _STEPS, {"ids": [checklist_id], "since": since, "most": most})

    async def reports(self, units: frozenset[str] | None, since: datetime) -> list[Row]:
        """Return how many gaps were reported to these units, by what each is about."""
        within = None if units is None else sorted(units)
        return await rows_of(self._conn, _REPORTS, {"units": within, "since": since})
