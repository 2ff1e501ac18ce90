"""A form submission becomes a contact: once per form and submission id, answered when Kafka has it."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Protocol

from services.intake.channels.forms import FormFile, Submission
from services.intake.channels.phone import e164
from services.intake.domain import form
from services.intake.domain.archives import USUAL, Limits
from services.intake.domain.names import default_name
from services.intake.domain.parts import File, safe_name
from services.intake.usecases import entrances
from services.intake.usecases.applicant import applicant
from services.intake.usecases.entrances import Entrances
from services.intake.usecases.keep import Kept, Safety, Store, attachments, keep, kept_of, with_scans
from services.intake.usecases.publishing import Log, Once
from shared.clock import Clock
from shared.errors import DomainError, FieldError
from shared.events import Attachment, ContactReceived, Sender
from shared.ids import natural_contact_id, natural_event_id
from shared.person import person_key
from shared.publish import Message, message
from shared.vocabulary import Channel, EntranceKind

LARGE = 200_000
"""Bytes above which a submission is read beside the loop, so that nobody waits for it."""


class Ids(Protocol):
    """Which webhooks came in of late."""

    async def claim(self, webhook_id: str, body_hash: bytes) -> bool: ...


class FilesError(DomainError):
    """The submission has more files, or larger ones, than are taken in; its sender must send fewer."""

    type = "attachments-too-large"
    status = 422
    title = "Bilagorna är för många eller för stora."
    too_many = "Det är fler filer än vad som tas emot."
    too_large = "Filerna är större än vad som tas emot."


class ReplayError(DomainError):
    """The id of this webhook came before with another body."""

    type = "webhook-id-reused"
    status = 409
    title = "Samma webhook-id har redan använts för något annat."
    reason = "replay"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a submission came: the id of its webhook, by the name of the key that signed it."""

    key: str
    webhook_id: str


@dataclass(frozen=True, slots=True)
class ReceiveForm:
    """Take in one submission; the same again has the same answer and no second event."""

    entrances: Entrances
    originals: Store
    log: Log
    seen: Once
    clock: Clock
    person_secret: bytes
    timeout: float = 2.0
    safety: Safety | None = None
    limits: Limits = USUAL
    ids: Ids | None = None

    async def receive(self, submission: Submission, original: bytes, delivery: Delivery | None = None) -> str:
        """Store the original, publish, and return the contact id; LogUnavailableError when Kafka is silent."""
        check_files(submission, self.limits)
        await self._check_id(delivery, original)
        contact_id = natural_contact_id("form", submission.form, submission.submission_id)

        async def publish() -> None:
            kept = _kept(contact_id, submission, original)
            files = await asyncio.to_thread(attachments, kept, self.limits) if kept.files else ()
            scans = await keep(self.originals, [kept], self.safety, within=self.timeout)
            large = len(original) > LARGE
            words = await asyncio.to_thread(form.words, submission.fields) if large else form.words(submission.fields)
            event = with_scans(self._event(contact_id, submission, kept, files, words), scans)
            await self.log.publish(_message(event), timeout=self.timeout)

        await self.seen.once(contact_id, publish)
        return contact_id

    async def _check_id(self, delivery: Delivery | None, original: bytes) -> None:
        """Refuse another body under an id of late; the same body is the same message, and has the same answer."""
        if delivery is None or self.ids is None:
            return
        known = f"{delivery.key}/{delivery.webhook_id}"
        if not await self.ids.claim(known, hashlib.sha256(original).digest()):
            raise ReplayError

    def _event(
        self, contact_id: str, submission: Submission, kept: Kept, files: tuple[Attachment, ...], words: form.Words
    ) -> ContactReceived:
        entrance, flags = entrances.find(self.entrances, EntranceKind.FORM, submission.form)
        now = self.clock()
        said = submission.applicant
        sender, doubts = applicant(said.name, said.email, said.phone) if said else (Sender(), ())
        return ContactReceived(
            contact_id=contact_id,
            channel=Channel.E_SERVICE,
            entrance=entrance.id,
            unit=entrance.unit,
            language=submission.language or "sv",
            received_at=now,
            sender=sender,
            person_key=person_key(self.person_secret, now, email=sender.email, phone=e164(sender.phone)),
            subject=entrance.name,
            text=words.own,
            full_text=words.full,
            fields=words.fields,
            form=submission.form,
            attachments=files,
            original_key=kept.key,
            flags=(*flags, *words.flags, *doubts),
        )


def check_files(submission: Submission, limits: Limits) -> None:
    """Refuse more files, or larger ones, than an installation takes; the first one too many is named."""
    size = 0
    for number, one in enumerate(submission.attachments):
        size += len(one.data)
        if number >= limits.files:
            raise FilesError(errors=[FieldError(f"/attachments/{number}", FilesError.too_many)])
        if size > limits.file_bytes:
            raise FilesError(errors=[FieldError(f"/attachments/{number}/base64", FilesError.too_large)])


def _kept(contact_id: str, submission: Submission, original: bytes) -> Kept:
    given = [one for one in submission.attachments if not one.is_nothing]
    files = [File(safe_name(_named(one, number)), one.content_type, one.data) for number, one in enumerate(given, 1)]
    return kept_of(contact_id, original, "application/json", files)


def _named(file: FormFile, number: int) -> str:
    return file.name if file.name.strip() else default_name(file.content_type, number)


def _message(event: ContactReceived) -> Message:
    return message(event, event_id=natural_event_id(event.event_type, event.contact_id))
