"""The mailboxes: what reads them, compares them and repairs them."""

from services.intake.channels.account import Account, Security
from services.intake.channels.census import Census
from services.intake.channels.mailbox import Mailbox
from services.intake.channels.mailboxes_file import read_mailboxes
from services.intake.jobs.poll import PollMailbox
from services.intake.jobs.reconcile import Compared, Reconcile
from services.intake.settings import Settings
from services.intake.store.checks import Checks
from services.intake.store.ledger import Ledger
from services.intake.store.mailboxes import Mailboxes
from services.intake.usecases.mail_overview import MailOverview
from services.intake.usecases.read_again import ReadAgain
from services.intake.usecases.receive_mail import Keys, ReceiveMail
from services.intake.usecases.reconcile_mail import ReconcileMail
from services.intake.usecases.repair_mail import RepairMail
from services.intake.usecases.understand_mail import UnderstandMail
from services.intake.web.mail import MailDoors
from services.intake.wiring.parts import Parts, limits_of, make_parts
from shared.catalogue import Catalogue
from shared.clock import utc_now
from shared.health import Check, Health


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


def make_poll(settings: Settings, health: Health, parts: Parts, account: Account) -> PollMailbox:
    """Build the loop of one mailbox."""
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
