"""What intake stands on: database, log, tables and stores."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.channels.router import Router
from services.intake.domain.archives import Limits
from services.intake.settings import Settings
from services.intake.store import recordings
from services.intake.store.seen import Seen
from services.intake.store.spool import Spool
from services.intake.store.unscanned import Unscanned
from services.intake.store.webhook_ids import WebhookIds
from services.intake.usecases.keep import Safety
from services.intake.usecases.places import Places
from services.intake.usecases.recordings import Recordings
from shared.catalogue import Catalogue
from shared.circuit import Circuit
from shared.clamd import Clamd
from shared.clock import utc_now
from shared.database import check, make_engine
from shared.health import Health
from shared.originals import Originals
from shared.publish import Publisher
from shared.table import Table
from shared.topics import AGENTS, RULES
from shared.web.live import Hub


@dataclass(frozen=True, slots=True)
class Parts:
    """What intake stands on: database, log, tables and stores; nothing is connected yet."""

    engine: AsyncEngine
    publisher: Publisher
    circuit: Circuit
    """The publisher as doors have it that answer somebody: while Kafka is silent they are told so at once."""
    catalogue: Catalogue
    agents: Table
    rules: Table
    originals: Originals
    seen: Seen
    webhook_ids: WebhookIds
    hub: Hub
    router: Router
    places: Places
    recordings: Recordings
    clamd: Clamd | None
    """None where files are not scanned."""

    @property
    def safety(self) -> Safety | None:
        """Return what scans files before they are kept."""
        return Safety(self.clamd, Unscanned(self.engine)) if self.clamd else None


def make_parts(settings: Settings) -> Parts:
    """Build what the rest stands on."""
    engine = make_engine(settings, "intake")
    publisher = Publisher(settings, "intake")
    catalogue = Catalogue(settings)
    originals = Originals(settings.originals, durable=settings.originals_durable)
    router = Router(settings.router_url, settings.machine_token.get_secret_value())
    return Parts(
        engine=engine,
        publisher=publisher,
        circuit=Circuit(publisher, Spool(engine).is_empty, source="intake"),
        catalogue=catalogue,
        agents=Table(settings, AGENTS),
        rules=Table(settings, RULES),
        originals=originals,
        seen=Seen(engine),
        webhook_ids=WebhookIds(engine),
        hub=Hub(),
        router=router,
        places=Places(router, utc_now),
        recordings=Recordings(
            recordings.Recordings(engine), originals, catalogue, utc_now, limit=settings.recording_limit
        ),
        clamd=Clamd(settings.clamd_socket, deadline=settings.clamd_seconds) if settings.clamd_socket else None,
    )


def limits_of(settings: Settings) -> Limits:
    """Return how much of a mail's files is kept, and how much of an archive is no attack."""
    return Limits(
        files=settings.mail_files,
        file_bytes=settings.mail_file_bytes,
        members=settings.archive_members,
        unpacked=settings.archive_unpacked,
        depth=settings.archive_depth,
    )


def watch(health: Health, parts: Parts) -> None:
    """Ask the parts how they are whenever somebody asks us."""
    health.add("postgres", check(parts.engine))
    health.add("kafka", parts.publisher.check)
    health.add("catalogue", parts.catalogue.check)
    health.add("agents", parts.agents.check)
    health.add("rules", parts.rules.check)
    if parts.clamd:
        health.add("clamd", parts.clamd.health, blocks=False)
