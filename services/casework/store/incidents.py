"""Incidents and the cases that are linked to them.

Whoever writes both holds the case first, then the incident, then the link, so that nobody waits in a circle.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.cases import visible
from services.casework.store.own_side import of_unit
from services.casework.store.relations import anonymous
from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import case_types, cases, contacts, incident_cases, incidents, units
from shared.errors import NotFoundError
from shared.records import IncidentRecord

LISTED = 50
SHOWN = 300
"""Linked cases that one page shows."""
_ALIVE = timedelta(days=7)
"""How long after it was given an answer is still sent; an outage of ours is shorter."""


def _seen(seen: frozenset[str] | None) -> ColumnElement[bool]:
    return incidents.c.id.is_not(None) if seen is None else incidents.c.unit.in_(sorted(seen))


def _reachable() -> ColumnElement[bool]:
    """Return whether a linked case has somebody to write to, as `usecases.reply` chooses whom."""
    written = and_(contacts.c.case_id == cases.c.id, contacts.c.sender_email != "", contacts.c.purged_at.is_(None))
    return exists().where(written, ~of_unit()).correlate(cases)


_OUTSTANDING = and_(
    incidents.c.answered_at.is_not(None),
    incident_cases.c.at <= incidents.c.answered_at,
    or_(incident_cases.c.answered_at.is_(None), incident_cases.c.answered_at < incidents.c.answered_at),
    cases.c.merged_into.is_(None),
    cases.c.purged.is_(False),
)
"""The linked cases that have not had the last answer; who was linked after it was given waits for the next."""


_INHERIT = text(
    "INSERT INTO casework.incident_cases (incident_id, case_id, contact_id, by, at, answered_at) "
    "SELECT DISTINCT ON (l.incident_id, k.merged_into) l.incident_id, k.merged_into, l.contact_id, l.by, l.at, "
    "l.answered_at FROM casework.incidents AS i JOIN casework.incident_cases AS l ON l.incident_id = i.id "
    "JOIN casework.cases AS k ON k.id = l.case_id WHERE i.answered_at > :since AND k.merged_into IS NOT NULL "
    "ORDER BY l.incident_id, k.merged_into, l.at ON CONFLICT DO NOTHING"
)


class Incidents:
    """The tables of incidents within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add(self, **values: object) -> bool:
        """Write a new incident; False when it is there already."""
        fresh = insert(incidents).values(**values).on_conflict_do_nothing().returning(incidents.c.id)
        return (await self._conn.execute(fresh)).scalar_one_or_none() is not None

    async def hold(self, incident_id: str, seen: frozenset[str] | None, *, share: bool = False) -> Row:
        """Return an incident and hold it, `share` when it is only read; NotFoundError when it is not the reader's."""
        query = select(incidents).where(incidents.c.id == incident_id, _seen(seen))
        row = await row_of(self._conn, query.with_for_update(read=share))
        if row is None:
            raise NotFoundError
        return row

    async def change(self, incident_id: str, **values: object) -> Row:
        """Write some columns; return the whole row."""
        query = update(incidents).where(incidents.c.id == incident_id).values(**values).returning(incidents)
        return (await rows_of(self._conn, query))[0]

    async def link(self, **values: object) -> bool:
        """Link a case; False when it is linked already."""
        fresh = insert(incident_cases).values(**values).on_conflict_do_nothing()
        return (await self._conn.execute(fresh.returning(incident_cases.c.case_id))).scalar_one_or_none() is not None

    async def unlink(self, incident_id: str, case_id: str) -> bool:
        """Take a link away; False when there was none."""
        gone = delete(incident_cases).where(_is(incident_id, case_id)).returning(incident_cases.c.case_id)
        return (await self._conn.execute(gone)).scalar_one_or_none() is not None

    async def listed(self, seen: frozenset[str] | None, now: datetime, *, closed: bool) -> list[Row]:
        """Return incidents with their counts, newest first: all that are open, or the latest that were closed."""
        over = incidents.c.closed_at.is_not(None)
        order = incidents.c.closed_at if closed else incidents.c.opened_at
        query = _counted(now).where(_seen(seen), over if closed else ~over).order_by(order.desc())
        return await rows_of(self._conn, query.limit(LISTED if closed else 4 * LISTED))

    async def get(self, incident_id: str, seen: frozenset[str] | None, now: datetime) -> Row:
        """Return one incident with its counts; NotFoundError when it is not the reader's."""
        row = await row_of(self._conn, _counted(now).where(incidents.c.id == incident_id, _seen(seen)))
        if row is None:
            raise NotFoundError
        return row

    async def at_desk(self, case_id: str) -> list[Row]:
        """Return the open incidents, oldest first, each with how many are linked and whether this case is (`mine`)."""
        mine = exists().where(incident_cases.c.incident_id == incidents.c.id, incident_cases.c.case_id == case_id)
        query = (
            select(incidents, units.c.name.label("unit_name"), _count().label("linked"), mine.label("mine"))
            .outerjoin(units, units.c.id == incidents.c.unit)
            .where(incidents.c.closed_at.is_(None))
            .order_by(incidents.c.opened_at)
        )
        return await rows_of(self._conn, query.limit(LISTED))

    async def of_case(self, case_id: str) -> list[Row]:
        """Return the incidents that a case is linked to, the latest first."""
        query = (
            select(incidents)
            .join(incident_cases, incident_cases.c.incident_id == incidents.c.id)
            .where(incident_cases.c.case_id == case_id)
            .order_by(incident_cases.c.at.desc())
        )
        return await rows_of(self._conn, query)

    async def hours(self, incident_id: str, since: datetime) -> list[tuple[datetime, int]]:
        """Return how many cases were linked by the hour, oldest first; an hour without any is not there."""
        hour = func.date_trunc("hour", incident_cases.c.at)
        query = (
            select(hour, func.count())
            .where(incident_cases.c.incident_id == incident_id, incident_cases.c.at >= since)
            .group_by(hour)
            .order_by(hour)
        )
        return [(at, int(linked)) for at, linked in (await self._conn.execute(query)).all()]

    async def cases(self, incident_id: str, seen: frozenset[str] | None, *, calls: bool = False) -> list[Row]:
        """Return linked cases that the reader may see, the latest first; `calls` only those to be called now."""
        phone = _latest("sender_phone")
        query = (
            select(
                *(cases.c.id, cases.c.number, cases.c.state, cases.c.channel, case_types.c.question, cases.c.unit),
                *(cases.c.protected, cases.c.agent_id, anonymous(cases.c)),
                *(contacts.c.sender_name, contacts.c.sender_email, phone.label("phone")),
                *(incident_cases.c.at, incident_cases.c.by, incident_cases.c.answered_at),
                _OUTSTANDING.label("outstanding"),
                _reachable().label("reachable"),
            )
            .join(cases, cases.c.id == incident_cases.c.case_id)
            .join(incidents, incidents.c.id == incident_cases.c.incident_id)
            .outerjoin(case_types, case_types.c.id == cases.c.case_type)
            .outerjoin(contacts, contacts.c.id == cases.c.contact_id)
            .where(incident_cases.c.incident_id == incident_id, visible(seen))
            .order_by(incident_cases.c.at.desc(), cases.c.id)
        )
        return await rows_of(self._conn, (query.where(_OUTSTANDING, ~_reachable()) if calls else query).limit(SHOWN))

    async def progress(self, incident_id: str) -> Row:
        """Return how many linked cases there are, and how many of them wait: for a mail, a call, the next answer."""
        later = incident_cases.c.at > incidents.c.answered_at
        query = (
            select(
                func.count().label("total"),
                func.count().filter(_OUTSTANDING, _reachable()).label("waiting"),
                func.count().filter(_OUTSTANDING, ~_reachable()).label("calls"),
                func.count().filter(later).label("later"),
            )
            .select_from(incident_cases)
            .join(incidents, incidents.c.id == incident_cases.c.incident_id)
            .join(cases, cases.c.id == incident_cases.c.case_id)
            .where(incident_cases.c.incident_id == incident_id)
        )
        return (await rows_of(self._conn, query))[0]

    async def inherit(self, now: datetime) -> None:
        """Link the cases that merged ones go on in to the incidents that are being answered; who has it has it."""
        while (await self._conn.execute(_INHERIT, {"since": now - _ALIVE})).rowcount:
            continue

    async def unanswered(self, now: datetime, after: tuple[str, str], limit: int) -> list[tuple[str, str]]:
        """Return incident and case of who is to be written to, in order, those that come after a pair."""
        pair = (incident_cases.c.incident_id, incident_cases.c.case_id)
        query = (
            select(*pair)
            .join(incidents, incidents.c.id == incident_cases.c.incident_id)
            .join(cases, cases.c.id == incident_cases.c.case_id)
            .where(incidents.c.answered_at > now - _ALIVE, _OUTSTANDING, _reachable(), tuple_(*pair) > tuple_(*after))
            .order_by(*pair)
            .limit(limit)
        )
        return [(incident, case) for incident, case in (await self._conn.execute(query)).all()]

    async def outstanding(self, incident_id: str, case_id: str) -> Row | None:
        """Hold the link of a case and return the incident's answer, None when she has had it."""
        query = (
            select(incidents)
            .join(incident_cases, incident_cases.c.incident_id == incidents.c.id)
            .join(cases, cases.c.id == incident_cases.c.case_id)
            .where(_is(incident_id, case_id), _OUTSTANDING)
            .with_for_update(of=incident_cases)
        )
        return await row_of(self._conn, query)

    async def answered(self, incident_id: str, case_id: str, at: datetime) -> None:
        """Note that the citizen of a case has the answer."""
        await self._conn.execute(update(incident_cases).where(_is(incident_id, case_id)).values(answered_at=at))


