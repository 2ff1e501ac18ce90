"""Fetching what came with a case: its attachments, and the mails as they came and as they looked."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.casework.mail.original import read_original
from services.casework.mail.shown import Shown, show
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.case_facts import who_of
from shared.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared.originals import Originals, quarantined
from shared.vocabulary import Channel
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class FileView:
    """A file to hand out: nothing of it is ever shown as a page of ours."""

    name: str
    content_type: str
    data: bytes


class InfectedFileError(ForbiddenError):
    """The file, or one within the mail, is malicious: nobody gets it."""

    type = "file-infected"
    title = "Filen innehåller skadlig kod och lämnas inte ut."


class UnscannedFileError(ConflictError):
    """The file, or one within the mail, has no verdict of the virus scan yet."""

    type = "file-not-scanned"
    title = "Filen är inte viruskontrollerad än. Försök igen om en stund."


async def contact_of(uow: UnitOfWork, number: str, contact_id: str, person: Person, *, whole: bool) -> Row:
    """Return a contact of a case for somebody who may read it; NotFoundError for everybody else.

    The `whole` of a contact is its original: it says who she is, so nobody from whom she is hidden gets it.
    """
    async with uow.read() as work:
        case = await work.reads.case(number, visible_units(person))
        who = await who_of(work, case, person)
    known = [] if who.unread or (whole and who.hides) else who.known
    found = next((one for one in known if one["id"] == contact_id and not one["purged_at"]), None)
    if found is None:
        raise NotFoundError
    return found


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Fetch a file of a case for somebody who may read the case; NotFoundError for everybody else.

    InfectedFileError and UnscannedFileError for what nobody may have: the mail as it came holds its files, too.
    """

    uow: UnitOfWork
    originals: Callable[[], Originals]

    async def run(self, number: str, contact_id: str, place: int | None, person: Person) -> FileView:
        """Return attachment `place` (from 1) of a contact of the case, or (None) the mail as it came."""
        contact = await contact_of(self.uow, number, contact_id, person, whole=place is None)
        if place is None:
            name, key, content_type = f"{number}.eml", original_of(contact), "message/rfc822"
            _check(*contact["attachments"], flags=contact["flags"])
        else:
            file = _attachment(contact, place)
            name, key, content_type = file["name"] or f"bilaga-{place}", file["store_key"], "application/octet-stream"
            _check(file)
        return FileView(name, content_type, await _fetched(self.originals(), key))


PATIENCE = 20.0
"""Seconds that somebody waits for a mail as it looked; the largest takes a few."""


class ShownLaterError(DomainError):
    """Others' mails are being read for show, and it is not this one's turn yet."""

    type = "shown-later"
    status = 503
    title = "Flera mejl läses in just nu. Visa mejlet igen om en stund."


@dataclass(frozen=True, slots=True)
class ReadShown:
    """Show a mail as it looked, made harmless, from its original; NotFoundError as for the original itself.

    One is read at a time: many presses on large mails wait for each other and leave the threads to everybody else.
    """

    uow: UnitOfWork
    originals: Callable[[], Originals]
    patience: float = PATIENCE
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    async def run(self, number: str, contact_id: str, person: Person) -> Shown:
        """Return its HTML, empty when the mail has none; InfectedFileError when a scan knows something in it.

        ShownLaterError (503) when others' mails take too long.
        """
        contact = await contact_of(self.uow, number, contact_id, person, whole=True)
        if "infected" in contact["flags"]:
            raise InfectedFileError
        key = original_of(contact)  # before the turn: what raises now would keep it from everybody for good
        try:
            async with asyncio.timeout(self.patience):
                await self.turn.acquire()
                reading = asyncio.ensure_future(self._read(key))
                reading.add_done_callback(self._give_back)
                return await asyncio.shield(reading)
        except TimeoutError as error:
            raise ShownLaterError from error

    async def _read(self, key: str) -> Shown:
        raw = await _fetched(self.originals(), key)
        return await asyncio.to_thread(lambda: show(read_original(raw)))

    def _give_back(self, reading: asyncio.Future[Shown]) -> None:
        """Let the next one in when the thread has ended: none can be stopped, so it outlives a reader who leaves."""
        self.turn.release()
        if not reading.cancelled():
            reading.exception()  # seen, also where nobody waits for it any more


def original_of(contact: Row) -> str:
    """Return the key of a mail's original; NotFoundError for what is no mail or has none."""
    if contact["channel"] != Channel.EMAIL or not contact["original_key"]:
        raise NotFoundError
    return str(contact["original_key"])


async def _fetched(store: Originals, key: str) -> bytes:
    try:
        return await store.get(key)
    except NotFoundError as error:
        raise NotFoundError from error


def _attachment(contact: Row, place: int) -> Row:
    files = contact["attachments"]
    if not 1 <= place <= len(files):
        raise NotFoundError
    found: Row = files[place - 1]
    return found


def _check(*files: Row, flags: Sequence[str] = ()) -> None:
    """Refuse what a scan, or (in the `flags` of its contact) a scan of the whole mail, has not called clean."""
    scans = {one.get("scan") for one in files}
    if "infected" in scans or "infected" in flags or any(quarantined(one["store_key"]) for one in files):
        raise InfectedFileError
    if "failed" in scans or "not_scanned" in flags:
        raise UnscannedFileError
