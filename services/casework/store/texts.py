"""What people wrote in a case besides the citizen's contacts: replies, locked notes, drafts; and its erasure."""

from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import drafts, messages, notes

_ERASE_CONTACT = text(
    "INSERT INTO casework.contacts AS c (id, purged_at) VALUES (:id, :at) ON CONFLICT (id) DO UPDATE SET "
    "purged_at = COALESCE(c.purged_at, excluded.purged_at), sender_name = NULL, sender_email = NULL, "
    "sender_phone = NULL, person_key = NULL, subject = '', body = '', full_body = '', fields = '{}', "
    "attachments = '[]', original_key = NULL, message_id = NULL, reference_ids = '{}' RETURNING c.case_id"
)
_LIVING = text("SELECT count(*) FROM casework.contacts WHERE case_id = :id AND purged_at IS NULL")
_ERASE_CASE = (
    "UPDATE casework.cases SET purged = true, person_key = NULL WHERE id = :id",
    "UPDATE casework.messages SET body = '', subject = '', recipient = '' WHERE case_id = :id",
    "UPDATE casework.notes SET body = '' WHERE case_id = :id",
    "DELETE FROM casework.drafts WHERE case_id = :id",
    "UPDATE casework.run_steps SET note = '' WHERE case_id = :id",
    "UPDATE casework.handovers SET message = '', fields = '[]', end_text = '', progress = '' WHERE case_id = :id",
    "UPDATE casework.mails_out SET body = '', subject = '', recipient = '', next_at = NULL WHERE case_id = :id",
)


class Texts:
    """Messages, notes and drafts within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def add_message(self, **values: object) -> bool:
        """Write a message; False when it was written already."""
        done = insert(messages).values(**values).on_conflict_do_nothing().returning(messages.c.id)
        return (await self._conn.execute(done)).scalar_one_or_none() is not None

    async def add_note(self, **values: object) -> bool:
        """Lock a note; False when it was locked already."""
        done = insert(notes).values(**values).on_conflict_do_nothing().returning(notes.c.id)
        return (await self._conn.execute(done)).scalar_one_or_none() is not None

    async def body_of(self, text_id: str) -> str | None:
        """Return what a note or message of ours says, None when there is none."""
        note = select(notes.c.body).where(notes.c.id == text_id)
        said = note.union_all(select(messages.c.body).where(messages.c.id == text_id))
        body: str | None = (await self._conn.execute(said)).scalar_one_or_none()
        return body

    async def save_draft(self, case_id: str, person: str, body: str, at: datetime) -> None:
        """Keep what a person has typed."""
        fresh = insert(drafts).values(case_id=case_id, person=person, body=body, saved_at=at)
        await self._conn.execute(
            fresh.on_conflict_do_update(index_elements=["case_id", "person"], set_={"body": body, "saved_at": at})
        )

    async def drop_draft(self, case_id: str, person: str) -> None:
        """Forget a draft."""
        await self._conn.execute(delete(drafts).where(drafts.c.case_id == case_id, drafts.c.person == person))

    async def draft(self, case_id: str, person: str) -> Row | None:
        """Return a person's draft."""
        query = select(drafts).where(drafts.c.case_id == case_id, drafts.c.person == person)
        return await row_of(self._conn, query)

    async def messages_of(self, case_id: str) -> list[Row]:
        """Return the messages we wrote, oldest first."""
        query = select(messages).where(messages.c.case_id == case_id).order_by(messages.c.at)
        return await rows_of(self._conn, query)

    async def notes_of(self, case_id: str) -> list[Row]:
        """Return the notes, oldest first."""
        query = select(notes).where(notes.c.case_id == case_id).order_by(notes.c.at)
        return await rows_of(self._conn, query)

    async def erase_contact(self, contact_id: str, at: datetime) -> None:
        """Erase what is known of a contact's person, and of its case too when no other contact lives in it."""
        case_id = (await self._conn.execute(_ERASE_CONTACT, {"id": contact_id, "at": at})).scalar_one()
        if case_id is None or (await self._conn.execute(_LIVING, {"id": case_id})).scalar_one():
            return
        for sql in _ERASE_CASE:
            await self._conn.execute(text(sql), {"id": case_id})
