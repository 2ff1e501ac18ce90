"""Handling time in the tables: beats of the desk, and what the ends of a case have told."""

from datetime import datetime, timedelta

from sqlalchemy import Interval, bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncConnection

_MOMENT = TIMESTAMP(timezone=True)
_TALKING = (
    "l.channel IN ('phone', 'visit') AND l.accepted_at IS NOT NULL AND l.done_at IS NULL "
    "AND (l.ended_at IS NULL OR l.ended_at < l.accepted_at)"
)
# A conversation has a clock of its own, and nobody works on two things at once: while the agent talks to somebody, in
# this case or in another, nothing is added. What a beat adds begins when the conversation has ended, and a beat from a
# clock that goes behind adds nothing.
_BEAT = text(
    "UPDATE casework.cases AS k SET last_beat_at = GREATEST(k.last_beat_at, :at), "  # noqa: S608 - constants
    "handling_seconds = k.handling_seconds + CASE WHEN :at - k.last_beat_at BETWEEN interval '0' AND :gap AND NOT "
    "EXISTS (SELECT FROM casework.cases AS o JOIN casework.contacts AS l ON l.id = o.current_contact WHERE "
    f"o.agent_id = k.agent_id AND o.state <> 'closed' AND {_TALKING}) "
    "THEN GREATEST(0, extract(epoch FROM :at - GREATEST(k.last_beat_at, (SELECT GREATEST(l.ended_at, l.accepted_at) "
    "FROM casework.contacts AS l WHERE l.id = k.current_contact AND l.channel IN ('phone', 'visit') "
    "AND l.ended_at <= :at)))) ELSE 0 END WHERE k.id = :id AND k.state <> 'closed'"
).bindparams(bindparam("at", type_=_MOMENT), bindparam("gap", type_=Interval()))
_ADD = text("UPDATE casework.cases SET handling_seconds = handling_seconds + :seconds WHERE id = :id")
_TOLD = text(
    "UPDATE casework.cases SET reported_seconds = reported_seconds + :seconds, last_beat_at = NULL WHERE id = :id"
)
_TOLD_AT = text(
    "SELECT GREATEST((SELECT max(h.at) FROM casework.handovers AS h WHERE h.case_id = :id AND h.at < :now), "
    "(SELECT max(y.at) FROM casework.case_history AS y WHERE y.case_id = :id AND y.what = 'close' AND y.at < :now))"
).bindparams(bindparam("now", type_=_MOMENT))


class HandlingTimes:
    """The time of cases within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def beat(self, case_id: str, at: datetime, gap: timedelta) -> None:
        """Count the time since the last beat as work, unless it is longer ago than `gap`."""
        await self._conn.execute(_BEAT, {"id": case_id, "at": at, "gap": gap})

    async def add(self, case_id: str, seconds: float) -> None:
        """Count work that no contact of the case holds any more."""
        await self._conn.execute(_ADD, {"id": case_id, "seconds": seconds})

    async def told(self, case_id: str, seconds: float) -> None:
        """Note that so much has been told of the case; no beat spans that moment."""
        await self._conn.execute(_TOLD, {"id": case_id, "seconds": seconds})

    async def told_at(self, case_id: str, now: datetime) -> datetime | None:
        """Return when the case ended last before now."""
        found: datetime | None = await self._conn.scalar(_TOLD_AT, {"id": case_id, "now": now})
        return found
