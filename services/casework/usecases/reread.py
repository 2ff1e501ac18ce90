"""A mail that could not be read is read again: asked for at its page, and taken in when intake has done it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.casework.channels.intake import Intake
from services.casework.domain.burst import BY_NUMBER, CAPPED, QUIET
from services.casework.store.rereads import replace_words
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.read_files import contact_of, original_of
from services.casework.usecases.scans import INFECTED, NOT_SCANNED
from shared.events import Attachment, ContactReread
from shared.web.access import Person

_KEPT = (INFECTED, NOT_SCANNED, BY_NUMBER, CAPPED, QUIET)
"""Flags that no reading gives or takes back: what a scan said, and how the mail came to where it is."""


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Have a mail read anew, as after an upgrade, for somebody who may read its original."""

    uow: UnitOfWork
    intake: Intake

    async def run(self, number: str, contact_id: str, person: Person) -> bool:
        """Ask intake, and return whether it could be read; NotFoundError for what is not this person's to see."""
        contact = await contact_of(self.uow, number, contact_id, person, whole=True)
        # A contact that was copied into another case has an id of its own and the original of the first.
        return await self.intake.read_again(original_of(contact).partition("/")[0])


async def take_rereads(work: Work, events: Sequence[ContactReread]) -> None:
    """Put what was read anew in the place of what was said; whoever works on the case sees it at once."""
    for event in events:
        before = await work.contacts.get(event.contact_id)
        if before is None:
            continue
        changed = await replace_words(work.conn, event.contact_id, _said(event, before))
        work.ring(*(row["agent_id"] for row in changed))


def _said(event: ContactReread, before: Row) -> dict[str, Any]:
    held = [one for one in _KEPT if one in before["flags"] and one not in event.flags]
    return {
        "subject": event.subject,
        "body": event.text,
        "full_body": event.full_text,
        "attachments": [_file(one, before["attachments"]) for one in event.attachments],
        "unreadable": event.unreadable,
        "flags": [*event.flags, *held],
        "automatic": event.automatic,
        "sender_name": event.sender.name,
        "sender_email": event.sender.email,
        "person_key": event.person_key,
    }


def _file(file: Attachment, before: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a file; a reading that scanned nothing does not take back what a scan has said of the same file."""
    said = file.model_dump()
    known = next((one for one in before if one["name"] == file.name and one["size"] == file.size), None)
    if file.scan is None and known and known.get("scan"):
        said |= {"scan": known["scan"], "store_key": known["store_key"]}
    return said
