"""Builds the objects of intake and puts them together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import consumers
from services.intake.channels.elks import Actions
from services.intake.channels.forms import Verifier
from services.intake.channels.mailbox import Account, Mailbox
from services.intake.jobs.poll import PollMailbox
from services.intake.jobs.prune import Prune
from services.intake.settings import Settings
from services.intake.store.answers import Answers
from services.intake.store.calls import Calls
from services.intake.store.ledger import Ledger
from services.intake.store.mailboxes import Mailboxes
from services.intake.store.seen import Seen
from services.intake.store.tables import DEAD_DECISIONS, OUTBOX
from services.intake.store.visits import Visits
from services.intake.usecases.answer_call import AnswerCall
from services.intake.usecases.end_call import EndCall
from services.intake.usecases.note_routing import NoteRouting
from services.intake.usecases.receive_form import ReceiveForm
from services.intake.usecases.receive_mail import Keys, ReceiveMail
from services.intake.usecases.register_visit import EndVisit, RegisterCall, RegisterVisit
from services.intake.web.reception import TOPIC, Reception
from shared.background import Background
from shared.catalogue import Catalogue
from shared.clock import utc_now
from shared.consume import Inflow
from shared.database import check, make_engine
from shared.dead import DeadLetters
from shared.decisions import SqlDecisions, open_letters
from shared.health import Health
from shared.originals import Originals
from shared.outbox import Relay
from shared.publish import Publisher
from shared.table import Table
from shared.topics import AGENTS, RULES
from shared.web.live import Hub


@dataclass(frozen=True, slots=True)
class Parts:
    """What intake stands on: database, log, tables and stores; nothing is connected yet."""

    engine: AsyncEngine
    publisher: Publisher
    catalogue: Catalogue
    agents: Table
    rules: Table
    originals: Originals
    seen: Seen
    hub: Hub


@dataclass(frozen=True, slots=True)
class Doors:
    """What the routes call, by its name in `app.state`."""

    verifier: Verifier
    elks: Actions
    hub: Hub
    dead_letters: DeadLetters
    reception: Reception
    receive_form: ReceiveForm
    answer_call: AnswerCall
    end_call: EndCall
    register_visit: RegisterVisit
    register_call: RegisterCall
    end_visit: EndVisit


def make_parts(settings: Settings) -> Parts:
    """Build what the rest stands on."""
    engine = make_engine(settings, "intake")
    return Parts(
        engine=engine,
        publisher=Publisher(settings, "intake"),
        catalogue=Catalogue(settings),
        agents=Table(settings, AGENTS),
        rules=Table(settings, RULES),
        originals=Originals(settings.originals),
        seen=Seen(engine),
        hub=Hub(),
    )


def make_doors(settings: Settings, parts: Parts) -> Doors:
    """Build what the routes call."""
    person = settings.key_for("person")
    calls, visits, answers = Calls(parts.engine), Visits(parts.engine), Answers(parts.engine)
    wait = settings.publish_timeout
    tables = (parts.catalogue, parts.agents, parts.rules)
    return Doors(
        verifier=Verifier(settings.webhook_secret.get_secret_value(), settings.webhook_old_secret.get_secret_value()),
        elks=Actions(
            base=settings.outside,
            token=settings.elks_token.get_secret_value(),
            hold_sound=settings.hold_sound_url or f"{settings.outside}/sounds/hold-1.wav",
            caller_id=settings.caller_id,
        ),
        hub=parts.hub,
        dead_letters=make_dead_letters(settings, parts.engine, parts.publisher),
        reception=Reception(parts.catalogue, visits, utc_now),
        receive_form=ReceiveForm(
            parts.catalogue, parts.originals, parts.publisher, parts.seen, utc_now, person, timeout=wait
        ),
        answer_call=AnswerCall(*tables, calls, parts.publisher, utc_now, person, timeout=wait),
        end_call=EndCall(calls, utc_now),
        register_visit=RegisterVisit(parts.engine, parts.catalogue, visits, answers, utc_now),
        register_call=RegisterCall(parts.engine, parts.catalogue, answers, utc_now, person),
        end_visit=EndVisit(visits, utc_now),
    )


def make_dead_letters(settings: Settings, engine: AsyncEngine, publisher: Publisher) -> DeadLetters:
    """Build what the operator works with."""
    return DeadLetters(settings, "intake", publisher, SqlDecisions(engine, DEAD_DECISIONS))


def open_dead_letters(settings: Settings) -> AbstractAsyncContextManager[DeadLetters]:
    """Open the dead letters for a command."""
    return open_letters(settings, "intake", DEAD_DECISIONS)


def make_inflow(settings: Settings, health: Health, parts: Parts) -> Inflow:
    """Build what reads Kafka."""
    changed: Callable[[], None] = lambda: parts.hub.publish(TOPIC, "visits")  # noqa: E731 - typed and used once
    inflow = Inflow(settings, "intake", parts.publisher, health)
    consumers.register(inflow, NoteRouting(Calls(parts.engine), Visits(parts.engine), changed))
    return inflow


def make_background(settings: Settings, health: Health, parts: Parts) -> Background:
    """Build the loops: the spool's relay, the mailbox, the pruning."""
    background = Background(health)
    background.add("outbox", Relay(parts.engine, OUTBOX, parts.publisher).run)
    background.add("prune", _prune(settings, parts).run)
    if settings.imap_host:
        background.add("mailbox", _poll(settings, health, parts).run)
    return background


def watch(health: Health, parts: Parts) -> None:
    """Ask the parts how they are whenever somebody asks us."""
    health.add("postgres", check(parts.engine))
    health.add("kafka", parts.publisher.check)
    health.add("catalogue", parts.catalogue.check)
    health.add("agents", parts.agents.check)
    health.add("rules", parts.rules.check)


def _poll(settings: Settings, health: Health, parts: Parts) -> PollMailbox:
    account = Account(
        host=settings.imap_host,
        port=settings.imap_port,
        user=settings.imap_user,
        password=settings.imap_password.get_secret_value(),
        folder=settings.imap_folder,
        processed=settings.imap_processed,
        tls=settings.tls,
        timeout=settings.imap_timeout,
    )
    keys = Keys(settings.key_for("thread"), settings.key_for("person"))
    ledger = Ledger(parts.engine)
    receive = ReceiveMail(parts.catalogue, parts.originals, parts.publisher, parts.seen, ledger, utc_now, keys)
    health.set("imap", "not connected yet")
    return PollMailbox(
        Mailbox(account),
        settings.mailbox_address,
        receive,
        Mailboxes(parts.engine),
        health,
        poll_seconds=settings.imap_poll_seconds,
        mail_limit=settings.mail_limit,
    )


def _prune(settings: Settings, parts: Parts) -> Prune:
    kept = timedelta(days=settings.keep_seen_days)
    rules = (
        (timedelta(hours=24), Answers(parts.engine).forget_before),
        (kept, parts.seen.forget_before),
        (kept, Ledger(parts.engine).forget_before),
        (kept, Visits(parts.engine).forget_before),
    )
    return Prune(rules, utc_now)
