"""Who asks the team leader for help, and what she was told.

An asking is open until somebody ends it, its time is over, or the agent no longer has the case: nothing need be told.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.cases import visible
from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import case_types, cases, help_asks, help_lines
from shared.errors import NotFoundError
from shared.vocabulary import CaseState

LISTED = 50
_LIVES = (CaseState.OPEN.value, CaseState.PARKED.value)
_SHOWN = (cases.c.number, cases.c.unit, cases.c.protected, cases.c.channel, case_types.c.question)


def _is_open(now: datetime) -> ColumnElement[bool]:
    hers = and_(cases.c.agent_id == help_asks.c.agent_id, cases.c.state.in_(_LIVES))
    return and_(help_asks.c.ended_at.is_(None), help_asks.c.until > now, hers)


class Helps:
    """Askings for help within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, **values: object) -> None:
        """Write a new asking."""
        await self._conn.execute(insert(help_asks).values(**values))

    async def change(self, ask_id: str, **values: object) -> None:
        """Write some columns."""
        await self._conn.execute(update(help_asks).where(help_asks.c.id == ask_id).values(**values))

    async def unended(self, case_id: str) -> Row | None:
        """Return the asking of a case that nobody has ended, be it still open or not."""
        query = select(help_asks).where(help_asks.c.case_id == case_id, help_asks.c.ended_at.is_(None))
        return await row_of(self._conn, query)

    async def of_case(self, case_id: str, now: datetime) -> Row | None:
        """Return the open asking of a case."""
        query = select(help_asks).join(cases, cases.c.id == help_asks.c.case_id)
        return await row_of(self._conn, query.where(help_asks.c.case_id == case_id, _is_open(now)))

    async def case_of(self, ask_id: str) -> str:
        """Return the number of the case that an asking is about; NotFoundError when there is none."""
        query = select(cases.c.number).join(help_asks, cases.c.id == help_asks.c.case_id)
        found = await self._conn.scalar(query.where(help_asks.c.id == ask_id))
        if found is None:
            raise NotFoundError
        return str(found)

    async def listed(self, units: frozenset[str] | None, now: datetime) -> list[Row]:
        """Return the open askings about cases that the reader sees, who has waited longest first."""
        query = (
            select(help_asks, *_SHOWN)
            .join(cases, cases.c.id == help_asks.c.case_id)
            .outerjoin(case_types, case_types.c.id == cases.c.case_type)
            .where(_is_open(now), visible(units))
            .order_by(help_asks.c.at)
        )
        return await rows_of(self._conn, query.limit(LISTED))

    async def say(self, **values: object) -> bool:
        """Write a line; False when it is there already."""
        fresh = insert(help_lines).values(**values).on_conflict_do_nothing().returning(help_lines.c.id)
        return (await self._conn.execute(fresh)).scalar_one_or_none() is not None

    async def lines(self, ask_ids: Sequence[str]) -> list[Row]:
        """Return what was written, oldest first."""
        query = select(help_lines).where(help_lines.c.ask_id.in_(sorted(ask_ids)))
        return await rows_of(self._conn, query.order_by(help_lines.c.at, help_lines.c.id)) if ask_ids else []
