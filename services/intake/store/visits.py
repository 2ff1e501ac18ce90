"""The visitors of the desks: a queue ticket per desk and day, and who still waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, text, update
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


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits in intake's schema."""

    engine: AsyncEngine

    async def number(self, connection: AsyncConnection, day: date, entrance: str) -> int:
        """Return the next number of a desk's day, from 1."""
        return int((await connection.execute(_NEXT, {"on_day": day, "at_desk": entrance})).scalar_one())

    async def add(self, connection: AsyncConnection, visit: Visit, event: Message) -> None:
        """Keep a visit together with its event."""
        values = {name: getattr(visit, name) for name in Visit.__slots__}
        await connection.execute(insert(VISITS).values(values))
        await outbox.add(connection, OUTBOX, event)

    async def today(self, day: date, entrance: str | None = None) -> list[Visit]:
        """Return the day's visitors who have not left, first come first."""
        question = select(VISITS).where((VISITS.c.day == day) & VISITS.c.ended_at.is_(None))
        if entrance:
            question = question.where(VISITS.c.entrance == entrance)
        async with transaction(self.engine) as connection:
            rows = (await connection.execute(question.order_by(VISITS.c.registered_at))).mappings().all()
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
        present = VISITS.c.ended_at.is_(None) & (VISITS.c.epoch <= bindparam("new_epoch"))
        write = update(VISITS).where((VISITS.c.contact_id == bindparam("contact")) & present)
        async with transaction(self.engine) as connection:
            changed = 0
            for one in turns:
                values = {"epoch": one.epoch, "state": one.state, "agent_id": one.agent_id, "ended_at": one.at}
                keys = {"contact": one.contact_id, "new_epoch": one.epoch}
                changed += (await connection.execute(write.values(**values), keys)).rowcount
        return changed

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


def _visit(row: dict[str, Any]) -> Visit:
    return Visit(**{**row, "state": VisitState(row["state"])})
