"""Gap reports within one transaction."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import case_types, cases, knowledge_gaps, units

OPEN = "open"
MOST = 200
"""Rows of a list."""


class Gaps:
    """What agents have reported and owners answered."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, row: Row) -> bool:
        """Write a report; False when that one is written already."""
        done = await self._conn.execute(insert(knowledge_gaps).values(row).on_conflict_do_nothing())
        return done.rowcount > 0

    async def hold(self, gap_id: str, units_of: frozenset[str] | None) -> Row | None:
        """Return a report of these units and hold it."""
        query = select(knowledge_gaps).where(knowledge_gaps.c.id == gap_id, _within(units_of))
        return await row_of(self._conn, query.with_for_update())

    async def change(self, gap_id: str, **values: object) -> None:
        """Write some columns of a report."""
        await self._conn.execute(update(knowledge_gaps).where(knowledge_gaps.c.id == gap_id).values(**values))

    async def of_units(self, units_of: frozenset[str] | None, *, is_open: bool) -> list[Row]:
        """Return what these units are to answer, the most urgent first; or what they have answered, newest first."""
        state = knowledge_gaps.c.state
        query = _listed().where(_within(units_of), state == OPEN if is_open else state != OPEN)
        order = knowledge_gaps.c.due_at if is_open else knowledge_gaps.c.answered_at.desc()
        return await rows_of(
            self._conn, query.order_by(order, knowledge_gaps.c.reported_at, knowledge_gaps.c.id).limit(MOST)
        )

    async def unseen(self, person: str) -> Sequence[Row]:
        """Return the answers to a person's reports that she has not seen."""
        mine = (knowledge_gaps.c.reported_by == person, knowledge_gaps.c.seen_at.is_(None))
        query = _listed().where(*mine, knowledge_gaps.c.state != OPEN)
        return await rows_of(self._conn, query.order_by(knowledge_gaps.c.answered_at).limit(MOST))


def _within(units_of: frozenset[str] | None) -> ColumnElement[bool]:
    return knowledge_gaps.c.id.is_not(None) if units_of is None else knowledge_gaps.c.unit.in_(sorted(units_of))


def _listed() -> Select[tuple[object, ...]]:
    of_case = knowledge_gaps.outerjoin(cases, cases.c.id == knowledge_gaps.c.case_id)
    of_type = of_case.outerjoin(case_types, case_types.c.id == knowledge_gaps.c.case_type)
    whole = of_type.outerjoin(units, units.c.id == knowledge_gaps.c.unit)
    names = (cases.c.number.label("case_number"), case_types.c.question, units.c.name.label("unit_name"))
    return select(knowledge_gaps, *names).select_from(whole)
