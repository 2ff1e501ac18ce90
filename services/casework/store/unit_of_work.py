"""One transaction: every table of casework, and the events that are published if, and only if, it is committed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.casework.store import bell, tables
from services.casework.store.alarms import Alarms
from services.casework.store.cases import Cases
from services.casework.store.catalogue import CatalogueStore
from services.casework.store.contacts import Contacts
from services.casework.store.first_contact import FirstContacts
from services.casework.store.handling import HandlingTimes
from services.casework.store.handovers import Handovers
from services.casework.store.history import History
from services.casework.store.inbox import Inbox
from services.casework.store.mails import Mails
from services.casework.store.moves import Moves
from services.casework.store.reads import Reads
from services.casework.store.runs import Runs
from services.casework.store.texts import Texts
from services.casework.store.unit_terms import UnitTerms
from services.casework.store.waves import Waves
from shared import outbox
from shared.events import Event
from shared.publish import Message, message


class Work:
    """The tables and the outbox within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn
        self.contacts = Contacts(conn)
        self.cases = Cases(conn)
        self.runs = Runs(conn)
        self.texts = Texts(conn)
        self.handovers = Handovers(conn)
        self.mails = Mails(conn)
        self.catalogue = CatalogueStore(conn)
        self.reads = Reads(conn)
        self.alarms = Alarms(conn)
        self.waves = Waves(conn)
        self.moves = Moves(conn)
        self.history = History(conn)
        self.inbox = Inbox(conn)
        self.unit_terms = UnitTerms(conn)
        self.first_contacts = FirstContacts(conn)
        self.handling = HandlingTimes(conn)
        self._events: list[Message] = []
        self._rings: set[str] = set()

    def tell(self, event: Event, *, event_id: str | None = None) -> None:
        """Publish an event when the transaction is committed; `event_id` unless it gets a new one."""
        self._events.append(message(event, event_id=event_id))

    def ring(self, *agents: str | None) -> None:
        """Say at these agents' desks, when the transaction is committed, that something there has changed."""
        self._rings.update(filter(None, agents))

    async def flush(self) -> None:
        """Write what was told to the outbox, in its order, and ring."""
        await bell.ring(self.conn, self._rings)
        self._rings.clear()
        await outbox.add(self.conn, tables.outbox, *self._events)
        self._events.clear()


class UnitOfWork:
    """Begins transactions."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Work]:
        """Give the tables within one transaction; it is committed when the block ends well."""
        async with self._engine.begin() as conn:
            work = Work(conn)
            yield work
            await work.flush()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Work]:
        """Give the tables for reading, all from one moment."""
        async with self._engine.connect() as conn:
            repeatable: Any = await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            async with repeatable.begin():
                yield Work(repeatable)
