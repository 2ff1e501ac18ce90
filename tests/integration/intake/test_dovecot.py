"""The test peer itself: what the tests of the mailbox rely on in their Dovecot."""

import imaplib
import ssl

import pytest

from deploy.local.part import HOST
from tests.support.dovecot import Dovecot, needs_dovecot, password_of

pytestmark = [pytest.mark.integration, needs_dovecot]


def test_dovecot_speaks_tls_and_starttls_by_its_own_certificate_alone(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with imaplib.IMAP4_SSL(HOST, dovecot.tls_port, ssl_context=dovecot.context()) as box:
        assert box.login(user, password_of(user))[0] == "OK"
    with imaplib.IMAP4(HOST, dovecot.port) as box:
        box.starttls(dovecot.context())
        assert box.login(user, password_of(user))[0] == "OK"
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL(HOST, dovecot.tls_port, ssl_context=ssl.create_default_context())


def test_dovecot_keeps_its_mail_over_a_kill_and_renumbers_when_told(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.append(user, [b"Subject: ett\r\n\r\nhej\r\n", b"Subject: tv\xe5\r\n\r\nhej\r\n"])
    before = _uidvalidity(dovecot, user)
    assert dovecot.running is not None
    dovecot.running.kill()
    dovecot.running.again()
    assert dovecot.fetch(user) == [b"Subject: ett\r\n\r\nhej\r\n", b"Subject: tv\xe5\r\n\r\nhej\r\n"]
    dovecot.renumber(user)
    assert _uidvalidity(dovecot, user) != before
    dovecot.expunge(user)
    assert dovecot.count(user) == 0


def test_dovecot_refuses_a_wrong_password_at_once(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    with imaplib.IMAP4(HOST, dovecot.port) as box, pytest.raises(imaplib.IMAP4.error):
        box.login(user, "fel")


def _uidvalidity(server: Dovecot, user: str) -> object:
    with server.client(user) as box:
        box.select("INBOX")
        return box.response("UIDVALIDITY")[1][0]