def _is(incident_id: str, case_id: str) -> ColumnElement[bool]:
    return and_(incident_cases.c.incident_id == incident_id, incident_cases.c.case_id == case_id)


def _count(*conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    mine = incident_cases.c.incident_id == incidents.c.id
    return select(func.count()).where(mine, *conditions).correlate(incidents).scalar_subquery()


def _counted(now: datetime) -> Select[Any]:
    persons = (
        select(func.count(func.coalesce(cases.c.person_key, cases.c.id).distinct()))
        .select_from(incident_cases.join(cases, cases.c.id == incident_cases.c.case_id))
        .where(incident_cases.c.incident_id == incidents.c.id)
        .correlate(incidents)
        .scalar_subquery()
    )
    return select(
        incidents,
        units.c.name.label("unit_name"),
        _count().label("linked"),
        _count(incident_cases.c.at > now - timedelta(hours=1)).label("last_hour"),
        persons.label("persons"),
    ).outerjoin(units, units.c.id == incidents.c.unit)


def _latest(column: str) -> ScalarSelect[Any]:
    """Return what a column says of the latest contact of a case that has something in it."""
    one = contacts.alias("latest")
    value = one.c[column]
    return (
        select(value)
        .where(one.c.case_id == cases.c.id, value != "", one.c.purged_at.is_(None))
        .order_by(one.c.received_at.desc().nulls_last())
        .limit(1)
        .correlate(cases)
        .scalar_subquery()
    )


def incident_record(row: Row) -> IncidentRecord:
    """Return what the others read of an open incident."""
    return IncidentRecord.model_validate({**row, "text": row["body"]})


def names_of(rows: Sequence[Row], ids: Sequence[str]) -> tuple[str, ...]:
    """Return what the things of these ids are called, in the order of the ids."""
    called = {row["id"]: row for row in rows}
    return tuple(called[one].get("name") or called[one]["question"] for one in ids if one in called)
