"""What a mail is to us: a contact, a follow-up or a bounce, with its files; nothing is written here."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import structlog

from services.intake.domain import bounce, mail
from services.intake.domain.archives import USUAL, Limits
from services.intake.domain.automatic import why_automatic
from services.intake.domain.outcome import Entry, Outcome, Spot, believable
from services.intake.usecases import entrances
from services.intake.usecases.entrances import Entrances
from services.intake.usecases.keep import MAIL, Kept, attachments, kept_of
from services.intake.usecases.threads import place
from shared import thread
from shared.clock import Clock
from shared.events import ContactBounced, ContactFollowedUp, ContactReceived, Event, Sender
from shared.ids import mail_contact_id, natural_contact_id
from shared.person import person_key
from shared.vocabulary import Channel, EntranceKind

TOO_LARGE = "too_large"
"""The flag of a mail of which only the header is read, and stored."""

log = structlog.get_logger(__name__)


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
    folder: str = ""
    """The folder it lies in when that is not its mailbox's inbox."""

    @property
    def spot(self) -> Spot:
        """Its place."""
        return Spot(self.mailbox, self.uidvalidity, self.uid, self.folder)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail understood: its line in the ledger, its event (None: quarantine), and what is kept of it."""

    raw: RawMail
    entry: Entry
    event: Event | None
    kept: Kept

    @property
    def contact_id(self) -> str:
        """The contact that the mail is."""
        return self.entry.contact_id


@dataclass(frozen=True, slots=True)
class UnderstandMail:
    """Read a mail; no mail makes it raise."""

    entrances: Entrances
    clock: Clock
    keys: Keys
    limits: Limits = USUAL

    def understand(self, raw: RawMail, mailbox: str) -> Arrival:
        """Return what the mail is; `mailbox` is the address it came to when its header names no known one."""
        for read in (self._read, mail.nothing):
            try:
                return self._understood(raw, read(raw.data), mailbox)
            except Exception:
                # One mail must never stop those behind it: a person reads what we could not.
                log.exception("mail_not_understood")
        return quarantined(raw, "not_understood", self.clock(), hash_of(raw.data))

    def again(self, raw: RawMail, mailbox: str, contact_id: str) -> Arrival:
        """Return what a mail is that is the contact `contact_id` since it was read before."""
        return self._understood(raw, self._read(raw.data), mailbox, contact_id)

    def _read(self, data: bytes) -> mail.Mail:
        return mail.read(data, self.limits)

    def _understood(self, raw: RawMail, read: mail.Mail, mailbox: str, before: str | None = None) -> Arrival:
        contact_id = before or mail_contact_id(read.message_id, mail.body_of(raw.data))
        kept = kept_of(contact_id, raw.data, MAIL, read.files)
        back = None if before else bounce.find(read, thread.is_ours)
        event = self._bounced(contact_id, back) if back else self._received(contact_id, raw, read, mailbox, kept)
        outcome, why = _outcome(event, read, raw.flags)
        came_at = believable(raw.internal_at, self.clock())
        entry = Entry(raw.spot, came_at, contact_id, _hashed(read.message_id), outcome, why)
        return Arrival(raw, entry, event, kept)

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
        quiet = ("quiet",) if raw.quiet else ()
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
            attachments=attachments(kept, self.limits),
            original_key=kept.key,
            message_id=read.message_id if read.identified else None,
            references=read.references,
            automatic=why_automatic(read) is not None,
            unreadable=read.unreadable,
            flags=(*flags, *where.flags, *read.flags, *raw.flags, *quiet),
            linked_case=where.linked,
            tagged_case=where.tagged,
        )
        if where.follows:
            return ContactFollowedUp(**dict(received), follows=where.follows)
        return received


def quarantined(raw: RawMail, why: str, now: datetime, message_hash: str) -> Arrival:
    """Return the arrival of a mail that becomes no event; its bytes lie under a key of their own."""
    contact_id = natural_contact_id("quarantine", hashlib.sha256(raw.data).hexdigest())
    came_at = believable(raw.internal_at, now)
    entry = Entry(raw.spot, came_at, contact_id, message_hash, Outcome.QUARANTINED, why)
    return Arrival(raw, entry, None, Kept(held_key(contact_id), raw.data, MAIL))


def held_key(contact_id: str) -> str:
    """Return where a mail in quarantine is kept; it begins with the contact id, as every key of the originals."""
    return f"{contact_id}/quarantine"


def _outcome(event: Event, read: mail.Mail, noticed: tuple[str, ...]) -> tuple[Outcome, str]:
    if isinstance(event, ContactBounced):
        return Outcome.AUTOMATIC, "bounce"
    if (sign := why_automatic(read)) is not None:
        return Outcome.AUTOMATIC, sign
    why = TOO_LARGE if TOO_LARGE in noticed else "unreadable" if read.unreadable else ""
    return (Outcome.FOLLOW_UP if isinstance(event, ContactFollowedUp) else Outcome.IMPORTED), why


def hash_of(data: bytes) -> str:
    """Return what tells the Message-ID of a mail, or of its header alone, from others: the id may name a person."""
    try:
        return _hashed(mail.read(data).message_id)
    except Exception:  # noqa: BLE001 - as above: no mail stops the others
        return hashlib.sha256(data).hexdigest()[:32]


def _hashed(message_id: str) -> str:
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
