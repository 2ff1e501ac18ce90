"""Repair what the comparison found: take a mail in again, move it, or say that it has been seen to; a click each."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.channels.account import Account
from services.intake.channels.census import Census
from services.intake.channels.imap_errors import words
from services.intake.channels.mailbox import ERRORS
from services.intake.domain.outcome import Line, Outcome, Spot, swedish_day
from services.intake.domain.reconciliation import Difference, Kind
from services.intake.store.checks import Checks
from services.intake.store.ledger import Ledger
from services.intake.usecases.keep import keep, with_scans
from services.intake.usecases.receive_mail import ReceiveMail, message_of
from services.intake.usecases.understand_mail import (
    TOO_LARGE,
    Arrival,
    RawMail,
    UnderstandMail,
    held_key,
    quarantined,
)
from shared.errors import ConflictError, DomainError, NotFoundError, TransientError
from shared.originals import original_key

log = structlog.get_logger(__name__)


class GoneError(ConflictError):
    """The mail does not lie any more where it was found."""

    type = "mail-gone"
    title = "Mejlet ligger inte längre där. Listan har uppdaterats."


class StillUnreadError(DomainError):
    """A mail in quarantine still becomes no contact."""

    type = "mail-still-unread"
    status = 409
    title = "Mejlet går fortfarande inte att ta in. Det ligger kvar i karantän."


class Originals(Protocol):
    """The originals store."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None: ...
    async def get(self, key: str) -> bytes: ...
    async def remove(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class RepairMail:
    """What a person decides about a mail that is not accounted for."""

    boxes: Mapping[str, Census]
    """By the name of the mailbox."""
    receive: ReceiveMail
    reader: UnderstandMail
    originals: Originals
    ledger: Ledger
    checks: Checks
    mail_limit: int = 50_000_000

    async def repair(self, difference_id: str) -> None:
        """Do what is missing: take it in, move it or say it again; NotFoundError when it is no difference any more."""
        found = await self._found(difference_id)
        match found.kind:
            case Kind.WAITING | Kind.UNKNOWN:
                raw = await self._fetch(found)
                await self.receive.receive([raw], _fallback(self._box(found)))
                await self._away(found)
            case Kind.NOT_MOVED:
                await self._away(found)
            case Kind.NOT_PUBLISHED:
                await self._say_again(found)
        await self.checks.repaired(found.id)
        log.info("mail_repaired", kind=found.kind, mailbox=found.spot.mailbox, uid=found.spot.uid)

    async def note(self, difference_id: str) -> None:
        """Note that a mail is not to be taken in: its bytes go into quarantine, and it is counted there."""
        found = await self._found(difference_id)
        if found.kind not in {Kind.WAITING, Kind.UNKNOWN}:
            raise ConflictError
        raw = await self._fetch(found)
        read = self.reader.understand(raw, "")
        noted = quarantined(raw, "noted", self.receive.clock(), read.entry.message_hash)
        await keep(self.originals, [noted.kept])
        await self.ledger.write([noted.entry])
        await self._away(found)
        await self.checks.repaired(found.id)
        log.info("mail_noted", mailbox=found.spot.mailbox, uid=found.spot.uid)

    async def release(self, contact_id: str) -> str:
        """Try again with a mail in quarantine; return the contact that it has become, or StillUnreadError."""
        line = await self.ledger.of_contact(contact_id)
        if line is None or line.entry.outcome is not Outcome.QUARANTINED:
            raise NotFoundError
        arrival = await self._from_quarantine(line)
        if arrival.event is None:
            raise StillUnreadError
        scans = await keep(self.originals, [arrival.kept], self.receive.safety)
        if arrival.contact_id not in await self.receive.seen.known([arrival.contact_id]):
            await self.receive.log.publish(message_of(with_scans(arrival.event, scans)))
            await self.receive.seen.mark([arrival.contact_id])
        await self.ledger.settle(arrival.entry, spot=line.entry.spot)
        await self.originals.remove(held_key(contact_id))
        log.info("mail_released", contact_id=arrival.contact_id)
        return arrival.contact_id

    async def _from_quarantine(self, line: Line) -> Arrival:
        box = self.boxes.get(line.entry.spot.mailbox)
        data = await self.originals.get(held_key(line.entry.contact_id))
        raw = _raw(data, line.entry.spot, line.entry.received_at, box.account if box else None)
        return await asyncio.to_thread(self.reader.understand, raw, _fallback(box) if box else "")

    async def _say_again(self, found: Difference) -> None:
        """Publish the event of a stored original again: under the id that it had, so that it is no second one."""
        data = await self.originals.get(original_key(found.contact_id or ""))
        raw = RawMail(data, internal_at=found.received_at)
        arrival = await asyncio.to_thread(self.reader.understand, raw, _fallback(self._box(found)))
        if arrival.event is None or arrival.contact_id != found.contact_id:
            raise StillUnreadError
        scans = await keep(self.originals, [arrival.kept], self.receive.safety)
        await self.receive.log.publish(message_of(with_scans(arrival.event, scans)))
        await self.receive.seen.mark([arrival.contact_id])

    async def _found(self, difference_id: str) -> Difference:
        found = await self.checks.difference(difference_id)
        if found is None:
            raise NotFoundError
        return found

    def _box(self, found: Difference) -> Census:
        box = self.boxes.get(found.spot.mailbox)
        if box is None:
            raise NotFoundError  # the mailbox is not read any more
        return box

    async def _fetch(self, found: Difference) -> RawMail:
        spot = found.spot
        box = self._box(found)
        try:
            mails = await box.bounded(lambda: box.fetch(spot.folder, spot.uidvalidity, [spot.uid], self.mail_limit))
        except ERRORS as error:
            raise TransientError(words(error)) from error
        if spot.uid not in mails:
            await self.checks.repaired(found.id)
            raise GoneError
        data, about = mails[spot.uid]
        raw = _raw(data, spot, found.received_at, box.account)
        return replace(raw, flags=(TOO_LARGE,)) if about.size > self.mail_limit else raw

    async def _away(self, found: Difference) -> None:
        """Move a mail out of the inbox, if it lies there, and write that down."""
        spot = found.spot
        if not spot.folder:
            box = self._box(found)
            try:
                await box.bounded(lambda: box.move(spot.uidvalidity, spot.uid))
            except ERRORS as error:
                raise TransientError(words(error)) from error
        await self.ledger.moved([spot], self.receive.clock())


def _raw(data: bytes, spot: Spot, came_at: datetime, account: Account | None) -> RawMail:
    """Return a mail as the loop would have given it: one from before the mailbox was ours is taken in quietly."""
    quiet = account is not None and account.is_old(swedish_day(came_at))
    return RawMail(data, (), spot.mailbox, spot.uidvalidity, spot.uid, came_at, quiet, spot.folder)


def _fallback(box: Census) -> str:
    """Return the entrance, or the address, of a mail whose header names no known one."""
    return box.account.entrance or box.account.address
