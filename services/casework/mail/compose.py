"""A row of the queue as a mail: plain text, HTML beside it where there is any, files behind, no header smuggled in.

What the clock and the door write has the headers of RFC 3834 and names us in X-Loop, so that no robot answers it and a
door like ours, in another installation too, knows it for what it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from services.casework.mail.errors import MailRefusedError

_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]{1,64}@[^\s@<>()\[\],;:\\\"]{1,250}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_PLAIN_TYPES = frozenset({"application/pdf", "image/jpeg", "image/png", "image/gif", "text/plain", "text/csv"})
"""What a reader's mail program may know a file as; any other is octets, which nothing opens by itself."""

AUTOMATIC = frozenset({"notice", "reminder", "escalation", "news", "checklist"})
"""Mails that nobody writes."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes along."""

    name: str
    content_type: str
    data: bytes


def one_line(text: str) -> str:
    """Return a text that fits a header."""
    return _CONTROL.sub(" ", text).strip()[:200]


def compose(
    mail: Mapping[str, Any], address: str, now: datetime, files: Sequence[File] = (), *, reply_to: str = ""
) -> EmailMessage:
    """Return the mail of a row; MailRefusedError when its address cannot be one.

    A unit writes from its own address; answers come back to ours (`address`), where they are read, or to `reply_to`,
    which is ours with the token of the case.
    """
    sender = mail.get("sender_address") or address
    made = EmailMessage()
    try:
        made["To"] = Address(addr_spec=plain_address(mail["recipient"]))
        made["From"] = Address(one_line(mail["sender_name"] or ""), addr_spec=sender)
        made["Subject"] = one_line(mail["subject"])
    except (ValueError, IndexError) as error:
        raise MailRefusedError("address") from error
    made["Date"] = format_datetime(now)
    made["Message-ID"] = mail["message_id"]
    for name, value in _headers(mail, address).items():
        made[name] = value
    if sender != (back := reply_to or address):
        made["Reply-To"] = back
    made.set_content(mail["body"], cte="quoted-printable")
    if mail.get("html"):
        made.add_alternative(mail["html"], subtype="html", cte="quoted-printable")
    for file in files:
        kind = file.content_type if file.content_type in _PLAIN_TYPES else "application/octet-stream"
        main, _, sub = kind.partition("/")
        made.add_attachment(file.data, maintype=main, subtype=sub, filename=one_line(file.name) or "bilaga")
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


def _headers(mail: Mapping[str, Any], address: str) -> dict[str, str]:
    headers = {}
    if mail["in_reply_to"]:
        headers["In-Reply-To"] = one_line(mail["in_reply_to"])
    if mail["reference_ids"]:
        headers["References"] = " ".join(one_line(one) for one in mail["reference_ids"])
    if mail["kind"] in AUTOMATIC:
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "X-Loop": address}
    if mail["kind"] == "receipt":
        headers |= {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "X-Loop": address}
        headers["Precedence"] = "auto_reply"
    return headers
