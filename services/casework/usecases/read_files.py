"""Fetching what came with a case: its attachments, and the mails as they came."""

from collections.abc import Callable
from dataclasses import dataclass

from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.case_facts import who_of
from shared.errors import NotFoundError
from shared.originals import Originals
from shared.vocabulary import Channel
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class FileView:
    """A file to hand out: nothing of it is ever shown as a page of ours."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Fetch a file of a case for somebody who may read the case; NotFoundError for everybody else."""

    uow: UnitOfWork
    originals: Callable[[], Originals]

    async def run(self, number: str, contact_id: str, place: int | None, person: Person) -> FileView:
        """Return attachment `place` (from 1) of a contact of the case, or (None) the mail as it came."""
        async with self.uow.read() as work:
            case = await work.reads.case(number, visible_units(person))
            who = await who_of(work, case, person)
            contacts = [] if who.unread else who.known
            if who.hides and place is None:
                raise NotFoundError
        contact = next((one for one in contacts if one["id"] == contact_id and not one["purged_at"]), None)
        if contact is None:
            raise NotFoundError
        name, key, content_type = _original(contact, number) if place is None else _attachment(contact, place)
        try:
            return FileView(name, content_type, await self.originals().get(key))
        except NotFoundError as error:
            raise NotFoundError from error


def _original(contact: Row, number: str) -> tuple[str, str, str]:
    if contact["channel"] != Channel.EMAIL or not contact["original_key"]:
        raise NotFoundError
    return f"{number}.eml", contact["original_key"], "message/rfc822"


def _attachment(contact: Row, place: int) -> tuple[str, str, str]:
    files = contact["attachments"]
    if not 1 <= place <= len(files):
        raise NotFoundError
    found = files[place - 1]
    return found["name"] or f"bilaga-{place}", found["store_key"], "application/octet-stream"
