"""What a later virus scan said of files: in their contact and wherever it was copied."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, records, rows_of

_SAME = text(
    "WITH RECURSIVE same(id) AS (SELECT CAST(:id AS text) UNION SELECT c.id FROM casework.contacts AS c "
    "JOIN same ON c.about = same.id AND c.about <> '' AND c.kind <> 'consult') "
    "SELECT c.id, c.agent_id, c.attachments, c.flags, c.original_key FROM casework.contacts AS c "
    "WHERE c.id IN (SELECT id FROM same) AND c.purged_at IS NULL ORDER BY c.id FOR UPDATE"
)
_WRITE = text(
    "UPDATE casework.contacts AS c SET attachments = r.attachments, flags = r.flags "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, attachments jsonb, flags text[]) WHERE c.id = r.id"
)


async def with_files_of(conn: AsyncConnection, contact_id: str) -> list[Row]:
    """Return the contact and its copies, held until the end of the transaction; none of one that is erased."""
    return await rows_of(conn, _SAME, {"id": contact_id})


async def write_files(conn: AsyncConnection, rows: Sequence[Row]) -> None:
    """Write `attachments` and `flags` of contacts."""
    if rows:
        await conn.execute(_WRITE, {"rows": records(rows)})
