"""Where contacts belong that no token has placed: by a case's number, by how often their like has come."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, records, rows_of
from services.casework.store.tables import cases, contacts

PAUSE = timedelta(hours=1)
"""After so long without any, counting begins anew."""
_COUNT = text(
    "INSERT INTO casework.mail_bursts AS b (key_hash, case_id, count, at) "
    "SELECT key_hash, case_id, count, :at FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(key_hash text, case_id text, count integer) ORDER BY key_hash "
    "ON CONFLICT (key_hash) DO UPDATE SET at = GREATEST(b.at, excluded.at), "
    "count = CASE WHEN b.at <= :pause_ago THEN excluded.count ELSE b.count + excluded.count END, "
    "case_id = CASE WHEN b.at <= :pause_ago THEN excluded.case_id ELSE b.case_id END "
    "RETURNING key_hash, case_id, count"
)
_BEGIN_ANEW = text(
    "UPDATE casework.mail_bursts AS b SET case_id = r.case_id, count = r.count "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key_hash text, case_id text, count integer) "
    "WHERE b.key_hash = r.key_hash"
)
_FORGET = text(
    "DELETE FROM casework.mail_bursts WHERE key_hash IN (SELECT key_hash FROM casework.mail_bursts "
    "WHERE at <= :pause_ago ORDER BY at LIMIT 100 FOR UPDATE SKIP LOCKED)"
)
_PLACE = text(
    "UPDATE casework.contacts AS c SET case_id = COALESCE(r.follows, c.case_id), "
    "follows = COALESCE(r.follows, c.follows), linked_case = COALESCE(r.linked, c.linked_case), "
    "flags = CASE WHEN r.flag = '' THEN c.flags ELSE array_append(c.flags, r.flag) END "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, follows text, linked text, flag text) "
    "WHERE c.id = r.id"
)


class Places:
    """Places of contacts within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def numbered(self, numbers: Collection[str]) -> dict[str, str]:
        """Return the ids of the cases that have these numbers, by number."""
        query = select(cases.c.number, cases.c.id).where(cases.c.number.in_(sorted(set(numbers))))
        return {row["number"]: row["id"] for row in await rows_of(self._conn, query)}

    async def writers(self, case_ids: Collection[str]) -> frozenset[tuple[str, str]]:
        """Return who has written in these cases, as pairs of case and address in small letters."""
        address = func.lower(func.btrim(contacts.c.sender_email)).label("address")
        wrote = (contacts.c.case_id.in_(sorted(set(case_ids))), contacts.c.arrived, contacts.c.purged_at.is_(None))
        query = select(contacts.c.case_id, address).where(*wrote, contacts.c.sender_email != "").distinct()
        return frozenset((row["case_id"], row["address"]) for row in await rows_of(self._conn, query))

    async def count(self, rows: Sequence[Row], at: datetime) -> dict[str, Row]:
        """Count contacts (`key_hash`, `count`, `case_id` to gather on if there is none yet); return by key where it is.

        One statement, so that two processes never count the same place twice; what has been silent long is forgotten.
        """
        if not rows:
            return {}
        asked = {"rows": records(rows), "at": at, "pause_ago": at - PAUSE}
        found = await rows_of(self._conn, _COUNT, asked)
        await self._conn.execute(_FORGET, {"pause_ago": at - PAUSE})
        return {row["key_hash"]: row for row in found}

    async def begin_anew(self, rows: Sequence[Row]) -> None:
        """Gather on another case (`key_hash`, `count`, `case_id`): the one before is closed."""
        if rows:
            await self._conn.execute(_BEGIN_ANEW, {"rows": records(rows)})

    async def place(self, rows: Sequence[Row]) -> None:
        """Write where contacts belong (`id`, `follows`, `linked`: a case's number) and a `flag` that says why."""
        if rows:
            await self._conn.execute(_PLACE, {"rows": records(rows)})
