"""What is wrong with a mailbox is told in the reader's language, whatever it is."""

import imaplib
import ssl

import pytest
from imap_tools.errors import MailboxFolderSelectError

from services.intake.channels.imap_errors import LoginRefusedError, ServerError, words
from services.intake.domain.trouble import in_swedish
from services.intake.usecases.mail_overview import Box


def certificate() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "swedish"),
    [
        (LoginRefusedError("[AUTHENTICATIONFAILED] no"), "inloggningen nekas: [AUTHENTICATIONFAILED] no"),
        (LoginRefusedError("the token's server: invalid_client"), "inloggningen nekas: tokenservern: invalid_client"),
        (ServerError("the token's server answered 503"), "tokenservern svarade 503"),
        (ServerError("the token's server answered without a token"), "tokenservern svarade utan token"),
        (ServerError("the folder X cannot be opened: no"), "mappen X kan inte öppnas: no"),
        (ServerError("the server's answer is not understood: KeyError"), "serverns svar går inte att förstå: KeyError"),
        (certificate(), "serverns certifikat är inte betrott: self-signed certificate"),
        (ssl.SSLEOFError(8, "EOF"), "ingen TLS med servern: SSLEOFError"),
        (TimeoutError(), "servern svarar inte i tid"),
        (ConnectionRefusedError(), "ingen svarar på serverns adress"),
        (imaplib.IMAP4.abort("socket error: EOF"), "förbindelsen bröts: socket error: EOF"),
        (imaplib.IMAP4.error(b"NO such"), "servern säger: NO such"),
        (MailboxFolderSelectError(("NO", [b"gone"]), "OK"), "servern säger: gone"),
        (OSError(113, "No route to host"), "OSError: [Errno 113] No route to host"),
    ],
)
def test_each_trouble_has_its_words_in_both_languages(error: Exception, swedish: str) -> None:
    assert in_swedish(f"{words(error)}; next attempt in 17 s") == f"{swedish}; nästa försök om 17 s"


@pytest.mark.parametrize(
    ("english", "swedish"),
    [
        ("not connected yet", "inte ansluten ännu"),
        (
            "3 taken in and not moved to Behandlat: MOVE answered NO: [OVERQUOTA] full",
            "3 intagna men inte flyttade till Behandlat: MOVE answered NO: [OVERQUOTA] full",
        ),
        ("2 that the server does not hand over: UID 4, 5", "2 som servern inte lämnar ut: UID 4, 5"),
        ("the entrance x is not in the catalogue", "ingången x finns inte i katalogen"),
    ],
)
def test_what_needs_a_person_is_told_in_swedish_too(english: str, swedish: str) -> None:
    assert in_swedish(english) == swedish


def test_a_server_s_words_are_one_printable_line_and_not_endless() -> None:
    told = words(imaplib.IMAP4.error(b"no\r\n\x1b[31m" + "å".encode() * 500 + b"\xff"))
    assert told.startswith("the server says: no [31mååå")
    assert len(told) < 230
    assert told.isprintable()


def test_a_mailbox_on_the_page_tells_all_of_it_in_the_reader_s_language() -> None:
    notes = ("1 that the server does not hand over: UID 4",)
    box = Box("b", "bostad", "the server does not answer in time", None, None, (), notes)
    assert box.sentences("sv") == ["servern svarar inte i tid", "1 som servern inte lämnar ut: UID 4"]
    assert box.sentences("en") == ["the server does not answer in time", *notes]
    assert Box("b", "bostad", None, None, None, ()).sentences("sv") == []
