"""How far a mailbox is read: UIDVALIDITY and the highest UID whose contact is published."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.tables import MAILBOXES


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a mailbox; UIDs mean nothing under another UIDVALIDITY (RFC 3501, 2.3.1.1)."""

    uidvalidity: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """The places of all mailboxes."""

    engine: AsyncEngine

    async def place(self, name: str) -> Place | None:
        """Return how far the mailbox is read, None when it never was."""
        question = select(MAILBOXES.c.uidvalidity, MAILBOXES.c.last_uid).where(MAILBOXES.c.name == name)
        async with transaction(self.engine) as connection:
            row = (await connection.execute(question)).one_or_none()
        return Place(row.uidvalidity, row.last_uid) if row else None

    async def remember(self, name: str, place: Place) -> None:
        """Write how far the mailbox is read."""
        values = {"uidvalidity": place.uidvalidity, "last_uid": place.last_uid}
        write = insert(MAILBOXES).values(name=name, **values)
        async with transaction(self.engine) as connection:
            await connection.execute(write.on_conflict_do_update(index_elements=["name"], set_=values))
