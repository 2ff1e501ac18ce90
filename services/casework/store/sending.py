"""What an agent has just sent and can still take back, and whether mail waits because the server is away."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, rows_of
from services.casework.store.tables import messages

_OF = (
    "SELECT m.id, m.case_id, m.at, m.channel, k.number FROM casework.{queue} AS o "
    "JOIN casework.messages AS m ON m.case_id = o.case_id AND replace(m.id, '-', '') = split_part(o.id, '.', 3) "
    "JOIN casework.cases AS k ON k.id = o.case_id "
    "WHERE o.next_at > :now AND o.state = 'queued' AND o.attempts = 0 AND o.kind = 'reply' "
    "AND m.author = :author AND m.at > :since AND m.undone_at IS NULL"
)
_SENDING = text(f"{_OF.format(queue='mails_out')} UNION ALL {_OF.format(queue='sms_out')} ORDER BY at DESC LIMIT 1")


class Sending:
    """Replies under way, within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def latest(self, author: str, since: datetime, now: datetime) -> Row | None:
        """Return the author's latest reply that is younger than `since` and has not gone out."""
        found = await rows_of(self._conn, _SENDING, {"author": author, "since": since, "now": now})
        return found[0] if found else None

    async def says(self, case_id: str, author: str, body: str, since: datetime) -> bool:
        """Return whether the author has sent just these words since then."""
        row = messages.c
        mine = (row.case_id == case_id) & (row.author == author) & (row.kind == "reply") & (row.at > since)
        query = select(row.id).where(mine, row.body == body, row.undone_at.is_(None)).limit(1)
        return (await self._conn.execute(query)).scalar_one_or_none() is not None

    async def by_another(self, case_id: str, author: str, since: datetime) -> Row | None:
        """Return the latest reply in the case that somebody else wrote since then."""
        row = messages.c
        theirs = (row.case_id == case_id) & (row.author != author) & (row.kind == "reply") & (row.at > since)
        query = select(messages).where(theirs, row.undone_at.is_(None)).order_by(row.at.desc(), row.id.desc())
        found = await rows_of(self._conn, query.limit(1))
        return found[0] if found else None
