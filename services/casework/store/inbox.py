"""Queries for the officers' inbox: hand-overs of the reader's units, bounded, sorted by what is due."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sql
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.relations import anonymous
from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import case_types, cases, contacts, handovers, people, units
from shared.web.access import ALL_UNITS

MOST, ENDED = 200, 30
"""Rows that are shown of what is alive, and of what has ended lately."""
_ALIVE = handovers.c.state.in_(["sent", "acknowledged"])
_NOBODYS = and_(handovers.c.assignee.is_(None), handovers.c.acknowledged_at.is_(None))


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose inbox: the units, who counts as *mine* (ids, and the name in receipts), and what it is narrowed by."""

    units: frozenset[str] | None
    ids: Sequence[str]
    name: str
    text: str = ""

    @property
    def mine(self) -> ColumnElement[bool]:
        """The condition of *Mina*: given to her, to somebody she stands in for, or received in her own name."""
        received = and_(handovers.c.assignee.is_(None), handovers.c.acknowledged_by == self.name)
        return or_(handovers.c.assignee.in_(list(self.ids)), received)


class Inbox:
    """The officers' inbox within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def alive(self, asked: Asked, show: str) -> list[Row]:
        """Return what is received or waits for it, what is due first at the top; `show`: `mine unit unclaimed`."""
        wanted = {"mine": asked.mine, "unclaimed": _NOBODYS}.get(show)
        conditions = [_ALIVE, _delivered(), _of(asked.units), *([] if wanted is None else [wanted])]
        received = handovers.c.acknowledged_at.is_not(None)
        due = func.least(handovers.c.answer_by, _unless(received, handovers.c.acknowledge_by)).label("due")
        picked = select(handovers, due).where(*conditions).order_by(due, handovers.c.at, handovers.c.id)
        return await rows_of(self._conn, _listing(picked, asked.text, MOST, lambda one: (one.due, one.at)))

    async def ended(self, asked: Asked, show: str, since: datetime) -> list[Row]:
        """Return what was answered, sent back or taken back since a moment, the latest first.

        Not what was taken back before its delivery: the unit has never had it.
        """
        wanted = [or_(asked.mine, handovers.c.ended_by.in_([*asked.ids, asked.name]))] if show == "mine" else []
        came = handovers.c.delivered_at.is_not(None)
        over = [handovers.c.ended_at > since, came, _of(asked.units), *wanted]
        picked = select(handovers).where(*over).order_by(handovers.c.ended_at.desc())
        query = _listing(picked, asked.text, ENDED, lambda one: (one.ended_at.desc(),))
        return await rows_of(self._conn, query) if show != "unclaimed" else []

    async def counts(self, asked: Asked) -> dict[str, int]:
        """Return how many are alive: hers, the units', and those nobody has taken."""
        query = (
            select(
                func.count().label("unit"),
                func.count().filter(asked.mine).label("mine"),
                func.count().filter(_NOBODYS).label("unclaimed"),
            )
            .select_from(handovers)
            .where(_ALIVE, _delivered(), _of(asked.units))
        )
        return {name: int(value) for name, value in (await row_of(self._conn, query) or {}).items()}

    async def colleagues(self, unit: str) -> list[Row]:
        """Return the officers who see a unit, by name, with who is away and who stands in for her."""
        sees = or_(*(sql.literal(one) == sql.any_(people.c.units) for one in (unit, ALL_UNITS)))
        names = (people.c.id, people.c.name, people.c.away_until, people.c.substitute)
        query = select(*names).where(people.c.active, sql.literal("officer") == sql.any_(people.c.roles), sees)
        return await rows_of(self._conn, query.order_by(people.c.name))

    async def stands_in_for(self, person_id: str, now: datetime) -> list[str]:
        """Return the ids of those who are away and have named this person."""
        query = select(people.c.id).where(people.c.substitute == person_id, people.c.away_until > now)
        return [row["id"] for row in await rows_of(self._conn, query)]

    async def of_cases(self, case_ids: Sequence[str]) -> list[Row]:
        """Return the hand-overs of these cases, oldest first."""
        query = select(handovers).where(handovers.c.case_id.in_(list(case_ids))).order_by(handovers.c.at)
        return await rows_of(self._conn, query) if case_ids else []


def _unless(condition: ColumnElement[bool], column: ColumnElement[Any]) -> ColumnElement[Any]:
    return sql.case((condition, None), else_=column)


def _listing(picked: Select[Any], text: str, most: int, order: Callable[[Any], tuple[Any, ...]]) -> Select[Any]:
    """Return hand-overs (`h_…`) with what a row of a list says of their case.

    They are picked first, and then each one's case and contact are looked up: OFFSET 0 keeps PostgreSQL from reading
    all cases to join a few.
    """
    h = (picked.offset(0) if text.strip() else picked.limit(most)).subquery("handover")
    of_case = ("id", "number", "unit", "case_type", "opened_at", "due_at", "closed_at", "agent_id", "resolution")
    more = ("contact_id", "classified_how", "checklist_id", "checklist_version", "state", "channel", "protected")
    said = ("subject", "body", "sender_name", "sender_email", "sender_phone")
    case = select(cases).where(cases.c.id == h.c.case_id).offset(0).lateral("of_case")
    first = select(contacts).where(contacts.c.id == case.c.contact_id).offset(0).lateral("inbox_contact")
    return (
        select(
            *(case.c[name] for name in (*of_case, *more)),
            units.c.name.label("unit_name"),
            case_types.c.question,
            anonymous(case.c),
            *(first.c[name] for name in said),
            *(h.c[column.name].label(f"h_{column.name}") for column in handovers.c),
        )
        .select_from(h)
        .join(case, sql.true())
        .outerjoin(units, units.c.id == case.c.unit)
        .outerjoin(case_types, case_types.c.id == case.c.case_type)
        .outerjoin(first, sql.true())
        .where(*_found(text, h.c, case.c, first.c))
        .order_by(*order(h.c))
        .limit(most)
    )


def _of(seen: frozenset[str] | None) -> ColumnElement[bool]:
    return handovers.c.id.is_not(None) if seen is None else handovers.c.unit.in_(sorted(seen))


def _delivered() -> ColumnElement[bool]:
    """Leave out what its unit wants to get at a later time of the day."""
    return or_(handovers.c.deliver_at.is_(None), handovers.c.delivered_at.is_not(None))


def _found(text: str, handover: Any, case: Any, first: Any) -> list[ColumnElement[bool]]:
    """Return the condition that every word stands somewhere in the case or the hand-over."""
    places = (
        *(case.number, case_types.c.question, first.subject, first.sender_name, first.sender_email),
        *(first.sender_phone, handover.external_ref, handover.to_label, handover.message),
    )
    return [or_(*(place.icontains(word, autoescape=True) for place in places)) for word in text.split()[:6]]
