"""A mail of ours that came back: delivery reports by RFC 3464, and what other servers send in words.

Only what a mail server sends is read so: a person who forwards a report to us has written a mail. The report itself is
read here, for its status, its delays and the mail that it returns; who could not be reached where a server keeps to no
standard (qmail, Exim, older Exchange, Yahoo …) is found by the detectors of Mailman, `flufl.bounce`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message

from flufl.bounce import all_failures

from services.intake.domain import parts, text
from services.intake.domain.mail import MAX_HEADER, Mail, message_ids

_FAILED_ID = re.compile(r"^[> \t]*message-id:[ \t]*(?:\r?\n[> \t]+)?(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-][^\d\s])")
_DAEMON = re.compile(r"^(mailer-daemon|postmaster|microsoftexchange[0-9a-f]+)@")
_TROUBLE = ("failed", "delayed")
"""What a report tells of a recipient that did not go well; the first is final."""
LONGEST_WORDS = 300_000
"""Characters of text in which a failed recipient is looked for: what is longer no server wrote about one mail."""
DEEPEST = 10
"""Parts within parts that are looked at; a report has two levels."""

Ours = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Bounce:
    """Which mail came back, from whom, and whether it is given up; parts nobody named are None."""

    message_id: str | None
    recipient: str | None
    status: str | None
    permanent: bool
    """False is a delay: the server still tries."""


def find(mail: Mail, ours: Ours = lambda _: True) -> Bounce | None:
    """Return the bounce that `mail` is, or None: no report, one that says that all went well, or not of our mail.

    One that names no mail at all but whom it could not reach is taken for ours: whom we wrote to is known elsewhere.
    """
    found = report(mail, ours)
    if found is None or (found.message_id is None and found.recipient is None):
        return None
    return found if found.message_id is None or ours(found.message_id) else None


def report(mail: Mail, ours: Ours = lambda _: True) -> Bounce | None:
    """Return what a mail server reports of a mail that did not arrive, be it ours or not."""
    if not _from_a_server(mail):
        return None
    reported = list(_reports(mail.structure))
    if reported:
        troubles = sorted(
            (one for one in reported if one["action"] in _TROUBLE), key=lambda one: _TROUBLE.index(one["action"])
        )
        return _from_report(mail, troubles[0], ours) if troubles else None
    return _from_words(mail, ours)


def _from_a_server(mail: Mail) -> bool:
    """Say whether a mail server wrote it: it says that it is a report, comes from a daemon, or from nobody."""
    returned = mail.headers.raw("return-path")
    return (
        mail.headers.text("content-type").lower().startswith("multipart/report")
        or bool(_DAEMON.match(mail.sender_address or ""))
        or mail.headers.raw("x-failed-recipients") is not None
        or (returned is not None and not returned.strip(" <>\t"))
    )


def _reports(structure: Message) -> Iterator[dict[str, str]]:
    """Yield the fields of each recipient in the delivery-status parts, but not in those of a mail within."""
    for part in _outer(structure):
        if part.get_content_type() not in {"message/delivery-status", "message/global-delivery-status"}:
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Message):
                fields = {name.lower(): text.header_text(str(value)) for name, value in block.raw_items()}
                fields["action"] = fields.get("action", "").lower().strip()
                if fields["action"]:
                    yield fields


def _outer(structure: Message, depth: int = 0) -> Iterator[Message]:
    """Yield the parts of a mail without those of mails within it."""
    yield structure
    kind = structure.get_content_type()
    inner = structure.get_payload()
    if kind.startswith("multipart/") and isinstance(inner, list) and depth < DEEPEST:
        for part in inner:
            if isinstance(part, Message):
                yield from _outer(part, depth + 1)


def _from_report(mail: Mail, fields: dict[str, str], ours: Ours) -> Bounce:
    who = fields.get("original-recipient") or fields.get("final-recipient") or ""
    return Bounce(
        message_id=_returned_id(mail, ours),
        recipient=_address(who.rpartition(";")[2]),
        status=_status(fields.get("status", ""), fields.get("diagnostic-code", "")),
        permanent=fields["action"] == "failed",
    )


def _status(*said: str) -> str | None:
    """Return the most telling status: one that says what was wrong goes before `5.0.0`, that before a mere `550`."""
    found = [one for words in said for one in _STATUS.findall(words)]
    telling = [one for one in found if not one.endswith(".0.0")]
    codes = [one for words in said for one in _CODE.findall(words)]
    return next(iter(telling or found or codes), None)


def _address(written: str) -> str | None:
    plain = written.strip().strip("<>").lower()
    return plain if "@" in plain else None


def _returned_id(mail: Mail, ours: Ours) -> str | None:
    """Return the Message-ID of the mail that came back: the first that is ours, else the first there is."""
    named = [*_returned(mail.structure), *_FAILED_ID.findall(mail.full), *reversed(mail.references)]
    return next((one for one in named if ours(one)), next(iter(named), None))


def _returned(structure: Message) -> Iterator[str]:
    """Yield the Message-IDs in the mail that is returned, or in its returned headers."""
    for part in _outer(structure):
        kind = part.get_content_type()
        inner = part.get_payload()
        if kind in {"message/rfc822", "message/global"} and isinstance(inner, list) and inner:
            returned = inner[0]
            yield from message_ids(str(returned.get("message-id", ""))) if isinstance(returned, Message) else ()
        elif kind in {"text/rfc822-headers", "message/global-headers"}:
            yield from _FAILED_ID.findall(text.decode(parts.body_bytes(part)))


def _from_words(mail: Mail, ours: Ours) -> Bounce | None:
    """Read a report in words; one that names neither a recipient nor a mail of ours is none."""
    later, never = _failures(mail)
    named = _returned_id(mail, ours)
    header = mail.headers.text("x-failed-recipients").partition(",")[0]
    recipient = next((_address(one.decode("ascii", "replace")) for one in sorted(never or later)), _address(header))
    told = bool(_DAEMON.match(mail.sender_address or "")) and named is not None
    if recipient is None and not told:
        return None
    status = _status(mail.full)
    delayed = bool(later and not never) or (not never and not header and (status or "").startswith("4"))
    return Bounce(message_id=named, recipient=recipient, status=status, permanent=not delayed)


def _failures(mail: Mail) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return whom the detectors find: those still tried, and those given up."""
    nobody: tuple[frozenset[bytes], frozenset[bytes]] = (frozenset(), frozenset())
    if sum(map(len, mail.headers.all("x-failed-recipients"))) > MAX_HEADER:
        return nobody
    size = sum(len(said) for part in mail.structure.walk() if isinstance(said := part.get_payload(), str))
    return parts.attempt(lambda: all_failures(mail.structure), nobody) if size <= LONGEST_WORDS else nobody
