"""A mail becomes a contact, a follow-up or a bounce: original first, then the event, each the same on every retry."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.domain import bounce, mail
from services.intake.domain.automatic import why_automatic
from services.intake.usecases import entrances
from services.intake.usecases.entrances import Entrances
from services.intake.usecases.keep import Kept, Store, keep
from services.intake.usecases.threads import place
from shared import thread
from shared.clock import Clock
from shared.events import Attachment, ContactBounced, ContactFollowedUp, ContactReceived, Event, Sender
from shared.ids import mail_contact_id, natural_event_id
from shared.originals import attachment_key, original_key
from shared.person import person_key
from shared.publish import Message, message
from shared.vocabulary import Channel, EntranceKind

log = structlog.get_logger(__name__)


class Log(Protocol):
    """Where events are published."""

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None: ...  # noqa: ASYNC109 - as Publisher's


class Known(Protocol):
    """What remembers the contacts that are published."""

    async def known(self, contact_ids: Sequence[str]) -> frozenset[str]: ...
    async def mark(self, contact_ids: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the thread token and of the person hash."""

    thread: bytes
    person: bytes


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as the server gave it; `flags` are what the mailbox noticed (`too_large`: only its header is here)."""

    data: bytes
    flags: tuple[str, ...] = ()
    mailbox: str = ""
    """The name of its mailbox, with UIDVALIDITY and UID its place there; UID 0 is a mail without a place."""
    uidvalidity: int = 0
    uid: int = 0
    internal_at: datetime | None = None
    """When its server took it in (INTERNALDATE)."""
    quiet: bool = False
    """Old mail: taken in, and nobody is told or answered."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    contact_id: str
    event: Event
    kept: Kept


@dataclass(frozen=True, slots=True)
class ReceiveMail:
    """Take in mails of one mailbox: all of them or, when a part does not answer, none (a TransientError)."""

    entrances: Entrances
    originals: Store
    log: Log
    seen: Known
    clock: Clock
    keys: Keys

    async def receive(self, raws: Sequence[RawMail], mailbox: str) -> list[str]:
        """Store, publish and remember; return the contact ids. What was taken in before is passed over."""
        arrivals = await asyncio.to_thread(lambda: [self._arrival(raw, mailbox) for raw in raws])
        by_id = {one.contact_id: one for one in arrivals}
        known = await self.seen.known(list(by_id))
        new = [one for one in by_id.values() if one.contact_id not in known]
        await keep(self.originals, [one.kept for one in new])
        await self.log.publish(*(_message(one) for one in new), timeout=10)
        await self.seen.mark([one.contact_id for one in new])
        for one in new:
            log.info("mail_received", contact_id=one.contact_id, type=one.event.event_type)
        return [one.contact_id for one in arrivals]

    def _arrival(self, raw: RawMail, mailbox: str) -> _Arrival:
        try:
            return self._understood(raw, mail.read(raw.data), mailbox)
        except Exception:
            # One mail must never stop those behind it: a person reads what we could not.
            log.exception("mail_not_understood")
            return self._understood(raw, mail.nothing(raw.data), mailbox)

    def _understood(self, raw: RawMail, read: mail.Mail, mailbox: str) -> _Arrival:
        contact_id = mail_contact_id(read.message_id, mail.body_of(raw.data))
        files = [(attachment_key(contact_id, n, file.name), file) for n, file in enumerate(read.files, 1)]
        kept = Kept(original_key(contact_id), raw.data, "message/rfc822", tuple(files))
        back = bounce.find(read)
        event = self._bounced(contact_id, back) if back else self._received(contact_id, raw, read, mailbox, kept)
        return _Arrival(contact_id, event, kept)

    def _bounced(self, contact_id: str, back: bounce.Bounce) -> Event:
        return ContactBounced(
            contact_id=contact_id,
            message_id=back.message_id,
            recipient=back.recipient,
            status=back.status,
            permanent=back.permanent,
            bounced_at=self.clock(),
        )

    def _received(self, contact_id: str, raw: RawMail, read: mail.Mail, mailbox: str, kept: Kept) -> Event:
        sent_to = [thread.plain_address(one) for one in read.recipients]
        entrance, flags = entrances.find_first(self.entrances, EntranceKind.ADDRESS, sent_to, mailbox)
        where = place(self.keys.thread, read)
        now = self.clock()
        received = ContactReceived(
            contact_id=contact_id,
            channel=Channel.EMAIL,
            entrance=entrance.id,
            unit=entrance.unit,
            received_at=now,
            sender=Sender(name=read.sender_name, email=read.sender_address),
            person_key=person_key(self.keys.person, now, email=read.sender_address),
            subject=read.subject,
            text=read.own,
            full_text=read.full,
            attachments=_attachments(kept),
            original_key=kept.key,
            message_id=read.message_id if read.identified else None,
            references=read.references,
            automatic=why_automatic(read) is not None,
            unreadable=read.unreadable,
            flags=(*flags, *where.flags, *read.flags, *raw.flags),
            linked_case=where.linked,
            tagged_case=where.tagged,
        )
        if where.follows:
            return ContactFollowedUp(**dict(received), follows=where.follows)
        return received


def _attachments(kept: Kept) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(name=file.name, content_type=file.content_type, size=len(file.data), store_key=key)
        for key, file in kept.files
    )


def _message(arrival: _Arrival) -> Message:
    event = arrival.event
    return message(event, event_id=natural_event_id(event.event_type, arrival.contact_id))
