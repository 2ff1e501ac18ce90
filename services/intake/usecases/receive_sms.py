"""A text message becomes a contact: written, answered by whoever has time, with only a number to answer to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.channels.elks import TextMessage
from services.intake.usecases import entrances
from services.intake.usecases.entrances import Entrances
from services.intake.usecases.keep import Store
from services.intake.usecases.publishing import Log, Once
from shared.clock import Clock
from shared.errors import LogUnavailableError
from shared.events import ContactReceived, Sender
from shared.ids import natural_contact_id, natural_event_id
from shared.originals import original_key
from shared.person import person_key
from shared.publish import Message, message
from shared.vocabulary import Channel, EntranceKind

FORM = "sms"
"""What it says of itself, as other e-services name their form."""

log = structlog.get_logger(__name__)


class Spool(Protocol):
    """What keeps an event for later."""

    async def keep(self, event: Message) -> None: ...


@dataclass(frozen=True, slots=True)
class ReceiveSms:
    """Take in one SMS; telephony that repeats itself changes nothing, and a silent log loses nothing."""

    entrances: Entrances
    originals: Store
    log: Log
    seen: Once
    spool: Spool
    clock: Clock
    person_secret: bytes
    timeout: float = 2.0

    async def receive(self, sms: TextMessage, original: bytes) -> str:
        """Store the original, publish, and return the contact id."""
        contact_id = natural_contact_id("sms", sms.id)
        now = self.clock()

        async def publish() -> None:
            await self.originals.put(original_key(contact_id), original, content_type="application/json")
            event = self._event(contact_id, sms, now)
            told = message(event, event_id=natural_event_id(event.event_type, contact_id))
            try:
                await self.log.publish(told, timeout=self.timeout)
            except LogUnavailableError:
                log.warning("sms_spooled", contact_id=contact_id)
                await self.spool.keep(told)

        await self.seen.once(contact_id, publish)
        return contact_id

    def _event(self, contact_id: str, sms: TextMessage, now: datetime) -> ContactReceived:
        entrance, flags = entrances.find(self.entrances, EntranceKind.NUMBER, sms.dialled)
        return ContactReceived(
            contact_id=contact_id,
            channel=Channel.E_SERVICE,
            entrance=entrance.id,
            unit=entrance.unit,
            received_at=now,
            sender=Sender(phone=sms.sender),
            person_key=person_key(self.person_secret, now, phone=sms.sender),
            subject=entrance.name,
            text=sms.text,
            full_text=sms.text,
            form=FORM,
            original_key=original_key(contact_id),
            flags=(*flags, FORM) if sms.sender else (*flags, FORM, "withheld_number"),
        )
