"""Handing mails to the mail server, one connection at a time, within deadlines.

A receipt goes out with a null reverse path, so that nothing answers it; anything else comes back to our own mailbox
when it cannot be delivered, whatever address it was sent from. DKIM is the relay's.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import aiosmtplib

from services.casework.mail.compose import File, compose, plain_address
from services.casework.mail.errors import MailRefusedError, MailServerAwayError, MailUnknownError, MailUnsentError
from shared import thread

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 10
_BAD_SEQUENCE = 503
_CLOSING = 421
"""The server takes nothing more from us now, whatever the mail (RFC 5321 3.8)."""


@dataclass(frozen=True, slots=True)
class Safety:
    """How the connection is made safe: STARTTLS with a certificate that is verified, and a login."""

    starttls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    """Who signs the server's certificate; the system's list when empty."""


@dataclass(slots=True)
class MailServer:
    """One connection to the mail server, used for as many mails as it is held."""

    host: str
    port: int
    address: str
    """Our own address: From of every mail that has no other, and the reverse path of all but receipts."""
    safety: Safety = Safety()
    reply_key: bytes = field(default=b"", repr=False)
    """The key of reply tokens, when what is sent to `{mailbox}+{anything}@` comes to our mailbox; else empty."""
    _client: aiosmtplib.SMTP | None = None

    async def __aenter__(self) -> Self:
        """Connect, made safe as it is to be; MailServerAwayError says at which step that failed."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            timeout=_CONNECT_SECONDS,
            start_tls=self.safety.starttls,
            tls_context=self._context(),
        )
        try:
            await client.connect()
            await client.ehlo(timeout=_CONNECT_SECONDS)
            if self.safety.user:
                await client.login(self.safety.user, self.safety.password, timeout=_CONNECT_SECONDS)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise _away(error, connected=client.is_connected) from error
        self._client = client
        return self

    def _context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.safety.ca_file or None) if self.safety.starttls else None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    async def send(self, mail: Mapping[str, Any], now: datetime, files: Sequence[File] = ()) -> None:
        """Hand over one mail; the errors say what is known when that fails."""
        if self._client is None or not self._client.is_connected:
            raise MailUnsentError("not connected")
        data = compose(mail, self.address, now, files, reply_to=self._reply_to(mail)).as_bytes()
        paths = ["", self.address] if mail["kind"] == "receipt" else [self.address]
        try:
            await _hand_over(self._client, paths, plain_address(mail["recipient"]), data)
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            raise _refused(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUnknownError(type(error).__name__) from error

    def _reply_to(self, mail: Mapping[str, Any]) -> str:
        """Return where the answer to a mail is to go: with the token of its case, if the mail server takes that."""
        if not self.reply_key or not mail.get("case_id"):
            return ""
        return thread.reply_address(self.reply_key, self.address, mail["case_id"], mail["recipient"])


async def _hand_over(client: aiosmtplib.SMTP, reverse_paths: Sequence[str], recipient: str, data: bytes) -> None:
    """Hand a mail over by the first reverse path the server can follow; some forget the null one (503 at RCPT)."""
    for path in reverse_paths[:-1]:
        try:
            await client.sendmail(path, [recipient], data, timeout=_ANSWER_SECONDS)
        except aiosmtplib.SMTPRecipientsRefused as error:
            if [one.code for one in error.recipients] != [_BAD_SEQUENCE]:
                raise
        else:
            return
    await client.sendmail(reverse_paths[-1], [recipient], data, timeout=_ANSWER_SECONDS)


def _refused(error: aiosmtplib.SMTPException) -> Exception:
    codes = [one.code for one in error.recipients] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else []
    code = getattr(error, "code", None) or max(codes, default=0)
    if code == _CLOSING:
        return MailServerAwayError("busy", error)
    return MailRefusedError(f"{code}") if 500 <= code < 600 else MailUnsentError(f"{code}")


def _away(error: BaseException, *, connected: bool) -> MailServerAwayError:
    """Tell apart who nobody answers, who answers too slowly, whose certificate is not trusted, who knows us not."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return MailServerAwayError("tls", seen)
        seen = seen.__cause__ or seen.__context__
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return MailServerAwayError("login", error)
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return MailServerAwayError("timeout", error)
    if isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in str(error):
        return MailServerAwayError("tls", error)
    return MailServerAwayError("login" if connected else "connect", error)
