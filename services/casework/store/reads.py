"""Queries for lists: cases with their unit, question and contact, bounded by the reader's units and paged by time."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.cases import visible
from services.casework.store.relations import anonymous
from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import case_types, cases, contacts, handovers, units
from shared.errors import NotFoundError
from shared.vocabulary import CaseState, WorkKind

LIMIT = 50
_CONTACT = contacts.alias("first_contact")
_CURRENT, _TAKEN = contacts.alias("current_contact_row"), contacts.alias("taken")
_QUESTION, _ABOUT = contacts.alias("question"), contacts.alias("about")
_OWN, _HELD = cases.alias("own"), cases.alias("held")
"""Made once: an alias costs as much as a query."""


def _listing() -> Select[Any]:
    facts = (
        _CONTACT.c.subject,
        _CONTACT.c.body,
        _CONTACT.c.sender_name,
        _CONTACT.c.sender_email,
        _CONTACT.c.sender_phone,
    )
    return (
        select(cases, units.c.name.label("unit_name"), case_types.c.question, anonymous(cases.c), *facts)
        .outerjoin(units, units.c.id == cases.c.unit)
        .outerjoin(case_types, case_types.c.id == cases.c.case_type)
        .outerjoin(_CONTACT, _CONTACT.c.id == cases.c.contact_id)
    )


class Reads:
    """Lists within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def case(self, number: str, seen: frozenset[str] | None) -> Row:
        """Return one case; NotFoundError when it is not there or not for the reader's eyes."""
        row = await row_of(self._conn, _listing().where(cases.c.number == number, visible(seen)))
        if row is None:
            raise NotFoundError
        return row

    async def by_ids(self, ids: Sequence[str]) -> list[Row]:
        """Return cases by their ids, in no order: whoever asks knows that the reader may see them."""
        return await rows_of(self._conn, _listing().where(cases.c.id.in_(ids))) if ids else []

    async def page(
        self, condition: ColumnElement[bool], cursor: str | None, limit: int
    ) -> tuple[list[Row], str | None]:
        """Return a page of cases, newest first, and the cursor of the next."""
        query = _listing().where(condition).order_by(cases.c.opened_at.desc(), cases.c.id.desc()).limit(limit + 1)
        if cursor:
            query = query.where(tuple_(cases.c.opened_at, cases.c.id) < tuple_(*_from_cursor(cursor)))
        rows = await rows_of(self._conn, query)
        return rows[:limit], _cursor(rows[limit - 1]) if len(rows) > limit else None

    async def earlier(self, case: Row, seen: frozenset[str] | None) -> list[Row]:
        """Return other cases of the same person, newest first."""
        if not case["person_key"]:
            return []
        same = and_(cases.c.person_key == case["person_key"], cases.c.id != case["id"], visible(seen))
        return (await self.page(same, None, 5))[0]

    async def desk(self, agent_id: str) -> list[Row]:
        """Return what an agent holds, oldest first: her open cases, those where she has taken a contact, and questions.

        With the channel of the contact that is worked on (`now_channel`), when it was done (`now_done_at`), and whether
        a colleague asks her (`asks_her`).
        """
        current = _CURRENT
        asked = _asked(agent_id)
        query = (
            _listing()
            .add_columns(current.c.channel.label("now_channel"), current.c.done_at.label("now_done_at"))
            .add_columns(cases.c.id.in_(asked).label("asks_her"))
            .outerjoin(current, current.c.id == cases.c.current_contact)
            .where(cases.c.id.in_(union(_mine(agent_id), _held(agent_id), asked)))
            .order_by(cases.c.opened_at)
            .limit(LIMIT)
        )
        return await rows_of(self._conn, query)

    async def ended_since(self, agent_id: str, since: datetime) -> tuple[int, int]:
        """Return how many cases an agent has closed and handed over since a moment."""
        closed = select(func.count()).where(cases.c.closed_by == agent_id, cases.c.closed_at >= since)
        handed = select(func.count()).where(handovers.c.by == agent_id, handovers.c.at >= since)
        return int(await self._conn.scalar(closed) or 0), int(await self._conn.scalar(handed) or 0)


def _mine(agent_id: str) -> Select[Any]:
    """Return the cases that are an agent's and alive."""
    own, alive = _OWN, [CaseState.OPEN, CaseState.PARKED]
    return select(own.c.id).where(own.c.agent_id == agent_id, own.c.state != CaseState.CLOSED, own.c.state.in_(alive))


def _held(agent_id: str) -> Select[Any]:
    """Return the cases that are handed over and whose current contact an agent has taken again."""
    held, taken = _HELD, _TAKEN
    hers = (taken.c.agent_id == agent_id, taken.c.done_at.is_(None), taken.c.ended_at.is_(None))
    of_case = select(held.c.id).join(taken, taken.c.case_id == held.c.id)
    return of_case.where(*hers, held.c.current_contact == taken.c.id, held.c.state == CaseState.HANDED_OVER)


def _asked(agent_id: str) -> Select[Any]:
    """Return the cases about which a colleague asks the agent and she is not done with it."""
    question, about = _QUESTION, _ABOUT
    open_ones = and_(question.c.done_at.is_(None), question.c.ended_at.is_(None))
    return (
        select(about.c.case_id)
        .join(question, question.c.about == about.c.id)
        .where(question.c.kind == WorkKind.CONSULT, question.c.agent_id == agent_id, open_ones, question.c.about != "")
    )


def narrowed(
    seen: frozenset[str] | None,
    *,
    contact_id: str | None = None,
    number: str | None = None,
    text: str | None = None,
    state: str | None = None,
) -> ColumnElement[bool]:
    """Return the condition of a search; `text` is looked for in number, subject and sender."""
    conditions = [visible(seen)]
    if contact_id:
        opened = cases.alias("opened")
        first = select(opened.c.id).where(opened.c.contact_id == contact_id)
        linked = select(contacts.c.case_id).where(contacts.c.id == contact_id)
        conditions.append(cases.c.id.in_(union(first, linked)))
    if number:
        conditions.append(cases.c.number == number)
    if state:
        conditions.append(cases.c.state == state)
    if text:
        searched = (cases.c.number, _CONTACT.c.subject, _CONTACT.c.sender_name, _CONTACT.c.sender_email)
        more = (_CONTACT.c.sender_phone, _CONTACT.c.body, case_types.c.question)
        conditions.append(or_(*(column.icontains(text, autoescape=True) for column in (*searched, *more))))
    return and_(*conditions)


def _cursor(row: Row) -> str:
    return base64.urlsafe_b64encode(f"{row['opened_at'].isoformat()}|{row['id']}".encode()).decode()


def _from_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, _, case_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(at), case_id
    except (ValueError, binascii.Error) as error:
        raise NotFoundError from error
