"""The queue of outgoing mail: what is to be sent, what was, and what came back.

`next_at` is when a mail is to be tried (next); null when nothing more is to be done. A receipt is marked before it is
handed to the mail server and never tried again unless the server surely did not take it; anything else is tried until
it is taken, under one Message-ID.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Columns, Row, records, rows_of
from services.casework.store.tables import mails_out

_NEW = Columns(
    id="text",
    case_id="text",
    kind="text",
    recipient="text",
    sender_name="text",
    subject="text",
    body="text",
    message_id="text",
    in_reply_to="text",
    reference_ids="text[]",
    state="text",
    created_at="timestamptz",
    next_at="timestamptz",
)
_QUEUE = text(
    f"INSERT INTO casework.mails_out ({_NEW.names}) SELECT {_NEW.names} FROM {_NEW.recordset} "  # noqa: S608 - constants
    "ON CONFLICT (message_id) DO NOTHING"
)
_MARK = text(
    "INSERT INTO casework.receipt_marks AS m (address_hash, at) "
    "SELECT address_hash, :at FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(address_hash text) "
    "ORDER BY address_hash ON CONFLICT (address_hash) DO UPDATE SET at = excluded.at "
    "WHERE m.at <= CAST(:at AS timestamptz) - interval '1 hour' RETURNING address_hash"
)
_CLAIM = text(
    "UPDATE casework.mails_out SET attempts = attempts + 1, "
    "state = CASE WHEN kind = 'receipt' THEN 'sending' ELSE state END, "
    "next_at = CASE WHEN kind = 'receipt' THEN NULL ELSE CAST(:lease AS timestamptz) END "
    "WHERE id IN (SELECT id FROM casework.mails_out WHERE next_at <= :at ORDER BY next_at LIMIT :limit "
    "FOR UPDATE SKIP LOCKED) RETURNING *"
)


class Mails:
    """Outgoing mail within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def queue(self, rows: Sequence[Row]) -> None:
        """Put mails in the queue; one that is there already under its Message-ID stays as it is."""
        if rows:
            await self._conn.execute(_QUEUE, {"rows": records(rows)})

    async def mark_receipts(self, address_hashes: Sequence[str], at: datetime) -> frozenset[str]:
        """Return those that have had no receipt for an hour, and note that they get one now."""
        if not address_hashes:
            return frozenset()
        rows = [{"address_hash": address} for address in sorted(set(address_hashes))]
        found = await self._conn.execute(_MARK, {"rows": records(rows), "at": at})
        return frozenset(found.scalars())

    async def claim(self, at: datetime, lease: timedelta, limit: int) -> list[Row]:
        """Take mails that are due: a receipt for good, anything else until the lease is over."""
        return await rows_of(self._conn, _CLAIM, {"at": at, "lease": at + lease, "limit": limit})

    async def sent(self, mail_id: str, at: datetime) -> None:
        """The mail server has taken it."""
        values = {"state": "sent", "sent_at": at, "next_at": None, "problem": ""}
        await self._conn.execute(
            update(mails_out).where(mails_out.c.id == mail_id, mails_out.c.state != "bounced").values(**values)
        )

    async def retry(self, mail_id: str, at: datetime, problem: str) -> None:
        """It was not taken; try again at `at`."""
        values = {"state": "queued", "next_at": at, "problem": problem}
        await self._conn.execute(update(mails_out).where(mails_out.c.id == mail_id).values(**values))

    async def failed(self, mail_id: str, problem: str) -> None:
        """It will not be tried again."""
        values = {"state": "failed", "next_at": None, "problem": problem}
        await self._conn.execute(update(mails_out).where(mails_out.c.id == mail_id).values(**values))

    async def bounced(self, message_id: str, problem: str) -> None:
        """It came back."""
        values = {"state": "bounced", "next_at": None, "problem": problem}
        await self._conn.execute(update(mails_out).where(mails_out.c.message_id == message_id).values(**values))

    async def of_case(self, case_id: str) -> list[Row]:
        """Return the mails of a case, oldest first."""
        query = select(mails_out).where(mails_out.c.case_id == case_id).order_by(mails_out.c.created_at)
        return await rows_of(self._conn, query)
