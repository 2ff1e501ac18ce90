"""The visitors of the desks: a queue ticket per desk and day, and who still waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, case, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.domain.visit import Visit, VisitState
from services.intake.store.database import transaction
from services.intake.store.tables import OUTBOX, TICKETS, VISITS
from shared import outbox
from shared.publish import Message

_NEXT = (
    insert(TICKETS)
    .values(day=bindparam("on_day"), entrance=bindparam("at_desk"), last=1)
    .on_conflict_do_update(index_elements=["day", "entrance"], set_={"last": TICKETS.c.last + 1})
    .returning(TICKETS.c.last)
)


@dataclass(frozen=True, slots=True)
class VisitTurn:
    """What the router said of a visit."""

    contact_id: str
    epoch: int
    state: VisitState
    agent_id: str | None = None
    at: datetime | None = None
    """When it ended, if it did."""
    called_at: datetime | None = None
    """When an agent took it: then its ticket is called."""


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits in intake's schema."""

    engine: AsyncEngine

    async def number(self, connection: AsyncConnection, day: date, entrance: str) -> int:
        """Return the next number of a desk's day, from 1."""
        return int((await connection.execute(_NEXT, {"on_day": day, "at_desk": entrance})).scalar_one())

    async def add(self, connection: AsyncConnection, visit: Visit, *events: Message) -> None:
        """Keep a visit together with its events."""
        values = {name: getattr(visit, name) for name in Visit.__slots__}
        await connection.execute(insert(VISITS).values(values))
        await outbox.add(connection, OUTBOX, *events)

    async def today(self, day: date, entrance: str, ended_since: datetime | None = None) -> list[Visit]:
        """Return a day's visitors of a desk who are there, first come first; and who ended since a moment, if given."""
        there: ColumnElement[bool] = VISITS.c.ended_at.is_(None)
        if ended_since is not None:
            there = or_(there, VISITS.c.ended_at >= ended_since)
        mine = (VISITS.c.day == day) & (VISITS.c.entrance == entrance) & there
        return await self._found(select(VISITS).where(mine).order_by(VISITS.c.registered_at, VISITS.c.ticket))

    async def called(self, day: date, entrance: str, since: datetime, most: int) -> list[Visit]:
        """Return who has been called at a desk since a moment and is not done, the newest call first."""
        taken = (VISITS.c.state == VisitState.WITH_AGENT) & (VISITS.c.called_at >= since)
        mine = (VISITS.c.day == day) & (VISITS.c.entrance == entrance) & VISITS.c.ended_at.is_(None) & taken
        return await self._found(select(VISITS).where(mine).order_by(VISITS.c.called_at.desc()).limit(most))

    async def _found(self, question: Any) -> list[Visit]:
        async with transaction(self.engine) as connection:
            rows = (await connection.execute(question)).mappings().all()
        return [_visit(dict(row)) for row in rows]

    async def find(self, contact_id: str) -> Visit | None:
        """Return a visit."""
        async with transaction(self.engine) as connection:
            row = (await connection.execute(select(VISITS).where(VISITS.c.contact_id == contact_id))).mappings()
            found = row.one_or_none()
        return _visit(dict(found)) if found else None

    async def leave(self, contact_id: str, at: datetime, event: Message) -> bool:
        """Note that the visitor has left and say so, once; return whether it was now."""
        present = (VISITS.c.contact_id == contact_id) & VISITS.c.ended_at.is_(None)
        async with transaction(self.engine) as connection:
            done = await connection.execute(update(VISITS).where(present).values(state=VisitState.LEFT, ended_at=at))
            if done.rowcount:
                await outbox.add(connection, OUTBOX, event)
        return bool(done.rowcount)

    async def turn(self, turns: Sequence[VisitTurn]) -> int:
        """Take in what the router said; what is older than what we know is history. Return how many changed."""
        async with transaction(self.engine) as connection:
            changed = 0
            for one in turns:
                keys = {"contact": one.contact_id, "new_epoch": one.epoch}
                changed += (await connection.execute(_turning(one), keys)).rowcount
        return changed

    async def lock(self, connection: AsyncConnection, contact_id: str) -> Visit | None:
        """Return a visit and hold it until the transaction ends."""
        row = (
            (await connection.execute(select(VISITS).where(VISITS.c.contact_id == contact_id).with_for_update()))
            .mappings()
            .one_or_none()
        )
        return _visit(dict(row)) if row else None

    async def has_ticket(self, connection: AsyncConnection, day: date, entrance: str, number: str) -> bool:
        """Say whether a ticket of a desk's day is given already."""
        same = (VISITS.c.day == day) & (VISITS.c.entrance == entrance) & (VISITS.c.ticket == number)
        return (await connection.execute(select(VISITS.c.contact_id).where(same))).first() is not None

    async def call(self, connection: AsyncConnection, contact_id: str, at: datetime, agent_id: str | None) -> None:
        """Note that somebody else's queue has called a visitor; called there once more is called again."""
        here = (VISITS.c.contact_id == contact_id) & VISITS.c.ended_at.is_(None)
        more = case((VISITS.c.state == VisitState.WITH_AGENT, VISITS.c.calls + 1), else_=1)
        called = {"state": VisitState.WITH_AGENT, "agent_id": agent_id, "called_at": at, "calls": more}
        await connection.execute(update(VISITS).where(here).values(**called))

    async def wait_again(self, connection: AsyncConnection, contact_id: str) -> None:
        """Note that a visitor waits again."""
        here = (VISITS.c.contact_id == contact_id) & VISITS.c.ended_at.is_(None)
        back = {"state": VisitState.WAITING, "agent_id": None, "called_at": None, "calls": 0}
        await connection.execute(update(VISITS).where(here).values(**back))

    async def over(self, connection: AsyncConnection, contact_id: str, state: VisitState, at: datetime) -> bool:
        """Note that a visit is over, once; return whether it was now."""
        here = (VISITS.c.contact_id == contact_id) & VISITS.c.ended_at.is_(None)
        return bool((await connection.execute(update(VISITS).where(here).values(state=state, ended_at=at))).rowcount)

    async def call_again(self, connection: AsyncConnection, contact_id: str, at: datetime, calls: int) -> None:
        """Note that a ticket is called once more."""
        mine = update(VISITS).where(VISITS.c.contact_id == contact_id)
        await connection.execute(mine.values(called_at=at, calls=calls))

    async def forget_before(self, moment: datetime) -> int:
        """Remove the visits and calls that are older; return how many."""
        removed = 0
        async with transaction(self.engine) as connection:
            for statement in (
                "DELETE FROM intake.visits WHERE registered_at < :moment",
                "DELETE FROM intake.calls WHERE received_at < :moment",
                "DELETE FROM intake.tickets WHERE day < CAST(:moment AS timestamptz)::date",
            ):
                removed += (await connection.execute(text(statement), {"moment": moment})).rowcount
        return removed


def _turning(one: VisitTurn) -> Update:
    """Write a turn; the same word of the router again is no second call."""
    present = VISITS.c.ended_at.is_(None) & (VISITS.c.epoch <= bindparam("new_epoch"))
    values: dict[str, Any] = {"epoch": one.epoch, "state": one.state, "agent_id": one.agent_id, "ended_at": one.at}
    match one.state:
        case VisitState.WITH_AGENT:
            # Whom an agent has taken where she stands is hers already and called by nobody.
            new = (VISITS.c.epoch < bindparam("new_epoch")) & VISITS.c.agent_id.is_distinct_from(one.agent_id)
            values |= {"called_at": case((new, one.called_at), else_=VISITS.c.called_at)}
            values |= {"calls": case((new, 1), else_=VISITS.c.calls)}
        case VisitState.WAITING:
            values |= {"called_at": None, "calls": 0}
        case _:
            pass
    return update(VISITS).where((VISITS.c.contact_id == bindparam("contact")) & present).values(**values)


def _visit(row: dict[str, Any]) -> Visit:
    return Visit(**{**row, "state": VisitState(row["state"])})
