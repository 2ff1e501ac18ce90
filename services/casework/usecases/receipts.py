"""Receipts: the citizen hears once that the mail has come in, and never so that two robots answer each other."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.casework.mail import Letters
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from shared.vocabulary import LIVE_CHANNELS, Channel, EntranceKind


async def _ours(work: Work, entrances: Sequence[Row]) -> frozenset[str]:
    """Return the addresses that we are written to at, and that units of ours write from."""
    written_to = {row["value"].lower() for row in entrances if row["kind"] == EntranceKind.ADDRESS}
    return frozenset(written_to | {row["sender_address"].lower() for row in (await work.unit_terms.all()).values()})


@dataclass(frozen=True, slots=True)
class SendReceipts:
    """Queue a receipt for each new contact that a person wrote, at most one per address and hour."""

    letters: Letters
    key: bytes

    async def run(self, work: Work, contacts: Sequence[Row], numbers: Mapping[str, str], now: datetime) -> None:
        """Queue receipts for the `contacts` whose cases were opened (`numbers` by contact id)."""
        wanted: dict[str, Row] = {}
        for contact in contacts:
            if contact["id"] in numbers and self._wants(contact):
                wanted.setdefault(self._hash(contact["sender_email"]), contact)
        if not wanted:
            return
        entrances = await work.catalogue.entrances()
        ours = await _ours(work, entrances)
        wanted = {key: one for key, one in wanted.items() if one["sender_email"].strip().lower() not in ours}
        allowed = await work.mails.mark_receipts(list(wanted), now)
        names = {row["id"]: row["sender_name"] or row["name"] for row in entrances}
        await work.mails.queue(
            [
                self.letters.receipt(one, numbers[one["id"]], names.get(one["entrance"], "Kontaktcenter"), now)
                for address, one in wanted.items()
                if address in allowed
            ]
        )

    def _wants(self, contact: Row) -> bool:
        address = (contact["sender_email"] or "").strip().lower()
        written_by_a_person = not contact["automatic"] and not contact["unreadable"]
        return (
            "@" in address
            and written_by_a_person
            and address not in self.letters.own_addresses
            and Channel(contact["channel"]) not in LIVE_CHANNELS
        )

    def _hash(self, address: str) -> str:
        return hashlib.blake2b(address.strip().lower().encode(), key=self.key, digest_size=16).hexdigest()
