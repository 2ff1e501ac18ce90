"""What our mails say, as rows of the outgoing queue.

Every mail has a Message-ID by `shared.thread`, so that whoever we wrote to can answer in the case.
"""

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.casework.domain.handover import Preview
from services.casework.domain.lifecycle import Version
from services.casework.links import UnitLinks
from services.casework.mail.compose import one_line
from services.casework.mail.html import html_of
from services.casework.mail.receipts import TITLES, Receipt, Sender, greeted, worded
from shared import thread
from shared.clock import local
from shared.vocabulary import Channel

CHANNELS = MappingProxyType(
    {Channel.PHONE: "Samtal", Channel.EMAIL: "Mejl", Channel.VISIT: "Besök", Channel.E_SERVICE: "E-tjänst"}
)
"""Channels as the receiver of a hand-over reads them."""

_LONGEST_REFERENCES = 20
_LONGEST_SUBJECT = 160
"""Of the citizen's words in a subject, so that the number behind them is never cut off."""
_NEWS = MappingProxyType(
    {"wrote": "invånaren har skrivit", "assigned": "det är ditt nu", "withdrawn": "taget tillbaka"}
)
_CHECKLIST = MappingProxyType(
    {
        "reread": "Läs igenom checklistan",
        "submitted": "Checklista att godkänna",
        "urgent": "Akutändring att godkänna",
        "lapsed": "Akutändringen har slutat gälla",
        "stopped": "Checklistan publicerades inte",
    }
)


