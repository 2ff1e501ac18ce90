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
_KNOWN = "state = 'delivered' OR state = 'failed' AND provider_id = CAST(:provider AS text)"
_SENT = text(
    "UPDATE casework.sms_out SET provider_id = CAST(:provider AS text), sent_at = :at, next_at = NULL, "  # noqa: S608 - constants
    f"state = CASE WHEN {_KNOWN} THEN state ELSE 'sent' END, problem = CASE WHEN {_KNOWN} THEN problem ELSE '' END "
    "WHERE id = :id"
)
_REPORTED = (
    "provider_id = CAST(:provider AS text) WHERE (provider_id = CAST(:provider AS text) AND provider_id <> '' "
    "OR id = :own AND provider_id = '')"
)
_ARRIVED = text(
    "UPDATE casework.sms_out SET state = 'delivered', delivered_at = :at, next_at = NULL, problem = '', "  # noqa: S608 - constants
    f"{_REPORTED} AND state IN ('sending', 'sent', 'failed') RETURNING *"
)
_UNDELIVERED = text(
    "UPDATE casework.sms_out SET state = 'failed', next_at = NULL, problem = :problem, "  # noqa: S608 - constants
    f"{_REPORTED} AND state IN ('sending', 'sent') RETURNING *"
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
        """The provider has taken it; what it has reported of it meanwhile stays."""
        await self._conn.execute(_SENT, {"id": sms_id, "at": at, "provider": provider_id})

    async def reported(
        self, own_id: str, provider_id: str, at: datetime, *, arrived: bool, problem: str = ""
    ) -> Row | None:
        """Write what the provider says became of one; None when it says nothing new, or of none that we know.

        A report may come before the answer to the order; so `own_id`, if it is given, finds an SMS that has no id of
        the provider's yet. That it arrived is believed whatever was thought before.
        """
        said = {"own": own_id, "provider": provider_id, "at": at, "problem": problem}
        return await row_of(self._conn, _ARRIVED if arrived else _UNDELIVERED, said)

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
        values = {"state": "queued", "next_at": at, "attempts": 0, "problem": "", "provider_id": ""}
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
