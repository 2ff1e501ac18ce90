"""Builds the objects of intake and puts them together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import consumers
from services.intake.channels.account import Account, Security
from services.intake.channels.census import Census
from services.intake.channels.elks import Actions
from services.intake.channels.forms import Verifier
from services.intake.channels.mailbox import Mailbox
from services.intake.channels.mailboxes_file import read_mailboxes
from services.intake.domain.archives import Limits
from services.intake.jobs.poll import PollMailbox
from services.intake.jobs.prune import Prune
from services.intake.jobs.reconcile import Compared, Reconcile
from services.intake.jobs.rescan import Rescan
from services.intake.settings import Settings
from services.intake.store.answers import Answers
from services.intake.store.calls import Calls
from services.intake.store.checks import Checks
from services.intake.store.ledger import Ledger
from services.intake.store.mailboxes import Mailboxes
from services.intake.store.seen import Seen
from services.intake.store.tables import DEAD_DECISIONS, OUTBOX
from services.intake.store.unscanned import Unscanned
from services.intake.store.visits import Visits
from services.intake.usecases.answer_call import AnswerCall
from services.intake.usecases.end_call import EndCall
from services.intake.usecases.keep import Safety
from services.intake.usecases.mail_overview import MailOverview
from services.intake.usecases.note_routing import NoteRouting
from services.intake.usecases.read_again import ReadAgain
from services.intake.usecases.receive_form import ReceiveForm
from services.intake.usecases.receive_mail import Keys, ReceiveMail
from services.intake.usecases.reconcile_mail import ReconcileMail
from services.intake.usecases.register_visit import EndVisit, RegisterCall, RegisterVisit
from services.intake.usecases.repair_mail import RepairMail
from services.intake.usecases.understand_mail import UnderstandMail
from services.intake.web.mail import MailDoors
from services.intake.web.reception import TOPIC, Reception
from shared.background import Background
from shared.catalogue import Catalogue
from shared.clamd import Clamd
from shared.clock import utc_now
from shared.consume import Inflow
from shared.database import check, make_engine
from shared.dead import DeadLetters
from shared.decisions import SqlDecisions, open_letters
from shared.health import Check, Health
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
    clamd: Clamd | None
    """None where files are not scanned."""

    @property
    def safety(self) -> Safety | None:
        """Return what scans files before they are kept."""
        return Safety(self.clamd, Unscanned(self.engine)) if self.clamd else None


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
            parts.catalogue,
            parts.originals,
            parts.publisher,
            parts.seen,
            utc_now,
            person,
            timeout=wait,
            safety=parts.safety,
            limits=limits_of(settings),
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


def make_background(settings: Settings, health: Health, parts: Parts, reconcile: Reconcile) -> Background:
    """Build the loops: the spool's relay, the mailboxes and their comparison, the pruning."""
    background = Background(health)
    background.add("outbox", Relay(parts.engine, OUTBOX, parts.publisher).run)
    background.add("prune", _prune(settings, parts).run)
    if parts.clamd:
        background.add("rescan", Rescan(parts.originals, parts.clamd, Unscanned(parts.engine), utc_now).run)
    if reconcile.mailboxes:
        background.add("reconcile", reconcile.run)
    for account in make_accounts(settings):
        name = f"mailbox:{account.label}" if account.label else "mailbox"
        background.add(name, _poll(settings, health, parts, account).run)
    return background


def watch(health: Health, parts: Parts) -> None:
    """Ask the parts how they are whenever somebody asks us."""
    health.add("postgres", check(parts.engine))
    health.add("kafka", parts.publisher.check)
    health.add("catalogue", parts.catalogue.check)
    health.add("agents", parts.agents.check)
    health.add("rules", parts.rules.check)
    if parts.clamd:
        health.add("clamd", parts.clamd.health, blocks=False)


