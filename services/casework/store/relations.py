"""What cases are to each other, and who they are about."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.cases import visible
from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import case_links, case_people, case_types, cases
from shared.vocabulary import PersonRole


def anonymous(case: Any) -> ColumnElement[bool]:
    """Return, as `anonymous`, whether it was said of a case (its columns) that its person is to be nobody known."""
    said = (case_people.c.case_id == case.id, case_people.c.role == PersonRole.ANONYMOUS.value)
    row = select(case_people.c.id).where(*said, case_people.c.removed_at.is_(None)).limit(1)
    return row.scalar_subquery().is_not(None).label("anonymous")  # with a limit: it is looked up, never read as a whole


class Links:
    """Links between cases within one transaction; each goes from a case to the one it goes back to."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, case_id: str, other_id: str, kind: str, *, by: str, at: datetime) -> bool:
        """Link two cases; False when they are linked like that already."""
        row = {"case_id": case_id, "other_id": other_id, "kind": kind, "by": by, "at": at}
        fresh = insert(case_links).values(row).on_conflict_do_nothing().returning(case_links.c.case_id)
        return (await self._conn.execute(fresh)).scalar_one_or_none() is not None

    async def remove(self, case_id: str, other_id: str, kind: str) -> None:
        """Take a link away, in whichever direction it goes."""
        there = (case_links.c.case_id == case_id) & (case_links.c.other_id == other_id)
        back = (case_links.c.case_id == other_id) & (case_links.c.other_id == case_id)
        await self._conn.execute(delete(case_links).where(case_links.c.kind == kind, or_(there, back)))

    async def of_case(self, case_id: str, seen: frozenset[str] | None) -> list[Row]:
        """Return what is linked with a case, oldest first, if the reader may see it; `back` goes the other way."""
        columns = (case_links.c.kind, case_links.c.by, case_links.c.at, cases.c.number, cases.c.state)
        more = (cases.c.id, cases.c.opened_at, cases.c.merged_into, case_types.c.question)
        ways = []
        for mine, other, back in (
            (case_links.c.case_id, case_links.c.other_id, False),
            (case_links.c.other_id, case_links.c.case_id, True),
        ):
            found = select(*columns, *more, literal(back).label("back")).join(cases, cases.c.id == other)
            found = found.outerjoin(case_types, case_types.c.id == cases.c.case_type)
            ways.append(found.where(mine == case_id, visible(seen)))
        rows = await rows_of(self._conn, ways[0].union_all(ways[1]))
        return sorted(rows, key=lambda row: (row["at"], row["number"], row["kind"]))


class CasePeople:
    """The people of cases within one transaction; whoever is taken away stays, marked."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, **values: object) -> bool:
        """Write a person; False when she was written already."""
        fresh = insert(case_people).values(**values).on_conflict_do_nothing().returning(case_people.c.id)
        return (await self._conn.execute(fresh)).scalar_one_or_none() is not None

    async def find(self, case_id: str, person_id: str) -> Row | None:
        """Return one who is not taken away."""
        wanted = (case_people.c.case_id == case_id, case_people.c.id == person_id, case_people.c.removed_at.is_(None))
        return await row_of(self._conn, select(case_people).where(*wanted))

    async def remove(self, person_id: str, *, by: str, at: datetime) -> None:
        """Take somebody away."""
        gone = update(case_people).where(case_people.c.id == person_id).values(removed_at=at, removed_by=by)
        await self._conn.execute(gone)

    async def of_cases(self, ids: Collection[str]) -> list[Row]:
        """Return who these cases are about, oldest first."""
        alive = (case_people.c.case_id.in_(sorted(ids)), case_people.c.removed_at.is_(None))
        return await rows_of(self._conn, select(case_people).where(*alive).order_by(case_people.c.at, case_people.c.id))
