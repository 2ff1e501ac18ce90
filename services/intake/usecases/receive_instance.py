"""A version of a submission at an e-service platform becomes a contact, or the follow-up of the one that it completes.

Original first, then the event, then the note that the platform is to be told so. Each step is the same on every retry.
Only who owns the submission can complete it there, so the platform's number proves the case as our token does in mail.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from services.intake.channels.eplatform import EPlatform, Family, GoneError, Raw, TooLargeError, understood
from services.intake.channels.phone import e164
from services.intake.domain import form
from services.intake.domain.archives import USUAL, Limits
from services.intake.domain.instance import Instance, Upload
from services.intake.domain.parts import File, safe_name
from services.intake.store.instances import Claim, Key
from services.intake.usecases import entrances
from services.intake.usecases.applicant import applicant
from services.intake.usecases.entrances import Entrances
from services.intake.usecases.keep import Kept, Safety, Store, attachments, keep, kept_of, with_scans
from services.intake.usecases.publishing import Log, Once
from shared.clock import Clock
from shared.errors import PermanentError
from shared.events import ContactFollowedUp, ContactReceived
from shared.ids import natural_contact_id, natural_event_id
from shared.person import person_key
from shared.publish import message
from shared.vocabulary import Channel, EntranceKind

LONGEST_UNKNOWN = timedelta(hours=24)
"""So long a completion waits for the case of its first version; then it is a contact of its own."""
LOG_SECONDS = 10.0
XML = "application/xml"
NOT_ALL_FILES = "files_missing"

log = structlog.get_logger(__name__)


class Book(Protocol):
    """Which contact and case each instance is."""

    async def claim(self, key: Key, family: str, contact_id: str, now: datetime) -> Claim: ...
    async def published(
        self, key: Key, contact_id: str, now: datetime, *, family: str, delivered: bool = True
    ) -> None: ...


class Taken(StrEnum):
    """What became of a version."""

    NEW = "new"
    FOLLOW_UP = "follow_up"
    KNOWN = "known"
    """It was taken in before."""
    OLD = "old"
    """It was last submitted before the family was ours."""
    WAITS = "waits"
    """It completes a submission whose case is not known yet."""
    UNREADABLE = "unreadable"
    """Nobody could read it, so that a person must."""
    GONE = "gone"
    """It was listed and is not there."""


@dataclass(frozen=True, slots=True)
class ReceiveInstance:
    """Take in the instances of one platform, one at a time; the same again changes nothing."""

    platform: EPlatform
    entrances: Entrances
    originals: Store
    log: Log
    seen: Once
    book: Book
    clock: Clock
    person_secret: bytes
    safety: Safety | None = None
    limits: Limits = USUAL

    async def receive(self, family: Family, instance_id: str) -> Taken:
        """Fetch, keep and publish; TransientError when a part does not answer, PermanentError for what is no XML."""
        raw = await self.platform.fetch(instance_id)
        read = await asyncio.to_thread(understood, raw)
        if read.before(family.since):
            return Taken.OLD
        name = self.platform.platform.name
        key, contact_id = Key(name, instance_id), natural_contact_id("eplatform", name, instance_id, read.submitted)
        claim = await self.book.claim(key, family.id, contact_id, self.clock())
        taken = _taken(claim, contact_id, self.clock())
        if taken in {Taken.KNOWN, Taken.WAITS}:
            return taken
        follows = claim.case_id if taken is Taken.FOLLOW_UP else None

        async def publish() -> None:
            files, missing = await self._files(read)
            kept = kept_of(contact_id, raw.data, XML, files)
            words = await asyncio.to_thread(form.words, read.fields)
            await self._publish(kept, self._event(family, read, kept, words, missing), follows)

        await self._once(key, family, contact_id, publish)
        return taken

    async def unreadable(self, family: Family, instance_id: str, problem: str) -> None:
        """Publish what nobody could read, with its bytes if there are any, and say that it did not reach us whole."""
        name = self.platform.platform.name
        key, contact_id = Key(name, instance_id), natural_contact_id("eplatform", name, instance_id, "unreadable")
        await self.book.claim(key, family.id, contact_id, self.clock())

        async def publish() -> None:
            try:
                data = (await self.platform.fetch(instance_id)).data
            except PermanentError:
                data = b""  # too large, mostly: it lies at the platform and nowhere else
            kept = kept_of(contact_id, data, XML, ())
            event = self._event(family, Instance(instance_id, family.id, ""), kept, form.words({}), ())
            flags = tuple(flag for flag in event.flags if flag != "no_fields")
            await self._publish(kept, event.model_copy(update={"unreadable": True, "flags": flags}), None)

        log.warning("instance_unreadable", platform=name, instance=instance_id, problem=problem)
        await self._once(key, family, contact_id, publish, delivered=False)

    async def _once(
        self,
        key: Key,
        family: Family,
        contact_id: str,
        publish: Callable[[], Awaitable[None]],
        *,
        delivered: bool = True,
    ) -> None:
        await self.seen.once(contact_id, publish)
        await self.book.published(key, contact_id, self.clock(), family=family.id, delivered=delivered)

    async def _publish(self, kept: Kept, event: ContactReceived, follows: str | None) -> None:
        files = await asyncio.to_thread(attachments, kept, self.limits) if kept.files else ()
        scans = await keep(self.originals, [kept], self.safety)
        told = with_scans(event.model_copy(update={"attachments": files}), scans)
        if follows is not None:
            told = ContactFollowedUp(**dict(told), follows=follows)
        said = message(told, event_id=natural_event_id(told.event_type, told.contact_id))
        await self.log.publish(said, timeout=LOG_SECONDS)
        log.info("instance_received", contact_id=told.contact_id, type=told.event_type)

    async def _files(self, read: Instance) -> tuple[list[File], tuple[str, ...]]:
        """Return the files, fetched where they do not stand in the XML, and a flag if some are not to be had."""
        files: list[File] = []
        left = self.limits.file_bytes
        for upload in read.files[: self.limits.files]:
            raw = await self._file(read, upload, left)
            if raw is not None and len(raw.data) <= left:
                files.append(File(safe_name(upload.name), raw.content_type, raw.data))
                left -= len(raw.data)
        return files, (NOT_ALL_FILES,) if len(files) < len(read.files) else ()

    async def _file(self, read: Instance, upload: Upload, most: int) -> Raw | None:
        if upload.data is not None:
            return Raw(upload.data)
        if not upload.query:
            return None
        try:
            return await self.platform.file(read.id, upload.query, upload.id, most)
        except (GoneError, TooLargeError) as error:
            log.warning("instance_without_file", instance=read.id, why=str(error))
            return None

    def _event(
        self, family: Family, read: Instance, kept: Kept, words: form.Words, noticed: Sequence[str]
    ) -> ContactReceived:
        entrance, flags = entrances.find(self.entrances, EntranceKind.FORM, family.form)
        said = read.applicant
        sender, doubts = applicant(said.name, said.email, said.phone)
        now = self.clock()
        return ContactReceived(
            contact_id=kept.key.partition("/")[0],
            channel=Channel.E_SERVICE,
            entrance=entrance.id,
            unit=entrance.unit,
            received_at=now,
            sender=sender,
            person_key=person_key(self.person_secret, now, email=sender.email, phone=e164(sender.phone)),
            subject=entrance.name,
            text=words.own,
            full_text=words.full,
            fields=words.fields,
            form=family.form,
            original_key=kept.key,
            flags=(*flags, *words.flags, *doubts, *noticed),
        )


def _taken(claim: Claim, contact_id: str, now: datetime) -> Taken:
    if claim.published:
        return Taken.KNOWN
    if claim.first_contact == contact_id:
        return Taken.NEW
    if claim.case_id is not None:
        return Taken.FOLLOW_UP
    since = claim.waits_since
    return Taken.NEW if since is not None and since < now - LONGEST_UNKNOWN else Taken.WAITS
