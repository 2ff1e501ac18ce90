"""Cases: opened many at a time, then one by one under a row lock."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import cast

from sqlalchemy import ARRAY, ColumnElement, Text, TextClause, and_, func, literal, or_, select, text, update
from sqlalchemy import case as first_of
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.domain.case import Case
from services.casework.store.sql import Columns, Row, records, row_of, rows_of
from services.casework.store.tables import cases, contacts, handovers
from shared.errors import NotFoundError
from shared.vocabulary import CaseState, Channel

_NEW = Columns(
    id="text",
    contact_id="text",
    current_contact="text",
    state="text",
    channel="text",
    entrance="text",
    unit="text",
    language="text",
    person_key="text",
    agent_id="text",
    priority="text",
    due_at="timestamptz",
    opened_at="timestamptz",
    changed_at="timestamptz",
)
_OPEN = text(
    f"INSERT INTO casework.cases ({_NEW.names}, number) "  # noqa: S608 - constants
    f"SELECT {_NEW.names}, casework.next_case_number(:year) FROM {_NEW.recordset} ORDER BY id "
    "ON CONFLICT (contact_id) DO NOTHING RETURNING id, number"
)
_CLASSIFY = text(
    "UPDATE casework.cases AS k SET case_type = r.case_type, classified_how = 'set', unit = COALESCE(t.unit, r.unit), "
    "due_at = COALESCE(r.due_at, k.due_at), priority = COALESCE(r.priority, k.priority), "
    "checklist_id = COALESCE(t.checklist_id, r.checklist_id), changed_at = :at, "
    "checklist_version = COALESCE(t.checklist_version, r.checklist_version) "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(case_id text, case_type text, unit text, checklist_id text, "
    "checklist_version integer, due_at timestamptz, priority text) "
    "LEFT JOIN casework.case_types AS t ON t.id = r.case_type "
    "WHERE k.id = r.case_id AND k.classified_how IS NULL AND k.state <> 'closed' "
    "RETURNING k.id, k.number, k.contact_id, k.case_type, k.unit"
)
_TERMS = text(
    "UPDATE casework.cases AS k SET due_at = COALESCE(r.due_at, k.due_at), "
    "priority = COALESCE(r.priority, k.priority), "
    "due_missed = k.due_missed AND r.due_at IS NOT DISTINCT FROM k.due_at "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(case_id text, due_at timestamptz, priority text) "
    "WHERE k.id = r.case_id AND k.state <> 'closed'"
)
_TAKE = text(
    "UPDATE casework.cases AS k SET agent_id = r.agent_id, current_contact = r.contact_id, changed_at = :at, "
    "last_beat_at = CASE WHEN k.agent_id IS DISTINCT FROM r.agent_id THEN NULL ELSE k.last_beat_at END "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(case_id text, agent_id text, contact_id text) "
    "WHERE k.id = r.case_id"
)
_COMPLETE_ROW = text(
    "UPDATE casework.cases AS k SET person_key = COALESCE(k.person_key, r.person_key), language = r.language, "
    "entrance = CASE WHEN k.entrance = '' THEN r.entrance ELSE k.entrance END, "
    "unit = CASE WHEN k.unit = '' THEN r.unit ELSE k.unit END FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(case_id text, person_key text, language text, entrance text, unit text) WHERE k.id = r.case_id"
)
_PROTECT = text(
    "WITH RECURSIVE part AS (SELECT id FROM casework.cases WHERE id = :id UNION "
    "SELECT k.id FROM casework.cases AS k JOIN part ON k.merged_into = part.id) "
    "UPDATE casework.cases AS k SET protected = :protected, changed_at = :at, version = k.version + 1 "
    "FROM part WHERE k.id = part.id AND (k.protected <> :protected OR k.id = :id)"
)
_HOLD_OF = text(
    "SELECT k.id FROM casework.cases AS k WHERE k.id IN (SELECT c.case_id FROM casework.contacts AS c "
    "WHERE c.id = ANY(:ids)) ORDER BY k.id FOR UPDATE OF k"
)
_FIELDS = tuple(field.name for field in fields(Case))


def visible(units: frozenset[str] | None) -> ColumnElement[bool]:
    """Return the bound of every query: the reader's units, as the case's own, or as one that a hand-over has come to.

    Who has passed a hand-over on, or sent it back, sees the case as before; one that was never delivered opens nothing.
    """
    if units is None:
        return cases.c.id.is_not(None)
    wanted = sorted(units)
    of_case = select(handovers.c.id).where(handovers.c.case_id == cases.c.id)
    # OFFSET 0 keeps it a look at the hand-overs of one case: all those of a unit would be read to find one.
    delivered = of_case.where(handovers.c.delivered_at.is_not(None))
    received = delivered.where(handovers.c.unit.in_(wanted) | passed_on(wanted)).offset(0)
    return cases.c.unit.in_(wanted) | received.exists()


def passed_on(units: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that one of the units has had a hand-over and passed it on."""
    return handovers.c.passed_by.bool_op("&&")(literal(list(units), ARRAY(Text)))


def as_case(row: Row) -> Case:
    """Return the domain's view of a row."""
    values = {name: row[name] for name in _FIELDS}
    return Case(**{**values, "state": CaseState(row["state"]), "channel": Channel(row["channel"])})


