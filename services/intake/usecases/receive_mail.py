"""A mail becomes a contact, a follow-up or a bounce: original first, then the event, then its line in the ledger.

Each step is the same on every retry, and the mail is moved only after the last. A mail that a step refuses for a reason
of its own goes into quarantine alone; a part that does not answer stops all of them (a TransientError).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from services.intake.domain.archives import USUAL, Limits
from services.intake.domain.outcome import Entry, Outcome, Spot
from services.intake.usecases.entrances import Entrances
from services.intake.usecases.keep import Kept, Safety, Store, keep, with_scans
from services.intake.usecases.publishing import Log
from services.intake.usecases.understand_mail import Arrival, Keys, RawMail, UnderstandMail, quarantined
from shared.clock import Clock
from shared.errors import PermanentError
from shared.events import ContactReceived, Event
from shared.ids import natural_event_id
from shared.metrics import MAIL_OUTCOMES
from shared.publish import Message, message
from shared.received import is_transient

__all__ = ["Keys", "RawMail", "ReceiveMail"]

SHORT_TEXT = 2_000
"""Characters of the text on an event that was too large for the log; the original holds the rest."""
FEW_FILES = 50
LOG_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Known(Protocol):
    """What remembers the contacts that are published."""

    async def known(self, contact_ids: Sequence[str]) -> frozenset[str]: ...
    async def mark(self, contact_ids: Sequence[str]) -> None: ...


class Book(Protocol):
    """The ledger of mails."""

    async def write(self, entries: Sequence[Entry]) -> dict[Spot, Outcome]: ...
    async def moved(self, spots: Sequence[Spot], at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class ReceiveMail:
    """Take in mails of one mailbox: all of them or, when a part does not answer, none (a TransientError)."""

    entrances: Entrances
    originals: Store
    log: Log
    seen: Known
    ledger: Book
    clock: Clock
    keys: Keys
    safety: Safety | None = None
    limits: Limits = USUAL

    async def receive(self, raws: Sequence[RawMail], mailbox: str) -> list[str]:
        """Store, publish, remember and write down; return the contact ids. What was taken in before is passed over."""
        reader = UnderstandMail(self.entrances, self.clock, self.keys, self.limits)
        arrivals = await asyncio.to_thread(lambda: [reader.understand(raw, mailbox) for raw in raws])
        try:
            await self._take(arrivals)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("mails_refused", count=len(arrivals))
            arrivals = [await self._alone(one) for one in arrivals]
        outcomes = await self.ledger.write([one.entry for one in arrivals if one.raw.uid])
        for outcome in outcomes.values():
            MAIL_OUTCOMES.labels(outcome).inc()
        return [one.contact_id for one in arrivals]

    async def moved(self, raws: Sequence[RawMail]) -> None:
        """Note that mails have left the inbox."""
        await self.ledger.moved([raw.spot for raw in raws if raw.uid], self.clock())

    async def _take(self, arrivals: Sequence[Arrival]) -> None:
        """Store, publish and mark; of the same contact the first."""
        by_id = {one.contact_id: one for one in reversed(arrivals)}
        known = await self.seen.known(list(by_id))
        new = [one for one in reversed(by_id.values()) if one.contact_id not in known]
        scans = await keep(self.originals, [one.kept for one in new], self.safety)
        told = [(one.contact_id, with_scans(one.event, scans)) for one in new if one.event is not None]
        await self.log.publish(*(message_of(event) for _, event in told), timeout=LOG_SECONDS)
        await self.seen.mark([contact_id for contact_id, _ in told])
        for contact_id, event in told:
            log.info("mail_received", contact_id=contact_id, type=event.event_type)

    async def _alone(self, arrival: Arrival) -> Arrival:
        """Take in one mail of a batch that was refused: whole, else with a short text, else into quarantine."""
        attempts = [
            arrival,
            *_shorter(arrival),
            quarantined(arrival.raw, "refused", self.clock(), arrival.entry.message_hash),
        ]
        for attempt in attempts:
            try:
                await self._take([attempt])
            except Exception as error:
                if is_transient(error):
                    raise
                log.exception("mail_refused", contact_id=attempt.contact_id)
            else:
                return attempt
        raise PermanentError("the originals refuse even the bytes of a mail")


def message_of(event: Event) -> Message:
    """Return the message of a mail's event; its id is the same on every retry."""
    return message(event, event_id=natural_event_id(event.event_type, event.key))


def _shorter(arrival: Arrival) -> list[Arrival]:
    """Return the arrival with less on its event: a record has an end, the original holds everything."""
    event = arrival.event
    if not isinstance(event, ContactReceived):
        return []
    cut = event.model_copy(
        update={
            "text": event.text[:SHORT_TEXT],
            "full_text": event.full_text[:SHORT_TEXT],
            "references": event.references[-5:],
            "attachments": event.attachments[:FEW_FILES],
            "flags": (*(flag for flag in event.flags if flag != "text_cut"), "text_cut"),
        }
    )
    only = Kept(arrival.kept.key, arrival.kept.data, arrival.kept.content_type, arrival.kept.files[:FEW_FILES])
    return [replace(arrival, event=cut, kept=only)]
