"""Mail out: what our mails say, and handing them to the mail server one connection at a time, within deadlines.

A receipt goes out with a null reverse path and the headers of RFC 3834, so that no robot answers it; every mail has a
Message-ID by `shared.thread`, so that whoever we wrote to can answer in the case.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import aiosmtplib
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.casework.domain.handover import Preview
from shared import thread
from shared.clock import local
from shared.errors import PermanentError, TransientError
from shared.vocabulary import Channel

CHANNELS = MappingProxyType(
    {Channel.PHONE: "Samtal", Channel.EMAIL: "Mejl", Channel.VISIT: "Besök", Channel.E_SERVICE: "E-tjänst"}
)
"""Channels as the receiver of a hand-over reads them."""

_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]{1,64}@[^\s@<>()\[\],;:\\\"]{1,250}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_LONGEST_REFERENCES = 20
_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 10
_BAD_SEQUENCE = 503


class MailRefusedError(PermanentError):
    """The mail server will never take this mail: its address is impossible, or it says so (5xx)."""


class MailUnsentError(TransientError):
    """The mail server has surely not taken the mail: no connection, or it said later (4xx)."""


class MailUnknownError(TransientError):
    """Nobody knows whether the mail server took the mail: the connection broke while it was handed over."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Composes our mails as rows of the outgoing queue."""

    key: bytes
    """The key of reply tokens (`settings.key_for("thread")`)."""
    domain: str
    casework_url: str
    own_addresses: frozenset[str]
    _texts: Environment

    @classmethod
    def make(cls, key: bytes, domain: str, casework_url: str, own_addresses: frozenset[str]) -> "Letters":
        """Return letters with the templates beside this module."""
        loader = FileSystemLoader(Path(__file__).parent / "templates" / "mails")
        texts = Environment(loader=loader, undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701 - plain text
        return cls(key, domain, casework_url, own_addresses, texts)

    def receipt(self, contact: Mapping[str, Any], number: str, sender: str, now: datetime) -> dict[str, Any]:
        """Return the mail that says a contact has come in, in the thread of the citizen's own mail."""
        subject = contact["subject"] or ""
        body = self._render(
            "receipt.txt",
            name=contact["sender_name"],
            channel=contact["channel"],
            number=number,
            subject=subject,
            sender=sender,
        )
        title = f"Vi har tagit emot ditt ärende {number}"
        mail = self._mail("receipt", contact["case_id"], contact["sender_email"], "receipt", now)
        return {**mail, "sender_name": sender, "subject": title, "body": body, **in_thread(contact)}

    def reply(  # noqa: PLR0913, PLR0917 - what a reply is made of
        self, case_id: str, number: str, contact: Mapping[str, Any], text: str, sender: str, nonce: str, now: datetime
    ) -> dict[str, Any]:
        """Return a reply in the citizen's thread; the same nonce gives the same Message-ID."""
        body = self._render("reply.txt", text=text.strip(), number=number, sender=sender)
        mail = self._mail("reply", case_id, contact["sender_email"], nonce, now)
        subject = answering(contact["subject"] or f"Ärende {number}")
        return {**mail, "sender_name": sender, "subject": subject, "body": body, **in_thread(contact)}

    def handover(  # noqa: PLR0913 - what a hand-over is made of, each by name
        self,
        case_id: str,
        number: str,
        preview: Preview,
        *,
        message: str,
        conversation: Sequence[Mapping[str, str]],
        nonce: str,
        now: datetime,
    ) -> dict[str, Any]:
        """Return the mail that hands a case over to a unit's address."""
        body = self._render(
            "handover.txt",
            preview=preview,
            message=message.strip(),
            conversation=conversation,
            number=number,
            url=f"{self.casework_url}/cases/{number}",
            acknowledge_by=when(preview.acknowledge_by),
            answer_by=when(preview.answer_by),
        )
        mail = self._mail("handover", case_id, preview.address, nonce, now)
        subject = f"Överlämnat ärende {number}: {preview.to}"
        return {**mail, "sender_name": "Kontaktcenter", "subject": subject, "body": body, "reference_ids": []}

    def _mail(self, kind: str, case_id: str, recipient: str, nonce: str, now: datetime) -> dict[str, Any]:
        message_id = thread.message_id(self.key, case_id, recipient, nonce, self.domain)
        return {
            "id": f"{case_id}.{kind}.{nonce}",
            "case_id": case_id,
            "kind": kind,
            "recipient": recipient,
            "message_id": message_id,
            "state": "queued",
            "created_at": now,
            "next_at": now,
        }

    def _render(self, template: str, /, **values: object) -> str:
        return re.sub(r"\n{3,}", "\n\n", self._texts.get_template(template).render(values)).strip() + "\n"


def when(moment: datetime) -> str:
    """Return a moment as our mails say it: `2026-11-25 kl. 14.30`."""
    return local(moment).strftime("%Y-%m-%d kl. %H.%M")


def answering(subject: str) -> str:
    """Return the subject of an answer: one `Re:` however often it went back and forth."""
    plain = re.sub(r"^(?:\s*(?:re|sv)\s*:\s*)+", "", subject, flags=re.IGNORECASE)
    return f"Re: {_one_line(plain)}"


def in_thread(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return what keeps an answer in the citizen's thread (RFC 5322 3.6.4)."""
    message_id = contact["message_id"]
    earlier = [one for one in contact.get("reference_ids") or () if one != message_id]
    references = [*earlier, message_id] if message_id else earlier
    return {"in_reply_to": message_id, "reference_ids": references[-_LONGEST_REFERENCES:]}


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[:200]


def compose(mail: Mapping[str, Any], address: str, now: datetime) -> EmailMessage:
    """Return the mail of a row; MailRefusedError when its address cannot be one."""
    made = EmailMessage()
    try:
        made["To"] = Address(addr_spec=plain_address(mail["recipient"]))
        made["From"] = Address(_one_line(mail["sender_name"] or ""), addr_spec=address)
        made["Subject"] = _one_line(mail["subject"])
    except (ValueError, IndexError) as error:
        raise MailRefusedError("address") from error
    made["Date"] = format_datetime(now)
    made["Message-ID"] = mail["message_id"]
    for name, value in _headers(mail).items():
        made[name] = value
    made.set_content(mail["body"], cte="quoted-printable")
    return made


def plain_address(recipient: str) -> str:
    """Return an address as the wire takes it (an international domain in its ASCII form); MailRefusedError if none."""
    if not _ADDRESS.fullmatch(recipient):
        raise MailRefusedError("address")
    local_part, _, domain = recipient.rpartition("@")
    try:
        return f"{local_part}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise MailRefusedError("address") from error


def _headers(mail: Mapping[str, Any]) -> dict[str, str]:
    headers = {}
    if mail["in_reply_to"]:
        headers["In-Reply-To"] = _one_line(mail["in_reply_to"])
    if mail["reference_ids"]:
        headers["References"] = " ".join(_one_line(one) for one in mail["reference_ids"])
    if mail["kind"] == "receipt":
        headers |= {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "Precedence": "auto_reply"}
    return headers


@dataclass(slots=True)
class MailServer:
    """One connection to the mail server, used for as many mails as it is held."""

    host: str
    port: int
    address: str
    """The From address of every mail."""
    _client: aiosmtplib.SMTP | None = None

    async def __aenter__(self) -> Self:
        client = aiosmtplib.SMTP(hostname=self.host, port=self.port, timeout=_CONNECT_SECONDS, start_tls=None)
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUnsentError(type(error).__name__) from error
        self._client = client
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    async def send(self, mail: Mapping[str, Any], now: datetime) -> None:
        """Hand over one mail; the errors above say what is known when that fails."""
        if self._client is None or not self._client.is_connected:
            raise MailUnsentError("not connected")
        data = compose(mail, self.address, now).as_bytes()
        paths = ["", self.address] if mail["kind"] == "receipt" else [self.address]
        try:
            await _hand_over(self._client, paths, plain_address(mail["recipient"]), data)
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            raise _refused(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUnknownError(type(error).__name__) from error


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
    return MailRefusedError(f"{code}") if 500 <= code < 600 else MailUnsentError(f"{code}")