class Cases:
    """The cases table within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def open(self, rows: Sequence[Row], year: int) -> dict[str, str]:
        """Open cases; return number by id of those that did not exist for their contact."""
        if not rows:
            return {}
        found = await self._conn.execute(_OPEN, {"rows": records(rows), "year": year})
        return {row.id: row.number for row in found}

    async def classify_set(self, rows: Sequence[Row], at: datetime) -> list[Row]:
        """Set the router's case type on cases that have none; return those where it was news."""
        return await self._many(_CLASSIFY, rows, at=at)

    async def terms(self, rows: Sequence[Row]) -> None:
        """Note due time and priority from the router."""
        await self._many(_TERMS, rows)

    async def take(self, rows: Sequence[Row], at: datetime) -> None:
        """Note which agent works on which contact of the case."""
        await self._many(_TAKE, rows, at=at)

    async def complete_rows(self, rows: Sequence[Row]) -> None:
        """Fill in what was not known when the case was opened at the desk."""
        await self._many(_COMPLETE_ROW, rows)

    async def lock(self, number: str, units: frozenset[str] | None) -> Case:
        """Return the case and hold it; NotFoundError when it is not there or not for the reader's eyes."""
        return await self._one(cases.c.number == number, units)

    async def lock_id(self, case_id: str, units: frozenset[str] | None = None) -> Case:
        """Return the case of an id and hold it."""
        return await self._one(cases.c.id == case_id, units)

    async def lock_many(self, ids: Sequence[str]) -> list[Case]:
        """Return and hold the cases that exist, in the order of their ids."""
        query = select(cases).where(cases.c.id.in_(sorted(set(ids)))).order_by(cases.c.id).with_for_update()
        return [as_case(row) for row in await rows_of(self._conn, query)]

    async def hold_of(self, ids: Collection[str]) -> None:
        """Hold the cases that contacts belong to, before the contacts are written to.

        A deed holds its case first and writes contacts then: whoever does the contrary waits for it in a circle.
        """
        if ids:
            await self._conn.execute(_HOLD_OF, {"ids": sorted(ids)})

    async def hold_parked(self, at: datetime, most: int) -> list[Case]:
        """Return and hold parked cases whose moment has come, the longest past first; what others hold is left."""
        due = (cases.c.state == CaseState.PARKED, cases.c.parked_until <= at)
        query = select(cases).where(*due).order_by(cases.c.parked_until).limit(most)
        return [as_case(row) for row in await rows_of(self._conn, query.with_for_update(skip_locked=True))]

    async def forgotten(
        self, before: datetime, at_work: Sequence[str], units: frozenset[str] | None, most: int
    ) -> list[Row]:
        """Return the open cases that nobody has gone on with since a moment, oldest first.

        Those whose reminder has come, and those that none of the people `at_work` has: neither an agent, nor a place in
        a queue, since somebody had taken the contact.
        """
        current = contacts.c.id == cases.c.current_contact
        taken = select(contacts.c.id).where(current, contacts.c.accepted_at.is_not(None))
        nobodys = and_(
            or_(cases.c.agent_id.is_(None), cases.c.agent_id.not_in(list(at_work))),
            cases.c.changed_at < before,
            taken.exists(),
        )
        since = func.coalesce(cases.c.parked_until, cases.c.changed_at).label("since")
        why = first_of((nobodys, "nobody"), else_="reminder").label("why")
        columns = (cases.c.number, cases.c.unit, cases.c.agent_id, since, why)
        late = (cases.c.state == CaseState.OPEN, or_(cases.c.parked_until < before, nobodys), visible(units))
        return await rows_of(self._conn, select(*columns).where(*late).order_by(since).limit(most))

    async def number_of(self, case_id: str) -> str:
        """Return the number of a case."""
        return str(await self._conn.scalar(select(cases.c.number).where(cases.c.id == case_id)))

    async def number_of_contact(self, contact_id: str) -> str | None:
        """Return the number of the case that a contact belongs to."""
        sql = text(
            "SELECT k.number FROM casework.contacts AS c JOIN casework.cases AS k ON k.id = c.case_id WHERE c.id = :id"
        )
        return cast("str | None", await self._conn.scalar(sql, {"id": contact_id}))

    async def change(self, case_id: str, at: datetime, **values: object) -> None:
        """Write some columns of a case; its version grows."""
        grown = {"changed_at": at, "version": cases.c.version + 1, **values}
        await self._conn.execute(update(cases).where(cases.c.id == case_id).values(grown))

    async def protect(self, case_id: str, at: datetime, *, protected: bool) -> None:
        """Set or take away the mark of a case and of all that have become part of it."""
        await self._conn.execute(_PROTECT, {"id": case_id, "at": at, "protected": protected})

    async def _one(self, condition: ColumnElement[bool], units: frozenset[str] | None) -> Case:
        query = select(cases).where(condition, visible(units)).with_for_update()
        row = await row_of(self._conn, query)
        if row is None:
            raise NotFoundError
        return as_case(row)

    async def _many(self, sql: TextClause, rows: Sequence[Row], **params: object) -> list[Row]:
        if not rows:
            return []
        return await rows_of(self._conn, sql, {"rows": records(rows), **params})
