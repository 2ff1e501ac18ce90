"""Return calls that were accepted and wait to be rung; each acceptance at most once, whatever is repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.call import ReturnCall
from services.intake.domain.return_call import Due
from services.intake.store.database import transaction
from services.intake.store.tables import CALLS

MOST = 20
"""Return calls that are ordered in one round."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A contact that an agent has accepted; most are no return call."""

    contact_id: str
    epoch: int
    agent_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReturnLegs:
    """The return calls in intake's schema, beside the calls in which they were promised."""

    engine: AsyncEngine

    async def accepted(self, each: Sequence[Accepted]) -> None:
        """Note those that were promised by a key; an acceptance that has been noted is history."""
        promised = (CALLS.c.return_call == ReturnCall.PROMISED) & CALLS.c.caller.is_not(None)
        news = CALLS.c.back_epoch.is_(None) | (CALLS.c.back_epoch < bindparam("new_epoch"))
        write = update(CALLS).where((CALLS.c.contact_id == bindparam("contact")) & promised & news)
        values: dict[str, Any] = {
            "back_epoch": bindparam("new_epoch"),
            "back_agent": bindparam("agent"),
            "back_at": bindparam("moment"),
        }
        rows = [
            {"contact": one.contact_id, "new_epoch": one.epoch, "agent": one.agent_id, "moment": one.at} for one in each
        ]
        async with transaction(self.engine) as connection:
            await connection.execute(write.values(**values, back_waits=True), rows)

    async def take(self) -> list[Due]:
        """Return what waits to be rung, once: after a crash it is the agent who dials, and nobody is rung twice."""
        waiting = select(CALLS.c.call_id).where(CALLS.c.back_waits).order_by(CALLS.c.back_at).limit(MOST)
        taken = CALLS.c.call_id.in_(waiting.with_for_update(skip_locked=True))
        columns = (CALLS.c.call_id, CALLS.c.contact_id, CALLS.c.back_agent, CALLS.c.back_at)
        take = update(CALLS).where(taken).values(back_waits=False).returning(*columns, CALLS.c.caller, CALLS.c.dialled)
        async with transaction(self.engine) as connection:
            return [Due(*row) for row in (await connection.execute(take)).all()]
