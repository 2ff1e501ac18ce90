"""What happens to a call and is told at once: through, not answered, ended; state and event are one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.domain.call import CONNECTS, CallState
from services.intake.domain.call_life import Line
from services.intake.store.database import transaction
from services.intake.store.tables import CALLS, OUTBOX
from shared import outbox
from shared.publish import Message

_COLUMNS = [CALLS.c[field.name] for field in fields(Line)]
_OPEN = CALLS.c.ended_at.is_(None)
_RINGING = _OPEN & (CALLS.c.state == CallState.CONNECTING) & CALLS.c.through_epoch.is_distinct_from(CALLS.c.epoch)
_SENT_ON = _OPEN & CALLS.c.state.in_((CallState.ACCEPTED, CallState.WAITING)) & CALLS.c.through_at.is_(None)
"""Transferred or queued anew by the router; a phone that has rung, and not failed, is that of the agent before."""
_TALKS = CALLS.c.heard["turn"].astext.in_(sorted(CONNECTS))
_ASKS_NO_MORE = ~CALLS.c.call_id.startswith("cti/") & (CALLS.c.state != CallState.CONNECTING) & _TALKS.is_not(True)
"""Whoever plays nothing never asks; who talks, or is being connected, asks when that is over."""
MOST = 500
"""Calls that are looked at in one round."""
MOST_OPEN = 5000
"""Open calls that are compared with what the provider knows."""


@dataclass(frozen=True, slots=True)
class CallLife:
    """The life of the calls in intake's schema; every step is taken once, whatever telephony repeats."""

    engine: AsyncEngine

    async def through(self, call_id: str, at: datetime | None, told: Callable[[Line], Message]) -> bool:
        """Note that the agent who is rung and the caller hear each other; return whether that is news.

        Where nobody knows when (`at` is None) it is since her phone was rung. A call that has been sent on meanwhile
        is through to nobody now, but they have talked, and when that began is what its talk counts from.
        """
        since = CALLS.c.connected_at if at is None else at
        first = func.coalesce(CALLS.c.through_at, since)
        if await self._step(call_id, _RINGING, {"through_at": first, "through_epoch": CALLS.c.epoch}, told):
            return True
        talked = (CALLS.c.call_id == call_id) & _SENT_ON & CALLS.c.connected_at.is_not(None)
        async with transaction(self.engine) as connection:
            await connection.execute(update(CALLS).where(talked).values(through_at=since))
        return False

    async def not_answered(self, call_id: str, told: Callable[[Line], Message], *, unrung: int | None = None) -> bool:
        """Let a call wait again whose agent's phone was busy or silent, or whose agent of epoch `unrung` has none."""
        without = (CALLS.c.state == CallState.ACCEPTED) & (CALLS.c.epoch == unrung)
        asked = _RINGING if unrung is None else _OPEN & without
        values = {
            "state": CallState.WAITING,
            "agent_id": None,
            "connected_at": None,
            "unanswered": CALLS.c.unanswered + 1,
        }
        return await self._step(call_id, asked, values, told)

    async def end(self, call_id: str, at: datetime, told: Callable[[Line], Sequence[Message]]) -> Line | None:
        """End a call and say so; return it as it was, or None when it is no news."""
        async with transaction(self.engine) as connection:
            line = await _held(connection, call_id, _OPEN)
            if line is None:
                return None
            await _write(connection, call_id, {"state": CallState.ENDED, "ended_at": at})
            await outbox.add(connection, OUTBOX, *told(line))
        return line

    async def remember(self, call_id: str, at: datetime) -> bool:
        """Remember a call that has never come in as ended, so that its late ring is nobody's; False: it has come in."""
        from_nowhere = {"contact_id": f"ended:{call_id}", "entrance": "", "dialled": "", "state": CallState.ENDED}
        row = {"call_id": call_id, **from_nowhere, "received_at": at, "ended_at": at}
        async with transaction(self.engine) as connection:
            return bool((await connection.execute(insert(CALLS).values(row).on_conflict_do_nothing())).rowcount)

    async def long_ringing(self, before: datetime) -> Sequence[str]:
        """Return the calls of which nothing has been heard since their agent's phone was rung, `before` a moment."""
        return await self._ids(_RINGING & (CALLS.c.connected_at < before))

    async def silent(self, asked: datetime, received: datetime) -> Sequence[str]:
        """Return the calls that must be over: not asking since `asked`, or come in before `received` a moment."""
        quiet = _ASKS_NO_MORE & (func.coalesce(CALLS.c.asked_at, CALLS.c.received_at) < asked)
        old = ~CALLS.c.call_id.startswith("cti/") & (CALLS.c.received_at < received)
        return await self._ids(_OPEN & (quiet | old))

    async def open_since(
        self, after: datetime, before: datetime, prefix: str = ""
    ) -> tuple[Sequence[str], datetime | None]:
        """Return a provider's open calls come in between, and when the first did; 46elks' ids have no prefix."""
        of_it = CALLS.c.call_id.startswith(prefix) if prefix else ~CALLS.c.call_id.contains("/")
        within = (CALLS.c.received_at >= after) & (CALLS.c.received_at < before)
        own = _OPEN & within & of_it
        query = select(CALLS.c.call_id, CALLS.c.received_at).where(own).order_by(CALLS.c.received_at).limit(MOST_OPEN)
        async with transaction(self.engine) as connection:
            rows = (await connection.execute(query)).all()
        return [row.call_id for row in rows], rows[0].received_at if rows else None

    async def _ids(self, wanted: Any) -> Sequence[str]:
        async with transaction(self.engine) as connection:
            found = await connection.execute(select(CALLS.c.call_id).where(wanted).limit(MOST))
            return list(found.scalars())

    async def _step(self, call_id: str, allowed: Any, values: dict[str, Any], told: Callable[[Line], Message]) -> bool:
        async with transaction(self.engine) as connection:
            line = await _held(connection, call_id, allowed)
            if line is None:
                return False
            await _write(connection, call_id, values)
            await outbox.add(connection, OUTBOX, told(line))
        return True


async def _held(connection: AsyncConnection, call_id: str, allowed: Any) -> Line | None:
    """Return the call, held until the transaction ends, if the step is allowed."""
    query = select(*_COLUMNS).where((CALLS.c.call_id == call_id) & allowed).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    return _line(row) if row else None


async def _write(connection: AsyncConnection, call_id: str, values: dict[str, Any]) -> None:
    await connection.execute(update(CALLS).where(CALLS.c.call_id == call_id).values(**values))


def _line(row: Row[Any]) -> Line:
    return Line(**{**row._mapping, "state": CallState(row.state)})  # noqa: SLF001 - SQLAlchemy's public name
