"""A connection to an IMAP server: TLS or STARTTLS with verification, then the login by password or XOAUTH2.

The standard library's client under imap-tools is used because its timeout is obeyed. Ours tells of its socket at once,
so that another thread can break it off, and takes no answer that is larger than a mail may be.
"""

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Callable
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxLoginError

from services.intake.channels.account import Account, Security
from services.intake.channels.imap_errors import refusal
from services.intake.channels.imap_oauth import Tokens, xoauth2

Noted = Callable[[socket.socket], None]

LARGEST = 200_000_000
"""Bytes of one answer above which the server is taken to be out of its mind."""
LONGEST_LINE = 30_000_000
"""Bytes of one line: a SEARCH says every UID of a folder on one, and the standard library ends at 142,000 mails."""


class _Client(imaplib.IMAP4):
    def __init__(self, account: Account, noted: Noted, **more: Any) -> None:
        self._noted = noted
        super().__init__(account.host, account.port, timeout=account.timeout, **more)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        made: socket.socket = super()._create_socket(timeout)  # type: ignore[misc] # not in the stubs
        self._noted(made)
        return made

    def read(self, size: int) -> bytes:
        if size > LARGEST:
            raise self.abort(f"an answer of {size} bytes")
        return super().read(size)

    def readline(self) -> bytes:
        stream: Any = getattr(self, "_file", None) or self.file
        line: bytes = stream.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise self.abort(f"a line of more than {LONGEST_LINE} bytes")
        return line


class _TlsClient(_Client, imaplib.IMAP4_SSL):
    """The same over TLS from the first byte."""


class _Box(BaseMailBox):
    """imap-tools' mailbox around a client that is connected already."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._made = client
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self._made


def connect(account: Account, noted: Noted) -> BaseMailBox:
    """Connect, not yet logged in; `noted` gets the socket. What is in clear never goes on where TLS was asked for."""
    if account.security == Security.TLS:
        return _Box(_TlsClient(account, noted, ssl_context=_context(account)))
    client = _Client(account, noted)
    if account.security != Security.NONE:
        try:
            client.starttls(_context(account))
        except BaseException:
            with contextlib.suppress(OSError):  # the socket may have gone over to TLS and down with it
                client.shutdown()
            raise
        noted(client.socket())
    return _Box(client)


def log_in(box: BaseMailBox, account: Account, tokens: Tokens | None) -> None:
    """Log in; LoginRefusedError when the server will not have us, ServerError when it cannot tell."""
    try:
        if tokens:
            _by_token(box.client, account, tokens)
        elif account.user.isascii() and account.password.isascii():
            box.login(account.user, account.password, initial_folder=None)
        else:
            box.login_utf8(account.user, account.password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, MailboxLoginError) as error:
        raise refusal(error) from error


def _by_token(client: imaplib.IMAP4, account: Account, tokens: Tokens) -> None:
    """Log in by a token; one that was kept and is refused is replaced once."""
    token, fresh = tokens.token()
    try:
        client.authenticate("XOAUTH2", xoauth2(account.user, token))
    except imaplib.IMAP4.abort:
        tokens.forget()
        raise
    except imaplib.IMAP4.error:
        tokens.forget()
        if fresh:
            raise
        client.authenticate("XOAUTH2", xoauth2(account.user, tokens.token()[0]))


def _context(account: Account) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=account.ca_file or None)
