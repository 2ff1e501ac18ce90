"""What people wrote in a case besides the citizen's contacts: replies, locked notes, drafts; and its erasure."""

from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, row_of, rows_of
from services.casework.store.tables import drafts, messages, notes

NOTE, REPLY, REPLY_FILES = "note", "reply", "reply_files"
"""Kinds of drafts; the files of a reply that is being written are a JSON list."""

_ERASE_CONTACT = text(
    "INSERT INTO casework.contacts AS c (id, purged_at) VALUES (:id, :at) ON CONFLICT (id) DO UPDATE SET "
    "purged_at = COALESCE(c.purged_at, excluded.purged_at), sender_name = NULL, sender_email = NULL, "
    "sender_phone = NULL, person_key = NULL, subject = '', body = '', full_body = '', fields = '{}', "
    "attachments = '[]', original_key = NULL, message_id = NULL, reference_ids = '{}' RETURNING c.case_id"
)
_COPIES = text(
    "WITH RECURSIVE same(id) AS (SELECT CAST(:id AS text) UNION SELECT c.id FROM casework.contacts AS c "
    "JOIN same ON c.about = same.id AND c.about <> '' AND c.kind <> 'consult') SELECT id FROM same"
)
"""A contact, and what was copied from it when a case was split or followed up."""
_STUBS = text(
    "WITH RECURSIVE part(id) AS (SELECT id FROM casework.cases WHERE contact_id = :contact AND merged_into IS NOT NULL "
    "UNION SELECT case_id FROM casework.case_links WHERE other_id = :id AND kind = 'merged' AND :whole "
    "UNION SELECT l.case_id FROM casework.case_links AS l JOIN part ON l.other_id = part.id AND l.kind = 'merged') "
    "SELECT id FROM part"
)
"""The cases that are part of another and end with it, or with the contact that they were about."""
_LIVING = text("SELECT count(*) FROM casework.contacts WHERE case_id = :id AND purged_at IS NULL")
_ERASE_CASE = (
    "UPDATE casework.cases SET purged = true, person_key = NULL, parked_why = '' WHERE id = :id",
    "UPDATE casework.case_people SET name = '', email = '', phone = '', note = '' WHERE case_id = :id",
    "UPDATE casework.messages SET body = '', subject = '', recipient = '', attachments = '[]' WHERE case_id = :id",
    "UPDATE casework.messages SET html = '' WHERE case_id = :id AND html <> ''",
    "UPDATE casework.notes SET body = '' WHERE case_id = :id",
    "DELETE FROM casework.drafts WHERE case_id = :id",
    "UPDATE casework.knowledge_gaps SET body = '', answer = '' WHERE case_id = :id",
    "UPDATE casework.run_steps SET note = '' WHERE case_id = :id",
    "UPDATE casework.handovers SET message = '', fields = '[]', end_text = '', progress = '' WHERE case_id = :id",
    "UPDATE casework.handovers SET reason = '' WHERE case_id = :id AND reason <> ''",
    "UPDATE casework.case_history SET facts = facts - 'reason' WHERE case_id = :id AND facts -> 'reason' IS NOT NULL",
    "UPDATE casework.mails_out SET body = '', subject = '', recipient = '', next_at = NULL WHERE case_id = :id",
    "UPDATE casework.mails_out SET html = '', attachments = '[]' WHERE case_id = :id",
    "UPDATE casework.sms_out SET body = '', recipient = '', next_at = NULL WHERE case_id = :id",
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

    async def save_draft(self, case_id: str, person: str, body: str, at: datetime, kind: str = NOTE) -> None:
        """Keep what a person has typed of a kind."""
        fresh = insert(drafts).values(case_id=case_id, person=person, kind=kind, body=body, saved_at=at)
        keys = ["case_id", "person", "kind"]
        await self._conn.execute(fresh.on_conflict_do_update(index_elements=keys, set_={"body": body, "saved_at": at}))

    async def drop_draft(self, case_id: str, person: str, *kinds: str) -> None:
        """Forget a person's drafts of these kinds, the note's when none is named."""
        mine = (drafts.c.case_id == case_id) & (drafts.c.person == person) & drafts.c.kind.in_(kinds or (NOTE,))
        await self._conn.execute(delete(drafts).where(mine))

    async def draft(self, case_id: str, person: str, kind: str = NOTE) -> Row | None:
        """Return a person's draft of a kind."""
        query = select(drafts).where(drafts.c.case_id == case_id, drafts.c.person == person, drafts.c.kind == kind)
        return await row_of(self._conn, query)

    async def messages_of(self, case_id: str) -> list[Row]:
        """Return the messages we wrote and did not take back, oldest first."""
        query = select(messages).where(messages.c.case_id == case_id, messages.c.undone_at.is_(None))
        return await rows_of(self._conn, query.order_by(messages.c.at))

    async def message(self, message_id: str) -> Row | None:
        """Return one message of ours."""
        return await row_of(self._conn, select(messages).where(messages.c.id == message_id))

    async def take_back(self, message_id: str, at: datetime) -> None:
        """Note that a message was taken back before it went out; its words stay for those who trace it."""
        await self._conn.execute(update(messages).where(messages.c.id == message_id).values(undone_at=at))

    async def notes_of(self, case_id: str) -> list[Row]:
        """Return the notes, oldest first."""
        query = select(notes).where(notes.c.case_id == case_id).order_by(notes.c.at)
        return await rows_of(self._conn, query)

    async def erase_contact(self, contact_id: str, at: datetime) -> None:
        """Erase what is known of a contact's person, also where it was copied; of its case too when no other lives.

        A case that has become part of another is erased with the contact that it was about.
        """
        for one in (await self._conn.execute(_COPIES, {"id": contact_id})).scalars().all():
            await self._erase(one, at)

    async def _erase(self, contact_id: str, at: datetime) -> None:
        case_id = (await self._conn.execute(_ERASE_CONTACT, {"id": contact_id, "at": at})).scalar_one()
        dead = case_id is not None and not (await self._conn.execute(_LIVING, {"id": case_id})).scalar_one()
        asked = {"id": case_id or "", "contact": contact_id, "whole": dead}
        stubs = (await self._conn.execute(_STUBS, asked)).scalars().all()
        for one in (*stubs, *([case_id] if dead else [])):
            for sql in _ERASE_CASE:
                await self._conn.execute(text(sql), {"id": one})
