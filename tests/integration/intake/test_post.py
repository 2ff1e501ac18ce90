"""The whole way of a mail through real servers: swaks, Postfix, LMTP, Dovecot, IMAP, our intake, the log."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.part import HOST
from shared import thread
from shared.events import ContactBounced, ContactReceived
from shared.originals import Originals
from shared.publish import Publisher
from shared.settings import ServiceSettings
from tests.integration.intake.doors import events, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.dovecot import Dovecot, needs_dovecot, password_of
from tests.support.postfix import Postfix, needs_postfix
from tests.support.wait import eventually

ENCODED = "=?utf-8?q?=C3=85kes_=C3=B6nskem=C3=A5l=2Etxt?="
CASE = "019d0000-0000-7000-8000-000000000001"
pytestmark = [pytest.mark.integration, needs_dovecot, needs_postfix]


@pytest.fixture
async def inbox(
    dovecot: Dovecot, intake_engine: object, settings: ServiceSettings, stocked: Publisher
) -> AsyncIterator[str]:
    """The address of a mailbox that a running intake reads."""
    user = dovecot.new_user()
    account = {"imap_host": HOST, "imap_port": dovecot.port, "imap_user": user, "imap_password": password_of(user)}
    async with started(intake_settings(settings, **account, imap_tls=False), stocked):
        yield user


async def test_a_mail_by_swaks_and_postfix_is_a_contact_with_its_file(
    postfix: Postfix,
    dovecot: Dovecot,
    inbox: str,
    read_contacts: ReadContacts,
    settings: ServiceSettings,
    tmp_path: Path,
) -> None:
    note = tmp_path / "note.txt"
    note.write_bytes("Häcken är för hög\n".encode("latin-1"))
    postfix.swaks(
        inbox,
        *("--header", "Subject: Översvämning på Ågatan"),
        *("--body", "Det står vatten i källaren, tack på förhand. Åke"),
        *("--attach-type", "text/plain; charset=iso-8859-1", "--attach-name", ENCODED, "--attach", f"@{note}"),
        sender="ake@example.se",
    )
    (found,) = await eventually(lambda: events(read_contacts, 1), timeout=20)
    got = found.event
    assert isinstance(got, ContactReceived)
    assert (got.subject, got.sender.email) == ("Översvämning på Ågatan", "ake@example.se")
    assert got.full_text == "Det står vatten i källaren, tack på förhand. Åke"
    (file,) = got.attachments
    assert file.name == "Åkes önskemål.txt"
    assert await Originals(settings.originals).get(file.store_key) == note.read_bytes()
    await eventually(lambda: dovecot.holds(inbox, "Behandlat", 1), timeout=20)
    assert dovecot.count(inbox) == 0


async def test_postfix_returns_our_mail_and_its_report_is_a_bounce(
    postfix: Postfix, inbox: str, read_contacts: ReadContacts, settings: ServiceSettings
) -> None:
    gone = "flyttad@borta.example"
    ours = thread.message_id(settings.key_for("thread"), CASE, gone, "n1", "kommun.example")
    postfix.swaks(gone, "--header", f"Message-Id: {ours}", sender=inbox)
    (found,) = await eventually(lambda: events(read_contacts, 1), timeout=20)
    got = found.event
    assert isinstance(got, ContactBounced)
    assert (got.message_id, got.recipient, got.status, got.permanent) == (ours, gone, "5.1.1", True)
