"""What a mail says now that it was read anew, in the place of what it said: in its case and wherever it was copied."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, records, rows_of

_REPLACE = text(
    "WITH RECURSIVE same(id) AS (SELECT CAST(:id AS text) UNION SELECT c.id FROM casework.contacts AS c "
    "JOIN same ON c.about = same.id AND c.about <> '' AND c.kind <> 'consult') "
    "UPDATE casework.contacts AS c SET subject = r.subject, body = r.body, full_body = r.full_body, "
    "attachments = r.attachments, unreadable = r.unreadable, flags = r.flags, automatic = r.automatic, "
    "sender_name = COALESCE(r.sender_name, c.sender_name), sender_email = COALESCE(r.sender_email, c.sender_email), "
    "person_key = COALESCE(r.person_key, c.person_key) FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r("
    "subject text, body text, full_body text, attachments jsonb, unreadable boolean, flags text[], automatic boolean, "
    "sender_name text, sender_email text, person_key text) "
    # A case begun with only the person of a mail has none of its words, so no original either: a copy has both.
    "WHERE c.id IN (SELECT id FROM same) AND (c.id = :id OR c.original_key IS NOT NULL) AND c.purged_at IS NULL "
    "RETURNING c.id, c.case_id, c.agent_id"
)


async def replace_words(conn: AsyncConnection, contact_id: str, said: dict[str, Any]) -> list[Row]:
    """Write what the contact says now; return the contacts that say it. The same again changes nothing.

    Who wrote it is never forgotten for a reading that finds nobody; an erased contact stays erased.
    """
    return await rows_of(conn, _REPLACE, {"id": contact_id, "rows": records([said])})
