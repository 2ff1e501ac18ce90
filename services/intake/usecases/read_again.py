"""Read the stored original of a mail anew, as after an upgrade, and say what is read now in place of what was said."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog

from services.intake.domain.outcome import Line
from services.intake.usecases.keep import Safety, Store, keep, with_scans
from services.intake.usecases.publishing import Log
from services.intake.usecases.understand_mail import TOO_LARGE, Arrival, RawMail, UnderstandMail
from shared.errors import NotFoundError
from shared.events import ContactReceived, ContactReread
from shared.originals import original_key
from shared.publish import message

log = structlog.get_logger(__name__)


class Originals(Store, Protocol):
    """The originals store, to read from as well."""

    async def get(self, key: str) -> bytes: ...


class Lines(Protocol):
    """Where a mail's line is found: the ledger."""

    async def of_contact(self, contact_id: str) -> Line | None: ...


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Read a mail again; what is published is `contact.reread` with the fields of `contact.received`."""

    reader: UnderstandMail
    originals: Originals
    log: Log
    ledger: Lines
    address: str
    """The address that mails come in by when their header names no known one."""
    safety: Safety | None = None

    async def read(self, contact_id: str) -> ContactReread:
        """Store what is found in it and publish; NotFoundError when the contact is no mail or its original is gone."""
        line = await self.ledger.of_contact(contact_id)
        data = await self.originals.get(original_key(contact_id))
        flags = (TOO_LARGE,) if line and line.entry.why == TOO_LARGE else ()
        raw = RawMail(data, flags, internal_at=line.entry.received_at if line else None)
        arrival = await asyncio.to_thread(self._arrival, raw, contact_id, line)
        scans = await keep(self.originals, [arrival.kept], self.safety)
        event = with_scans(_corrected(arrival, line), scans)
        await self.log.publish(message(event))
        log.info("mail_read_again", contact_id=contact_id, unreadable=event.unreadable)
        return event

    def _arrival(self, raw: RawMail, contact_id: str, line: Line | None) -> Arrival:
        """Read it; without a line only the original itself can prove that it is the mail of this contact."""
        if line is None and self.reader.understand(raw, self.address).contact_id != contact_id:
            raise NotFoundError
        return self.reader.again(raw, self.address, contact_id)


def _corrected(arrival: Arrival, line: Line | None) -> ContactReread:
    event = arrival.event
    if not isinstance(event, ContactReceived):
        raise NotFoundError
    fields = {name: getattr(event, name) for name in ContactReread.model_fields}
    return ContactReread(**fields | {"received_at": line.seen_at if line else event.received_at})
