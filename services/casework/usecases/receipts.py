"""Receipts: the citizen hears once that the mail has come in, and never so that two robots answer each other."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from services.casework.domain.deadline import ANSWER_DEFAULT, due
from services.casework.domain.written_in import written_in
from services.casework.mail import Letters, Receipt, Sender
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.calendars import Calendars, calendars
from shared import thread
from shared.vocabulary import LIVE_CHANNELS, Channel, EntranceKind

WITHIN = MappingProxyType({Channel.EMAIL: "1 arbetsdag"})
"""When an answer is promised, in the working time of the unit, as long as the router has not said when it is due."""


async def _ours(work: Work, entrances: Sequence[Row]) -> frozenset[str]:
    """Return the addresses that we are written to at, and that units of ours write from."""
    written_to = {row["value"].lower() for row in entrances if row["kind"] == EntranceKind.ADDRESS}
    writing = [*entrances, *(await work.unit_terms.all()).values()]
    return frozenset(written_to | {row["sender_address"].strip().lower() for row in writing})


@dataclass(frozen=True, slots=True)
class _Known:
    """What receipts of a batch are made with."""

    senders: Mapping[str, Sender]
    """In whose name and from which address, by entrance."""
    units: Mapping[str, str]
    calendars: Calendars
    templates: Sequence[Row]

    now: datetime

    def facts(self, contact: Row, number: str, body: str) -> Receipt:
        """Return what the receipt of a contact says; no answer is promised for a time that is past."""
        channel, calendar = Channel(contact["channel"]), self.calendars.of(contact["unit"])
        within = WITHIN.get(channel)
        promised = contact["due_at"] or due(contact["received_at"], within, ANSWER_DEFAULT, calendar)
        if promised <= self.now:
            promised = due(self.now, within, ANSWER_DEFAULT, calendar)
        language = contact["language"] or "sv"
        if language == "sv":
            language = written_in(body) or language
        return Receipt(
            number=number,
            sender=self.senders.get(contact["entrance"], Sender("Kontaktcenter")),
            unit=self.units.get(contact["unit"], ""),
            answer_by=promised,
            channel=channel,
            language=language,
        )

    def template(self, unit: str, language: str) -> Row | None:
        """Return the unit's own text, else everybody's, in the language; None is ours."""
        fitting = [one for one in self.templates if one["language"] == language and one["unit"] in (unit, None)]
        return min(fitting, key=lambda one: (one["unit"] is None, one["id"]), default=None)


@dataclass(frozen=True, slots=True)
class SendReceipts:
    """Queue a receipt for each new contact that a person wrote, at most one per address and hour, and few a day."""

    letters: Letters
    key: bytes

    async def run(
        self,
        work: Work,
        contacts: Sequence[Row],
        numbers: Mapping[str, str],
        now: datetime,
        *,
        bodies: Mapping[str, str],
    ) -> None:
        """Queue receipts for the `contacts` whose cases were opened (`numbers` by contact id).

        `bodies` (by contact id) tell in which language.
        """
        wanted: dict[str, Row] = {}
        for contact in contacts:
            if contact["id"] in numbers and self._wants(contact):
                wanted.setdefault(self._hash(contact["sender_email"]), contact)
        if not wanted:
            return
        entrances = await work.catalogue.entrances()
        ours = await _ours(work, entrances)
        wanted = {key: one for key, one in wanted.items() if _plain(one["sender_email"]) not in ours}
        allowed = await work.mails.mark_receipts(list(wanted), now)
        if not allowed:
            return
        known = _Known(
            senders={row["id"]: Sender(row["sender_name"] or row["name"], row["sender_address"]) for row in entrances},
            units={row["id"]: row["name"] for row in await work.catalogue.units()},
            calendars=await calendars(work),
            templates=await work.templates.receipts(),
            now=now,
        )
        letters = []
        for contact in (one for address, one in wanted.items() if address in allowed):
            facts = known.facts(contact, numbers[contact["id"]], bodies.get(contact["id"], ""))
            template = known.template(contact["unit"], facts.language)
            letters.append(self.letters.receipt(contact, facts, now, template=template))
        await work.mails.queue(letters)

    def _wants(self, contact: Row) -> bool:
        address = _plain(contact["sender_email"])
        written_by_a_person = not contact["automatic"] and not contact["unreadable"]
        return (
            "@" in address
            and written_by_a_person
            and address not in self.letters.own_addresses
            and Channel(contact["channel"]) not in LIVE_CHANNELS
        )

    def _hash(self, address: str) -> str:
        return hashlib.blake2b(address.strip().lower().encode(), key=self.key, digest_size=16).hexdigest()


def _plain(address: str | None) -> str:
    """Return an address as ours are compared with: in small letters, without a token of ours behind its plus."""
    return thread.plain_address((address or "").strip().lower())
