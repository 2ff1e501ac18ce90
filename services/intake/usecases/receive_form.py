"""A form submission becomes a contact: once per form and submission id, answered when Kafka has it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from services.intake.channels.forms import Submission
from services.intake.channels.phone import e164
from services.intake.domain import form
from services.intake.domain.archives import USUAL, Limits
from services.intake.domain.parts import File, safe_name
from services.intake.domain.text import one_line
from services.intake.usecases import entrances
from services.intake.usecases.entrances import Entrances
from services.intake.usecases.keep import Kept, Safety, Store, attachments, keep, with_scans
from shared.clock import Clock
from shared.events import Attachment, ContactReceived, Sender
from shared.ids import natural_contact_id, natural_event_id
from shared.originals import attachment_key, original_key
from shared.person import person_key
from shared.publish import Message, message
from shared.records import EntranceRecord
from shared.vocabulary import Channel, EntranceKind


class Log(Protocol):
    """Where events are published."""

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None: ...  # noqa: ASYNC109 - as Publisher's


class Once(Protocol):
    """What runs a contact's publication once."""

    async def once(self, contact_id: str, publish: Callable[[], Awaitable[None]]) -> bool: ...


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

    async def receive(self, submission: Submission, original: bytes) -> str:
        """Store the original, publish, and return the contact id; LogUnavailableError when Kafka is silent."""
        contact_id = natural_contact_id("form", submission.form, submission.submission_id)

        async def publish() -> None:
            kept = _kept(contact_id, submission, original)
            files = await asyncio.to_thread(attachments, kept, self.limits) if kept.files else ()
            scans = await keep(self.originals, [kept], self.safety, within=self.timeout)
            event = with_scans(self._event(contact_id, submission, kept, files), scans)
            await self.log.publish(_message(event), timeout=self.timeout)

        await self.seen.once(contact_id, publish)
        return contact_id

    def _event(
        self, contact_id: str, submission: Submission, kept: Kept, files: tuple[Attachment, ...]
    ) -> ContactReceived:
        entrance, flags = entrances.find(self.entrances, EntranceKind.FORM, submission.form)
        words = form.words(submission.fields)
        now = self.clock()
        sender, doubts = _sender(submission)
        return ContactReceived(
            contact_id=contact_id,
            channel=Channel.E_SERVICE,
            entrance=entrance.id,
            unit=entrance.unit,
            language=submission.language or "sv",
            received_at=now,
            sender=sender,
            person_key=person_key(self.person_secret, now, email=sender.email, phone=e164(sender.phone)),
            subject=_subject(entrance),
            text=words.own,
            full_text=words.full,
            fields=words.fields,
            form=submission.form,
            attachments=files,
            original_key=kept.key,
            flags=(*flags, *words.flags, *doubts),
        )


def _kept(contact_id: str, submission: Submission, original: bytes) -> Kept:
    files = [File(safe_name(one.name), one.content_type, one.data) for one in submission.attachments]
    keyed = tuple((attachment_key(contact_id, number, file.name), file) for number, file in enumerate(files, 1))
    return Kept(original_key(contact_id), original, "application/json", keyed)


def _sender(submission: Submission) -> tuple[Sender, tuple[str, ...]]:
    applicant = submission.applicant
    if applicant is None:
        return Sender(), ()
    email = form.address(applicant.email)
    name = one_line(applicant.name or "") or None
    phone = e164(applicant.phone) or one_line(applicant.phone or "") or None
    return Sender(name=name, email=email, phone=phone), ("unusable_email",) if applicant.email and not email else ()


def _subject(entrance: EntranceRecord) -> str:
    return entrance.name


def _message(event: ContactReceived) -> Message:
    return message(event, event_id=natural_event_id(event.event_type, event.contact_id))
