"""One transaction: every table of casework, and the events that are published if, and only if, it is committed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.casework.store import bell, tables
from services.casework.store.alarms import Alarms
from services.casework.store.call_tries import CallTries
from services.casework.store.cases import Cases
from services.casework.store.catalogue import CatalogueStore
from services.casework.store.contacts import Contacts
from services.casework.store.directory import DirectoryStore
from services.casework.store.figures import ChecklistFigures
from services.casework.store.first_contact import FirstContacts
from services.casework.store.gaps import Gaps
from services.casework.store.handling import HandlingTimes
from services.casework.store.handovers import Handovers
from services.casework.store.helps import Helps
from services.casework.store.history import History
from services.casework.store.inbox import Inbox
from services.casework.store.incidents import Incidents
from services.casework.store.mails import Mails
from services.casework.store.moves import Moves
from services.casework.store.moving import Moving
from services.casework.store.news import News
from services.casework.store.params import Params
from services.casework.store.places import Places
from services.casework.store.practice import Practice
from services.casework.store.readers import Readers
from services.casework.store.reads import Reads
from services.casework.store.relations import CasePeople, Links
from services.casework.store.runs import Runs
from services.casework.store.search import SearchStore
from services.casework.store.search_index import SearchIndex
from services.casework.store.sending import Sending
from services.casework.store.sign_offs import SignOffs
from services.casework.store.sms import SmsQueue
from services.casework.store.templates import Templates
from services.casework.store.texts import Texts
from services.casework.store.undos import Undos, waits
from services.casework.store.unit_terms import UnitTerms
from services.casework.store.versions import Versions
from services.casework.store.waves import Waves
from services.casework.store.webhooks import WebhookQueue
from shared import outbox
from shared.events import Event
from shared.publish import Message, message, tombstone
from shared.topics import Topic


class Work:
    """The tables and the outbox within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn
        self.contacts = Contacts(conn)
        self.cases = Cases(conn)
        self.params = Params(conn)
        self.versions = Versions(conn)
        self.runs = Runs(conn, self.params)
        self.texts = Texts(conn)
        self.handovers = Handovers(conn)
        self.mails = Mails(conn)
        self.catalogue = CatalogueStore(conn)
        self.reads = Reads(conn)
        self.alarms = Alarms(conn)
        self.waves = Waves(conn)
        self.moves = Moves(conn)
        self.moving = Moving(conn)
        self.links = Links(conn)
        self.places = Places(conn)
        self.people = CasePeople(conn)
        self.history = History(conn)
        self.helps = Helps(conn)
        self.readers = Readers(conn)
        self.news = News(conn)
        self.incidents = Incidents(conn)
        self.inbox = Inbox(conn)
        self.undos = Undos(conn)
        self.unit_terms = UnitTerms(conn)
        self.templates = Templates(conn)
        self.gaps = Gaps(conn)
        self.practice = Practice(conn)
        self.sign_offs = SignOffs(conn)
        self.figures = ChecklistFigures(conn)
        self.sms = SmsQueue(conn)
        self.sending = Sending(conn)
        self.first_contacts = FirstContacts(conn)
        self.handling = HandlingTimes(conn)
        self.call_tries = CallTries(conn)
        self.index = SearchIndex(conn)
        self.search = SearchStore(conn)
        self.directory = DirectoryStore(conn)
        self.webhooks = WebhookQueue(conn)
        self._events: list[Message] = []
        self._rings: set[str] = set()

    def tell(self, event: Event, *, event_id: str | None = None) -> None:
        """Publish an event when the transaction is committed; `event_id` unless it gets a new one."""
        self._events.append(message(event, event_id=event_id))

    def gone(self, topic: Topic, key: str) -> None:
        """Publish, when the transaction is committed, that a key of a compacted topic is no more."""
        self._events.append(tombstone(topic, key))

    def withhold(self) -> list[Message]:
        """Return the events that were to be published, and publish none of them: they wait in `undos`."""
        told = list(self._events)
        self._events.clear()
        return told

    def repeat(self, told: list[Message]) -> int:
        """Publish what was withheld when the transaction is committed; returns how many events it is."""
        self._events.extend(told)
        return len(told)

    def ring(self, *agents: str | None) -> None:
        """Say at these agents' desks, when the transaction is committed, that something there has changed."""
        self._rings.update(filter(None, agents))

    async def flush(self) -> None:
        """Ring, index the cases whose words have changed, and write what was told to the outbox, in its order."""
        await bell.ring(self.conn, self._rings)
        self._rings.clear()
        await self.index.flush()
        told = [one for one in self._events if not (waits(one) and await self.undos.append(one))]
        told = [*await self.undos.release(told), *told]
        await self.webhooks.follow(told)
        await outbox.add(self.conn, tables.outbox, *told)
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