@dataclass(frozen=True, slots=True)
class Letters:
    """Composes our mails as rows of the outgoing queue."""

    key: bytes
    """The key of reply tokens (`settings.key_for("thread")`)."""
    domain: str
    casework_url: str
    own_addresses: frozenset[str]
    unit_links: UnitLinks
    """By what link a unit without a login receives."""
    _texts: Environment

    @classmethod
    def make(
        cls, key: bytes, domain: str, casework_url: str, own_addresses: frozenset[str], unit_key: bytes
    ) -> "Letters":
        """Return letters with our templates."""
        loader = FileSystemLoader(Path(__file__).parents[1] / "templates" / "mails")
        texts = Environment(loader=loader, undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701 - plain text
        return cls(key, domain, casework_url, own_addresses, UnitLinks(casework_url, unit_key), texts)

    def receipt(
        self, contact: Mapping[str, Any], facts: Receipt, now: datetime, *, template: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the mail that says a contact has come in, in the thread of the citizen's own mail.

        It quotes nothing of what was written, whatever it was about. `template` is the unit's own text, if it has one.
        """
        name = greeted(contact["sender_name"])
        if template is not None:
            body = worded(template["body"], name, facts)
        else:
            values = {
                "number": facts.number,
                "sender": facts.sender.name,
                "answer_by": facts.day,
                "channel": facts.channel,
            }
            body = self._render(f"receipt.{'en' if facts.language == 'en' else 'sv'}.txt", name=name, **values)
        titled = (template or {}).get("subject") or TITLES.get(facts.language, TITLES["sv"])
        mail = self._mail("receipt", contact["case_id"], contact["sender_email"], "receipt", now)
        subject = thread.tagged(one_line(titled), facts.number)
        said = {"subject": subject, "body": body, **in_thread(contact)}
        return {**mail, "sender_name": facts.sender.name, "sender_address": facts.sender.address, **said}

    def reply(  # noqa: PLR0913, PLR0917 - what a reply is made of
        self,
        case_id: str,
        number: str,
        contact: Mapping[str, Any],
        text: str,
        sender: Sender,
        nonce: str,
        now: datetime,
        *,
        files: Sequence[Mapping[str, Any]] = (),
        secret: bool = False,
    ) -> dict[str, Any]:
        """Return a reply in the citizen's thread, in plain text and HTML; the same nonce gives the same Message-ID.

        Where it is `secret` what she wrote about, the subject says only the case's number.
        """
        template = "reply.en.txt" if contact["language"] == "en" else "reply.txt"
        body = self._render(template, text=text.strip(), number=number, sender=sender.name)
        mail = self._mail("reply", case_id, contact["sender_email"], nonce, now)
        subject = subject_of(contact, number, secret=secret)
        said = {"subject": subject, "body": body, "html": html_of(body, contact["language"] or "sv", subject)}
        return {
            **mail,
            **said,
            **in_thread(contact),
            "sender_name": sender.name,
            "sender_address": sender.address,
            "attachments": [dict(one) for one in files],
        }

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
        link: str = "",
        unsaid: bool = False,
    ) -> dict[str, Any]:
        """Return the mail that hands a case over to a unit's address; `link` where it acts without a login.

        `unsaid` is a message that may not go by mail.
        """
        body = self._render(
            "handover.txt",
            preview=preview,
            message=message.strip(),
            unsaid=unsaid,
            conversation=conversation,
            number=number,
            url=link or f"{self.casework_url}/cases/{number}",
            acknowledge_by=when(preview.acknowledge_by),
            answer_by=when(preview.answer_by),
        )
        mail = self._mail("handover", case_id, preview.address, nonce, now)
        subject = f"Överlämnat ärende {number}: {preview.to}"
        return {**mail, "sender_name": "Kontaktcenter", "subject": subject, "body": body, "reference_ids": []}

    def notice(  # noqa: PLR0913 - what a notice is made of, each by name
        self,
        case_id: str,
        number: str,
        contact: Mapping[str, Any],
        what: str,
        *,
        sender: Sender,
        nonce: str,
        now: datetime,
        answer_by: datetime,
        secret: bool = False,
        **facts: str,
    ) -> dict[str, Any]:
        """Return the mail that tells the citizen where her case is, in her thread: `handed_over moved resumed late`."""
        language = "en" if contact["language"] == "en" else "sv"
        by = when(answer_by, language)
        values = {"what": what, "number": number, "sender": sender.name, "answer_by": by, **facts}
        body = self._render(f"notice.{language}.txt", name=greeted(contact["sender_name"]), **values)
        mail = self._mail("notice", case_id, contact["sender_email"], nonce, now)
        subject = subject_of(contact, number, secret=secret)
        said = {"subject": subject, "body": body, "html": html_of(body, language, subject)}
        return {**mail, **said, **in_thread(contact), "sender_name": sender.name, "sender_address": sender.address}

    def news(  # noqa: PLR0913 - what such a mail is made of
        self,
        what: str,
        handover: Mapping[str, Any],
        number: str,
        recipient: str,
        nonce: str,
        now: datetime,
        *,
        login: bool,
    ) -> dict[str, Any]:
        """Return the mail that tells a unit or an officer what has happened: `wrote`, `assigned` or `withdrawn`.

        Nothing of the case but its number and the time of the answer. A unit without `login` gets its own link.
        """
        url = f"{self.casework_url}/cases/{number}"
        if not login:
            url = self.unit_links.address(handover["id"], handover["unit"])
        body = self._render("news.txt", what=what, number=number, answer_by=when(handover["answer_by"]), url=url)
        own = f"{what}x{handover['id']}x{nonce}x{zlib.crc32(recipient.encode()):08x}".replace("-", "")
        mail = self._mail("news", handover["case_id"], recipient, own, now)
        subject = f"Ärende {number}: {_NEWS[what]}"
        return {**mail, "sender_name": "Kontaktcenter", "subject": subject, "body": body, "reference_ids": []}

    def promise(
        self,
        what: str,
        handover: Mapping[str, Any],
        recipient: str,
        promises: Mapping[str, datetime],
        now: datetime,
        *,
        login: bool,
    ) -> dict[str, Any]:
        """Return the mail that says of promises to `acknowledge` and to `answer` that they are due soon or broken.

        `what` is `reminder` or `escalation`; nothing of the case but its number. The same promise gives the same
        Message-ID. A unit without `login` gets its own link.
        """
        said = {kind: when(by) for kind, by in promises.items()}
        number, to = handover["number"], handover["to_label"]
        own_link = "" if login else self.unit_links.address(handover["id"], handover["unit"])
        moments = "x".join(f"{kind[:2]}{int(by.timestamp())}" for kind, by in promises.items())
        nonce = f"{what}x{handover['id'].replace('-', '')}x{moments}x{zlib.crc32(recipient.encode()):08x}"
        mail = self._mail(what, handover["case_id"], recipient, nonce, now)
        title = "Påminnelse om" if what == "reminder" else "Försenat:"
        url = own_link or f"{self.casework_url}/cases/{number}"
        body = self._render(f"{what}.txt", number=number, to=to, promises=said, url=url)
        subject = f"{title} ärende {number}: {to}"
        return {**mail, "sender_name": "Kontaktcenter", "subject": subject, "body": body, "reference_ids": []}

    def checklist(
        self, what: str, version: Version, title: str, recipient: str, detail: str, now: datetime
    ) -> dict[str, Any]:
        """Return the mail that tells an owner of a checklist: `reread submitted urgent lapsed stopped`.

        It is about no case, so that an answer to it is nobody's message. The same thing gives the same Message-ID.
        """
        key = f"{version.id}.{version.number}.{what}.{detail}.{recipient.strip().lower()}"
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        until = when(version.urgent_until) if version.urgent_until else ""
        said = {"what": what, "title": title, "version": version.number, "detail": detail, "until": until}
        said |= {"author": version.author_name}
        url = f"{self.casework_url}/editor/checklists/{version.id}?version={version.number}"
        body = self._render("checklist.txt", **said, reason=version.urgent_reason, url=url)
        return {
            "id": f"checklist.{what}.{name}",
            "case_id": None,
            "kind": "checklist",
            "recipient": recipient,
            "message_id": f"<checklist.{name}@{self.domain}>",
            "state": "queued",
            "created_at": now,
            "next_at": now,
            "sender_name": "Kontaktcenter",
            "subject": f"{_CHECKLIST[what]}: {one_line(title)[:_LONGEST_SUBJECT]}",
            "body": body,
            "in_reply_to": None,
            "reference_ids": [],
        }

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


def when(moment: datetime, language: str = "sv") -> str:
    """Return a moment as we write it: `2026-11-25 kl. 14.30`, in English `2026-11-25 14:30`."""
    return local(moment).strftime("%Y-%m-%d %H:%M" if language == "en" else "%Y-%m-%d kl. %H.%M")


def subject_of(contact: Mapping[str, Any], number: str, *, secret: bool) -> str:
    """Return the subject of what we write in a citizen's thread: hers and the case's number, only that if `secret`."""
    case = "Case" if contact["language"] == "en" else "Ärende"
    theirs = "" if secret else thread.untagged(contact["subject"] or "")[:_LONGEST_SUBJECT]
    return thread.tagged(answering(theirs) if theirs else case, number)


def answering(subject: str) -> str:
    """Return the subject of an answer: one `Re:` however often it went back and forth."""
    plain = re.sub(r"^(?:\s*(?:re|sv)\s*:\s*)+", "", subject, flags=re.IGNORECASE)
    return f"Re: {one_line(plain)}"


def in_thread(contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return what keeps an answer in the citizen's thread (RFC 5322 3.6.4)."""
    message_id = contact["message_id"]
    earlier = [one for one in contact.get("reference_ids") or () if one != message_id]
    references = [*earlier, message_id] if message_id else earlier
    return {"in_reply_to": message_id, "reference_ids": references[-_LONGEST_REFERENCES:]}