def make_accounts(settings: Settings) -> tuple[Account, ...]:
    """Return the mailboxes that are read: the one of the settings, and those of the file."""
    single = Account(
        host=settings.imap_host,
        port=settings.imap_port,
        user=settings.imap_user,
        password=settings.imap_password.get_secret_value(),
        folder=settings.imap_folder,
        processed=settings.imap_processed,
        security=Security.TLS if settings.tls else Security.NONE,
        timeout=settings.imap_timeout,
        address=settings.mailbox_address,
        poll_seconds=settings.imap_poll_seconds,
    )
    of_file = read_mailboxes(settings.mailboxes) if settings.mailboxes else ()
    return ((single,) if settings.imap_host else ()) + of_file


def make_reader(settings: Settings, parts: Parts) -> UnderstandMail:
    """Build what understands mails."""
    return UnderstandMail(parts.catalogue, utc_now, _keys(settings), limits_of(settings))


def make_reconcile(settings: Settings, parts: Parts) -> Reconcile:
    """Build what compares the mailboxes with the ledger."""
    reader, ledger, checks = make_reader(settings, parts), Ledger(parts.engine), Checks(parts.engine)
    each = [
        ReconcileMail(
            Census(account),
            ledger,
            checks,
            parts.seen,
            reader,
            utc_now,
            days=settings.reconcile_days,
            mail_limit=settings.mail_limit,
        )
        for account in make_accounts(settings)
    ]
    return Reconcile(each, every=settings.reconcile_minutes * 60)


def make_mail(settings: Settings, health: Health, parts: Parts, reconcile: Reconcile) -> MailDoors:
    """Build what the routes of the mail call."""
    reader, ledger, checks = make_reader(settings, parts), Ledger(parts.engine), Checks(parts.engine)
    boxes = {one.mailbox: one.census for one in reconcile.mailboxes}
    repair = RepairMail(
        boxes, _receive(settings, parts), reader, parts.originals, ledger, checks, mail_limit=settings.mail_limit
    )
    again = ReadAgain(reader, parts.originals, parts.publisher, ledger, settings.mailbox_address, parts.safety)
    return MailDoors(MailOverview(boxes, ledger, checks, health), repair, again, reconcile, utc_now)


async def compare(settings: Settings) -> list[Compared]:
    """Compare every mailbox for a command; the catalogue is not needed, for nothing is taken in."""
    parts = make_parts(settings)
    try:
        return await make_reconcile(settings, parts).each()
    finally:
        await parts.seen.stop()
        await parts.engine.dispose()


def _keys(settings: Settings) -> Keys:
    return Keys(settings.key_for("thread"), settings.key_for("person"))


def _receive(settings: Settings, parts: Parts) -> ReceiveMail:
    return ReceiveMail(
        parts.catalogue,
        parts.originals,
        parts.publisher,
        parts.seen,
        Ledger(parts.engine),
        utc_now,
        _keys(settings),
        parts.safety,
        limits_of(settings),
    )


def _poll(settings: Settings, health: Health, parts: Parts, account: Account) -> PollMailbox:
    health.set(account.part, "not connected yet")
    if account.entrance:
        health.add(f"{account.part}.entrance", _known(parts.catalogue, account.entrance), blocks=False)
    return PollMailbox(
        Mailbox(account),
        account.entrance or account.address,
        _receive(settings, parts),
        Mailboxes(parts.engine),
        health,
        Ledger(parts.engine),
        poll_seconds=account.poll_seconds,
        mail_limit=settings.mail_limit,
    )


def _known(catalogue: Catalogue, entrance: str) -> Check:
    """Say of an entrance that a mailbox names whether there is one: its mails come in by the default otherwise."""

    async def known() -> str | None:
        return None if catalogue.entrance(entrance) else f"the entrance {entrance} is not in the catalogue"

    return known


def _prune(settings: Settings, parts: Parts) -> Prune:
    kept = timedelta(days=settings.keep_seen_days)
    rules = (
        (timedelta(hours=24), Answers(parts.engine).forget_before),
        (kept, parts.seen.forget_before),
        (kept, Ledger(parts.engine).forget_before),
        (kept, Visits(parts.engine).forget_before),
        (timedelta(days=settings.unscanned_days), Unscanned(parts.engine).forget_before),
    )
    return Prune(rules, utc_now)
