"""A mail of ours that came back: delivery reports by RFC 3464, and the plain ones of older servers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from services.intake.domain import parts, text
from services.intake.domain.mail import Mail, message_ids

_FAILED_ID = re.compile(r"^[> \t]*message-id:[ \t]*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_DAEMON = re.compile(r"^(mailer-daemon|postmaster)@")
_TROUBLE = frozenset({"failed", "delayed"})


@dataclass(frozen=True, slots=True)
class Bounce:
    """Which mail came back, from whom, and whether trying again is in vain; parts nobody named are None."""

    message_id: str | None
    recipient: str | None
    status: str | None
    permanent: bool


def find(mail: Mail) -> Bounce | None:
    """Return the bounce that `mail` is, or None: not a report, or one that says that all went well."""
    reported = list(_reports(mail.structure))
    if reported:
        troubles = [fields for fields in reported if fields.get("action", "") in _TROUBLE]
        return _from_report(mail, troubles[0]) if troubles else None
    return _from_words(mail)


def _reports(structure: Message) -> Iterator[dict[str, str]]:
    """Yield the fields of each recipient in the delivery-status parts."""
    for part in structure.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Message):
                fields = {name.lower(): text.header_text(str(value)) for name, value in block.raw_items()}
                fields["action"] = fields.get("action", "").lower().strip()
                if fields["action"]:
                    yield fields


def _from_report(mail: Mail, fields: dict[str, str]) -> Bounce:
    status = _STATUS.search(fields.get("status", "") or fields.get("diagnostic-code", ""))
    who = fields.get("original-recipient") or fields.get("final-recipient") or ""
    failed = fields["action"] == "failed"
    return Bounce(
        message_id=_returned_id(mail),
        recipient=who.rpartition(";")[2].strip().lower() or None,
        status=status[1] if status else None,
        permanent=failed and not (status and status[1].startswith("4")),
    )


def _returned_id(mail: Mail) -> str | None:
    """Return the Message-ID in the returned mail or its returned headers."""
    for part in mail.structure.walk():
        kind = part.get_content_type()
        inner = part.get_payload()
        if kind == "message/rfc822" and isinstance(inner, list) and inner and isinstance(inner[0], Message):
            found = message_ids(str(inner[0].get("message-id", "")))
        elif kind == "text/rfc822-headers":
            found = _FAILED_ID.findall(text.decode(parts.body_bytes(part)))
        else:
            continue
        if found:
            return found[0]
    return mail.references[-1] if mail.references else None


def _from_words(mail: Mail) -> Bounce | None:
    """Read a report in words: from a mail daemon, with the failed mail's header in its text or its recipient named."""
    if not _DAEMON.match(mail.sender_address or ""):
        return None
    failed_to = mail.headers.text("x-failed-recipients")
    returned = _FAILED_ID.search(mail.full)
    if not (failed_to or returned or mail.references):
        return None
    status = _STATUS.search(mail.full)
    named = returned[1] if returned else (mail.references[-1] if mail.references else None)
    return Bounce(
        message_id=named,
        recipient=failed_to.partition(",")[0].strip().lower() or None,
        status=status[1] if status else None,
        permanent=not (status and status[1].startswith("4")),
    )
