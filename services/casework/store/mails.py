"""The queue of outgoing mail: what is to be sent, what was, and what came back.

`next_at` is when a mail is to be tried (next); null when nothing more is to be done. A receipt is marked before it is
handed to the mail server and never tried again unless the server surely did not take it; anything else is tried until
it is taken, under one Message-ID. While the server takes nothing at all, what is due is held together, so that one try
an interval is enough, and woken together when it answers again; that costs no mail an attempt.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Columns, Row, records, row_of, rows_of
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
    html="text",
    attachments="jsonb",
    sender_address="text",
)
MOST_RECEIPTS = 5
"""To one address a day: a loop that shows no sign of one dies out."""
_PLAIN: Row = {"html": "", "attachments": [], "sender_address": ""}
_QUEUE = text(
    f"INSERT INTO casework.mails_out ({_NEW.names}) SELECT {_NEW.names} FROM {_NEW.recordset} "  # noqa: S608 - constants
    "ON CONFLICT (message_id) DO NOTHING"
)
_MARK = text(
    "INSERT INTO casework.receipt_marks AS m (address_hash, at, since) "
    "SELECT address_hash, :at, :at FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(address_hash text) "
    "ORDER BY address_hash ON CONFLICT (address_hash) DO UPDATE SET at = excluded.at, "
    "count = CASE WHEN COALESCE(m.since, m.at) <= :day_ago THEN 1 ELSE m.count + 1 END, "
    "since = CASE WHEN COALESCE(m.since, m.at) <= :day_ago THEN excluded.at ELSE m.since END "
    "WHERE m.at <= CAST(:at AS timestamptz) - interval '1 hour' "
    "AND (m.count < :most OR COALESCE(m.since, m.at) <= :day_ago) RETURNING address_hash"
)
_FORGET_MARKS = text(
    "DELETE FROM casework.receipt_marks WHERE address_hash IN (SELECT address_hash FROM casework.receipt_marks "
    "WHERE at <= :day_ago ORDER BY at LIMIT 100 FOR UPDATE SKIP LOCKED)"
)
_CLAIM = text(
    "UPDATE casework.mails_out SET attempts = attempts + 1, "
    "state = CASE WHEN kind = 'receipt' THEN 'sending' ELSE state END, "
    "next_at = CASE WHEN kind = 'receipt' THEN NULL ELSE CAST(:lease AS timestamptz) END "
    "WHERE id IN (SELECT id FROM casework.mails_out WHERE next_at <= :at ORDER BY next_at LIMIT :limit "
    "FOR UPDATE SKIP LOCKED) RETURNING *"
)


PERHAPS = "perhaps "
"""How the problem of a sent mail begins of which a report says that it did not arrive, without proof; why follows."""
AWAY = "away "
"""How the problem of a mail begins that waits for the server itself; why follows."""
_HOLD = text(
    "UPDATE casework.mails_out SET state = 'queued', next_at = :until, problem = :problem, "
    "attempts = GREATEST(0, attempts - CASE WHEN id = ANY(CAST(:ids AS text[])) THEN 1 ELSE 0 END) "
    "WHERE (id = ANY(CAST(:ids AS text[])) AND state IN ('queued', 'sending')) "
    "OR (next_at <= :at AND state = 'queued')"
)
_WAKE = text("UPDATE casework.mails_out SET next_at = :at, problem = '' WHERE next_at > :at AND problem LIKE :away")
_HELD = text(
    "SELECT min(created_at) FROM casework.mails_out WHERE next_at IS NOT NULL AND problem LIKE :away "
    "AND created_at <= CAST(:at AS timestamptz) - interval '60 seconds'"
)


class Mails:
    """Outgoing mail within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def queue(self, rows: Sequence[Row]) -> None:
        """Put mails in the queue; one that is there already under its Message-ID stays as it is."""
        if rows:
            await self._conn.execute(_QUEUE, {"rows": records([{**_PLAIN, **row} for row in rows])})

    async def mark_receipts(self, address_hashes: Sequence[str], at: datetime) -> frozenset[str]:
        """Return those that may have a receipt, and note that they get it now: one an hour, `MOST_RECEIPTS` a day."""
        if not address_hashes:
            return frozenset()
        rows = [{"address_hash": address} for address in sorted(set(address_hashes))]
        day_ago = at - timedelta(days=1)
        asked = {"rows": records(rows), "at": at, "day_ago": day_ago, "most": MOST_RECEIPTS}
        found = frozenset((await self._conn.execute(_MARK, asked)).scalars())
        await self._conn.execute(_FORGET_MARKS, {"day_ago": day_ago})
        return found

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

    async def bounced(self, message_id: str, problem: str, at: datetime) -> Row | None:
        """It came back; returns the mail when that is news."""
        values = {"state": "bounced", "next_at": None, "problem": problem, "bounced_at": at}
        news = update(mails_out).where(mails_out.c.message_id == message_id, mails_out.c.state != "bounced")
        return await row_of(self._conn, news.values(**values).returning(mails_out))

    async def delayed(self, message_id: str, problem: str) -> Row | None:
        """The receiver's server still tries; returns the mail when that is news."""
        late = update(mails_out).where(mails_out.c.message_id == message_id, mails_out.c.state == "sent")
        news = late.where(mails_out.c.problem != problem).values(problem=problem)
        return await row_of(self._conn, news.returning(mails_out))

    async def doubted(self, message_id: str, status: str) -> Row | None:
        """Somebody says that it did not arrive; returns the mail when that is news, which it is once."""
        unsure = (mails_out.c.state == "sent") & ~mails_out.c.problem.startswith(PERHAPS)
        noted = update(mails_out).where(mails_out.c.message_id == message_id, unsure)
        return await row_of(self._conn, noted.values(problem=f"{PERHAPS}{status}").returning(mails_out))

    async def only_to(self, recipient: str, since: datetime) -> str | None:
        """Return the Message-ID of what went to an address since then, None when it was more than one mail, or none."""
        sent = (mails_out.c.recipient == recipient, mails_out.c.state == "sent", mails_out.c.sent_at > since)
        query = select(mails_out.c.message_id).where(*sent)
        found = list((await self._conn.execute(query.limit(2))).scalars())
        return str(found[0]) if len(found) == 1 else None

    async def take_back(self, case_id: str, reply_id: str) -> bool:
        """Never send a reply; False when it is being sent or was. Its id names the case that it was written in."""
        of_reply = func.split_part(mails_out.c.id, ".", 3) == reply_id.replace("-", "")
        mine = (mails_out.c.case_id == case_id) & (mails_out.c.kind == "reply") & of_reply
        mine &= (mails_out.c.state == "queued") & (mails_out.c.attempts == 0)
        values = {"state": "undone", "next_at": None}
        done = update(mails_out).where(mine).values(**values).returning(mails_out.c.id)
        return (await self._conn.execute(done)).scalar_one_or_none() is not None

    async def again(self, mail_id: str, at: datetime) -> bool:
        """Send it once more, under its Message-ID; False unless it had failed or come back."""
        ended = (mails_out.c.id == mail_id) & mails_out.c.state.in_(("failed", "bounced"))
        values = {"state": "queued", "next_at": at, "attempts": 0, "problem": "", "bounced_at": None}
        done = update(mails_out).where(ended).values(**values).returning(mails_out.c.id)
        return (await self._conn.execute(done)).scalar_one_or_none() is not None

    async def hold(self, ids: Sequence[str], at: datetime, until: datetime, problem: str) -> None:
        """The server takes nothing: hold the claimed mails (`ids`) and all that is due; that was no attempt."""
        await self._conn.execute(_HOLD, {"ids": list(ids), "at": at, "until": until, "problem": f"{AWAY}{problem}"})

    async def wake(self, at: datetime) -> int:
        """The server answers again: what was held is due now; returns how many were."""
        return int((await self._conn.execute(_WAKE, {"at": at, "away": f"{AWAY}%"})).rowcount)

    async def held_since(self, at: datetime) -> datetime | None:
        """Return since when mail has waited because the server takes nothing, None when none has for a minute."""
        since: datetime | None = await self._conn.scalar(_HELD, {"away": f"{AWAY}%", "at": at})
        return since

    async def get(self, mail_id: str) -> Row | None:
        """Return one mail."""
        return await row_of(self._conn, select(mails_out).where(mails_out.c.id == mail_id))

    async def of_case(self, case_id: str) -> list[Row]:
        """Return the mails of a case, oldest first."""
        query = select(mails_out).where(mails_out.c.case_id == case_id).order_by(mails_out.c.created_at)
        return await rows_of(self._conn, query)
