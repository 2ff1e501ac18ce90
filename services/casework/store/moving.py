"""Moving what belongs to one case to another: contacts, messages, notes, mails and SMS, never hand-overs.

A hand-over says who may read a case; it stays where it was made.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.tables import contacts, mails_out, messages, notes, sms_out

MOVED = {"contacts": contacts, "messages": messages, "notes": notes, "mails": mails_out, "sms": sms_out}
"""What goes along, by its name in the history."""

_PERSON = (
    "channel, entrance, unit, language, sender_name, sender_email, sender_phone, person_key, subject, message_id, "
    "reference_ids, flags"
)
_WORDS = "received_at, body, full_body, fields, form, attachments, original_key, ticket, automatic, unreadable"
_COPY = text(
    f"INSERT INTO casework.contacts (id, arrived, routed, about, {_PERSON}, {_WORDS}) "  # noqa: S608 - constants
    f"SELECT :copy, true, true, id, {_PERSON}, {_WORDS} FROM casework.contacts "
    "WHERE id = :id AND purged_at IS NULL ON CONFLICT (id) DO NOTHING"
)
_BEGIN = text(
    f"INSERT INTO casework.contacts (id, arrived, routed, about, received_at, {_PERSON}) "  # noqa: S608 - constants
    f"SELECT :copy, true, true, id, :at, {_PERSON} FROM casework.contacts "
    "WHERE id = :id ON CONFLICT (id) DO NOTHING"
)
_GOING_ON = text(
    "WITH RECURSIVE chain(asked, id, next) AS ("
    "SELECT id, id, merged_into FROM casework.cases WHERE id = ANY(:ids) "
    "UNION ALL SELECT c.asked, k.id, k.merged_into FROM chain AS c JOIN casework.cases AS k ON k.id = c.next) "
    "SELECT asked, id FROM chain WHERE next IS NULL"
)
_CHAIN = text(
    "WITH RECURSIVE chain(place, id) AS ("
    "SELECT 1, merged_into FROM casework.cases WHERE id = :id AND merged_into IS NOT NULL "
    "UNION ALL SELECT c.place + 1, k.merged_into FROM chain AS c JOIN casework.cases AS k ON k.id = c.id "
    "WHERE k.merged_into IS NOT NULL) SELECT id FROM chain ORDER BY place"
)


class Moving:
    """What moves between cases within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def going_on(self, ids: Collection[str]) -> dict[str, str]:
        """Return for each case that exists the one that goes on: itself, or what it has become part of."""
        rows = await self._conn.execute(_GOING_ON, {"ids": sorted(set(ids))})
        return {row.asked: row.id for row in rows}

    async def chain(self, case_id: str) -> list[str]:
        """Return what a case has become part of, from the nearest to the one that goes on; empty for one of its own."""
        rows = await self._conn.execute(_CHAIN, {"id": case_id})
        return [row.id for row in rows]

    async def all_of(self, case_id: str, to: str) -> dict[str, list[str]]:
        """Move everything of a case; return the ids of what was moved, by kind."""
        moved = {}
        for kind, table in MOVED.items():
            change = update(table).where(table.c.case_id == case_id).values(case_id=to).returning(table.c.id)
            moved[kind] = sorted((await self._conn.execute(change)).scalars())
        return moved

    async def back(self, moved: Mapping[str, Collection[str]], at: str, to: str) -> None:
        """Move what was moved back, as far as it still is in the case `at`."""
        for kind, table in MOVED.items():
            wanted = (table.c.id.in_(sorted(moved.get(kind, ()))), table.c.case_id == at)
            await self._conn.execute(update(table).where(*wanted).values(case_id=to))

    async def contact(self, contact_id: str, to: str) -> None:
        """Move one contact."""
        await self._conn.execute(update(contacts).where(contacts.c.id == contact_id).values(case_id=to))

    async def copy_contact(self, contact_id: str, copy: str) -> None:
        """Copy a contact, words and all: it is about two matters. It is erased with the one it was copied from."""
        await self._conn.execute(_COPY, {"id": contact_id, "copy": copy})

    async def begin_contact(self, contact_id: str, copy: str, at: datetime) -> None:
        """Begin a contact with the person of another, without its words."""
        await self._conn.execute(_BEGIN, {"id": contact_id, "copy": copy, "at": at})
