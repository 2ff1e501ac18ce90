"""The queue of outgoing SMS: a confirmation is marked before it is handed over and never tried again by itself.

The provider takes no key that would make a repeated order the same order. So anything whose fate is unknown stays
`failed` until a person presses again: an answer, too, goes out at most once by itself. While one is handed over
(`sending`), `next_at` is when its sender must have died.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import sms_out

_CLAIM = text(
    "UPDATE casework.sms_out SET attempts = attempts + 1, state = 'sending', next_at = :lease "
    "WHERE id IN (SELECT id FROM casework.sms_out WHERE next_at <= :at AND state = 'queued' ORDER BY next_at "
    "LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING *"
)
_LOST = text(
    "UPDATE casework.sms_out SET state = 'failed', next_at = NULL, problem = 'unknown died' "
    "WHERE next_at <= :at AND state = 'sending' RETURNING *"
)


class SmsQueue:
    """Outgoing SMS within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def queue(self, **values: object) -> bool:
        """Put an SMS in the queue; False when it is there already under its id."""
        fresh = insert(sms_out).values(state="queued", **values).on_conflict_do_nothing().returning(sms_out.c.id)
        return (await self._conn.execute(fresh)).scalar_one_or_none() is not None

    async def claim(self, at: datetime, lease: timedelta, limit: int) -> list[Row]:
        """Take what is due, for good: whoever dies with it has perhaps sent it."""
        return await rows_of(self._conn, _CLAIM, {"at": at, "lease": at + lease, "limit": limit})

    async def lost(self, at: datetime) -> list[Row]:
        """Give up what a sender died with; returns it."""
        return await rows_of(self._conn, _LOST, {"at": at})

    async def sent(self, sms_id: str, at: datetime, provider_id: str) -> None:
        """The provider has taken it."""
        await self._set(sms_id, state="sent", sent_at=at, next_at=None, provider_id=provider_id, problem="")

    async def retry(self, sms_id: str, at: datetime, problem: str) -> None:
        """The provider has surely not taken it; try again at `at`."""
        await self._set(sms_id, state="queued", next_at=at, problem=problem)

    async def failed(self, sms_id: str, problem: str) -> None:
        """It will not be tried again by itself."""
        await self._set(sms_id, state="failed", next_at=None, problem=problem)

    async def take_back(self, case_id: str, reply_id: str) -> bool:
        """Never send a reply; False when it is being sent or was. Its id names the case that it was written in."""
        of_reply = func.split_part(sms_out.c.id, ".", 3) == reply_id.replace("-", "")
        mine = (sms_out.c.case_id == case_id) & (sms_out.c.kind == "reply") & of_reply
        mine &= (sms_out.c.state == "queued") & (sms_out.c.attempts == 0)
        done = update(sms_out).where(mine).values(state="undone", next_at=None).returning(sms_out.c.id)
        return (await self._conn.execute(done)).scalar_one_or_none() is not None

    async def again(self, sms_id: str, at: datetime) -> bool:
        """Send it once more, because somebody says so; False unless it had failed."""
        ended = (sms_out.c.id == sms_id) & (sms_out.c.state == "failed")
        values = {"state": "queued", "next_at": at, "attempts": 0, "problem": ""}
        done = update(sms_out).where(ended).values(**values).returning(sms_out.c.id)
        return (await self._conn.execute(done)).scalar_one_or_none() is not None

    async def get(self, sms_id: str) -> Row | None:
        """Return one SMS."""
        return await row_of(self._conn, select(sms_out).where(sms_out.c.id == sms_id))

    async def of_case(self, case_id: str) -> list[Row]:
        """Return the SMS of a case, oldest first."""
        query = select(sms_out).where(sms_out.c.case_id == case_id).order_by(sms_out.c.created_at)
        return await rows_of(self._conn, query)

    async def _set(self, sms_id: str, **values: object) -> None:
        await self._conn.execute(update(sms_out).where(sms_out.c.id == sms_id).values(**values))
