"""Originals are stored before anything is said of them: what came in, and each file of it.

Where there is a virus scanner each is scanned before it is stored. An infected file is stored where nobody is handed
it from; one without a verdict stays where it is, is said to be so, and is scanned again (`jobs/rescan.py`).
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from services.intake.domain.archives import Limits
from services.intake.domain.inspect import inspect
from services.intake.domain.parts import File, attempt
from shared.clamd import Verdict
from shared.events import Attachment, ContactReceived, Event
from shared.events.contacts import Scan
from shared.originals import attachment_key, original_key, quarantine_key

_AT_ONCE = 8
MAIL = "message/rfc822"
INFECTED = "infected"
UNREADABLE = ("archive_unreadable",)
NOT_SCANNED = "not_scanned"

E = TypeVar("E", bound=Event)

Scans = Mapping[str, Scan]
"""What the scanner said, by the key as the contact names it."""


class Store(Protocol):
    """The originals store."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None: ...


class Scanner(Protocol):
    """The virus scanner; it never raises."""

    async def scan(self, data: bytes, *, within: float | None = None) -> Verdict: ...


class Waiting(Protocol):
    """What remembers the files that have no verdict yet."""

    async def note(self, store_keys: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Safety:
    """The scanner, and where it is noted what it could not say."""

    scanner: Scanner
    waiting: Waiting


@dataclass(frozen=True, slots=True)
class Kept:
    """One original with its files, each with the key that it is stored under."""

    key: str
    data: bytes
    content_type: str
    files: tuple[tuple[str, File], ...] = ()


def kept_of(contact_id: str, original: bytes, content_type: str, files: Sequence[File]) -> Kept:
    """Return a contact's original and its files under the keys that are the same on every retry."""
    keyed = tuple((attachment_key(contact_id, number, file.name), file) for number, file in enumerate(files, 1))
    return Kept(original_key(contact_id), original, content_type, keyed)


async def keep(
    store: Store, originals: Sequence[Kept], safety: Safety | None = None, *, within: float | None = None
) -> Scans:
    """Scan and store all, and return the verdicts (none without a scanner); no scan takes longer than `within`.

    Some at a time, so that a large mailbox does not fill the memory of the store's client.
    """
    if safety is None and len(originals) == 1 and not originals[0].files:
        only = originals[0]
        await store.put(only.key, only.data, content_type=only.content_type)
        return {}
    turn = asyncio.Semaphore(_AT_ONCE)
    scans: dict[str, Scan] = {}

    async def put(key: str, data: bytes, content_type: str, *, whole: bool = False) -> None:
        async with turn:
            # Of the whole only a mail is ever handed out, and it may hold what its files do not show.
            if safety is not None and (content_type == MAIL or not whole):
                scans[key] = (await safety.scanner.scan(data, within=within)).scan
            # The whole stays where it is, infected or not: it is read anew from there.
            at = key if whole or scans.get(key) != INFECTED else quarantine_key(key)
            await store.put(at, data, content_type=content_type)

    wholes = [put(one.key, one.data, one.content_type, whole=True) for one in originals]
    files = [put(key, file.data, file.content_type) for one in originals for key, file in one.files]
    await _all([*wholes, *files])
    failed = sorted(key for key, scan in scans.items() if scan == "failed")
    if safety is not None and failed:
        await safety.waiting.note(failed)
    return scans


async def _all(works: Sequence[Coroutine[None, None, None]]) -> None:
    """Do all; when one fails the rest is given up, for it holds its bytes as long as the store hangs."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None  # who calls knows the errors of a store, and what follows is the same


def attachments(kept: Kept, limits: Limits) -> tuple[Attachment, ...]:
    """Return the files of an original as its event names them, with what they are and what is dangerous about them."""
    return tuple(_attachment(key, file, limits) for key, file in kept.files)


def _attachment(key: str, file: File, limits: Limits) -> Attachment:
    seen = attempt(lambda: inspect(file.name, file.content_type, file.data, limits), None)
    detected, flags = seen or (None, UNREADABLE)  # a file that nothing can look into costs its mail nothing
    return Attachment(
        name=file.name,
        content_type=file.content_type,
        size=len(file.data),
        store_key=key,
        content_id=file.content_id,
        inline=file.inline,
        detected_type=detected,
        flags=flags,
    )


def with_scans(event: E, scans: Scans) -> E:
    """Return a contact's event with the verdicts; `infected` where one is, `not_scanned` if the whole has none."""
    if not scans or not isinstance(event, ContactReceived):
        return event
    whole = scans.get(event.original_key or "")
    said = {whole, *(scans.get(one.store_key) for one in event.attachments)}
    flags = [name for name, seen in ((INFECTED, INFECTED in said), (NOT_SCANNED, whole == "failed")) if seen]
    files = tuple(_scanned(one, scans.get(one.store_key)) for one in event.attachments)
    return event.model_copy(update={"attachments": files, "flags": (*event.flags, *flags)})


def _scanned(file: Attachment, scan: Scan | None) -> Attachment:
    key = quarantine_key(file.store_key) if scan == INFECTED else file.store_key
    return file.model_copy(update={"scan": scan, "store_key": key})
