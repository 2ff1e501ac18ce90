"""By which UIDVALIDITY the mails of a mailbox were numbered when we last read it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.tables import MAILBOXES


@dataclass(frozen=True, slots=True)
class Place:
    """How a mailbox is numbered; UIDs mean nothing under another UIDVALIDITY (RFC 3501, 2.3.1.1)."""

    uidvalidity: int


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """The places of all mailboxes."""

    engine: AsyncEngine

    async def place(self, name: str) -> Place | None:
        """Return how the mailbox was numbered, None when it never was read."""
        question = select(MAILBOXES.c.uidvalidity).where(MAILBOXES.c.name == name)
        async with transaction(self.engine) as connection:
            uidvalidity = await connection.scalar(question)
        return None if uidvalidity is None else Place(uidvalidity)

    async def remember(self, name: str, place: Place) -> None:
        """Write how the mailbox is numbered."""
        values = {"uidvalidity": place.uidvalidity, "last_uid": 0}  # the column is of an earlier time; nobody reads it
        write = insert(MAILBOXES).values(name=name, **values)
        async with transaction(self.engine) as connection:
            await connection.execute(write.on_conflict_do_update(index_elements=["name"], set_=values))
