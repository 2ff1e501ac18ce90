"""An intake of one's own on the real parts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.channels.account import Account, Security
from services.intake.channels.mailbox import Mailbox
from services.intake.jobs.poll import PollMailbox
from services.intake.jobs.waits import Waits
from services.intake.store.ledger import Ledger
from services.intake.store.mailboxes import Mailboxes
from services.intake.store.seen import Seen
from services.intake.usecases.receive_mail import Keys, ReceiveMail
from shared.catalogue import Catalogue
from shared.clock import utc_now
from shared.database import make_engine
from shared.health import Health
from shared.originals import Originals
from shared.publish import Publisher, message
from shared.records import AgentProfile, EntranceRecord
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from shared.vocabulary import EntranceKind
from tests.integration.intake.doors import Intake, intake_settings, started
from tests.integration.intake.platforms import Desk, desk
from tests.integration.intake.reading import ReadContacts, contacts_of
from tests.support.parts import MailServer
from tests.support.templates import migrated

ENTRANCES = (
    EntranceRecord(
        id="vaxel",
        kind=EntranceKind.NUMBER,
        value="+46846500400",
        name="Växel",
        unit="kontaktcenter",
        greeting="Hej",
        queue_message_url="https://example.se/ko.mp3",
        default=True,
    ),
    EntranceRecord(
        id="mejl",
        kind=EntranceKind.ADDRESS,
        value="kontakt@kommun.example",
        name="Brevlåda",
        unit="kontaktcenter",
        greeting="Hej",
        default=True,
    ),
    EntranceRecord(
        id="formular",
        kind=EntranceKind.FORM,
        value="kontakta-oss",
        name="E",
        unit="kontaktcenter",
        greeting="Hej",
        default=True,
    ),
    EntranceRecord(
        id="stadshuset",
        kind=EntranceKind.DESK,
        value="stadshuset",
        name="Disk",
        unit="kontaktcenter",
        greeting="Hej",
        default=True,
    ),
)


@pytest.fixture
def catalogue(settings: ServiceSettings) -> Catalogue:
    made = Catalogue(settings)
    for entrance in ENTRANCES:
        made.apply(entrance.key, entrance)
    return made


@pytest.fixture
async def intake_engine(settings: ServiceSettings) -> AsyncIterator[AsyncEngine]:
    """An engine on the migrated schema of intake."""
    migrated(settings.postgres, "services.intake.migrations")
    made = make_engine(settings, "intake")
    yield made
    await made.dispose()


@pytest.fixture
async def publisher(settings: ServiceSettings) -> AsyncIterator[Publisher]:
    await ensure_topics(settings)
    made = Publisher(settings, "intake")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def read_contacts(settings: ServiceSettings) -> ReadContacts:
    """Returns everything on the topic of contacts, oldest first."""
    return partial(contacts_of, settings)


@dataclass(frozen=True, slots=True)
class Post:
    """A mailbox of one's own with everything that reads it."""

    server: MailServer
    address: str
    receive: ReceiveMail
    engine: AsyncEngine
    health: Health

    def poll(self, mailbox: Mailbox | None = None, receive: ReceiveMail | None = None) -> PollMailbox:
        """Return a fresh loop, as after a restart."""
        return PollMailbox(
            mailbox or self.mailbox(),
            self.address,
            receive or self.receive,
            Mailboxes(self.engine),
            self.health,
            Ledger(self.engine),
            waits=Waits(first=0.05),
        )

    def mailbox(self) -> Mailbox:
        return Mailbox(
            Account(self.server.host, self.server.imap_port, self.address, "any", security=Security.NONE, timeout=20)
        )


@pytest.fixture
async def post(
    mail_server: MailServer,
    settings: ServiceSettings,
    catalogue: Catalogue,
    intake_engine: AsyncEngine,
    publisher: Publisher,
) -> AsyncIterator[Post]:
    seen = Seen(intake_engine)
    keys = Keys(settings.key_for("thread"), settings.key_for("person"))
    originals, ledger = Originals(settings.originals), Ledger(intake_engine)
    receive = ReceiveMail(catalogue, originals, publisher, seen, ledger, utc_now, keys)
    yield Post(mail_server, mail_server.new_address(), receive, intake_engine, Health())
    await seen.stop()


@pytest.fixture
async def stocked(settings: ServiceSettings) -> AsyncIterator[Publisher]:
    await ensure_topics(settings)
    made = Publisher(settings, "test")
    await made.start()
    await made.publish(*(message(entrance) for entrance in ENTRANCES), timeout=30)
    await made.publish(message(AgentProfile(id="agent-maria", name="Maria", phone="+46701740605")), timeout=30)
    await made.publish(message(AgentProfile(id="agent-jonas", name="Jonas", phone="+46701740606")), timeout=30)
    yield made
    await made.stop()


@pytest.fixture
async def intake(settings: ServiceSettings, stocked: Publisher) -> AsyncIterator[Intake]:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings), stocked) as running:
        yield running


@pytest.fixture
async def room(
    settings: ServiceSettings, intake_engine: AsyncEngine, catalogue: Catalogue, publisher: Publisher
) -> AsyncIterator[Desk]:
    """An e-service platform and what reads it."""
    async with desk(settings, intake_engine, catalogue, publisher) as made:
        yield made
