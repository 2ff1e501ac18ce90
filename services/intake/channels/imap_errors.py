"""What a mail server that is away, confused or unwilling raises, and the words for it."""

import imaplib
import re
import ssl
from typing import Any

from imap_tools import ImapToolsError
from imap_tools.errors import UnexpectedCommandStatusError

from shared.errors import TransientError

ERRORS = (OSError, imaplib.IMAP4.error, ImapToolsError, EOFError)
"""What a connection to a mail server raises."""

_TROUBLE = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\]", re.IGNORECASE)
"""Codes of a NO that say nothing of the login (RFC 5530)."""


class ServerError(TransientError):
    """The mail server, or one that it needs, does not do what it is asked to."""


class LoginRefusedError(ServerError):
    """The server will not let us in: knocking on and on would lock the account."""


class SaidNoError(ServerError):
    """The server has understood, and will not; the connection is as good as before."""


def refusal(error: Exception) -> ServerError:
    """Return what a NO to a login means: the login is wrong, or the server has troubles of its own."""
    text = told_by(error)
    return (ServerError if _TROUBLE.search(text) else LoginRefusedError)(text)


def told_by(error: Exception) -> str:
    """Return the server's own words of an error of imaplib or imap-tools, on one line."""
    if isinstance(error, UnexpectedCommandStatusError):
        return plain(error.command_result[1])
    return plain(error.args[0] if error.args else "")


def plain(answer: Any) -> str:
    """Return a server's answer as text for people: one line, no control characters, not endless."""
    parts = answer if isinstance(answer, list | tuple) else [answer]
    texts = (part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in parts if part)
    line = " ".join(" ".join(texts).split())
    return "".join(letter for letter in line if letter.isprintable())[:200]


def words(error: Exception) -> str:  # noqa: PLR0911 - a sentence for each kind
    """Say in words what is wrong, for whoever looks after the mailbox."""
    match error:
        case LoginRefusedError():
            return f"the login is refused: {error}"
        case ssl.SSLCertVerificationError():
            return (
                f"the server's certificate is not trusted: {getattr(error, 'verify_message', '') or plain(str(error))}"
            )
        case ssl.SSLError():
            return f"no TLS with the server: {getattr(error, 'reason', '') or type(error).__name__}"
        case TimeoutError():
            return "the server does not answer in time"
        case ConnectionRefusedError():
            return "nobody listens at the server's address"
        case imaplib.IMAP4.abort():
            return f"the connection broke: {told_by(error)}"
        case imaplib.IMAP4.error() | ImapToolsError():
            return f"the server says: {told_by(error)}"
        case TransientError():
            return plain(str(error)) or type(error).__name__
        case _:
            return f"{type(error).__name__}: {plain(str(error))}"
