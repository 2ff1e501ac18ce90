"""Files that came in while the virus scanner gave no verdict are scanned again, until it gives one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Protocol

import structlog

from services.intake.usecases.keep import INFECTED
from shared.clamd import Verdict
from shared.clock import Clock
from shared.errors import NotFoundError, TransientError
from shared.events import ContactScanned, FileScanned
from shared.metrics import FILES_UNSCANNED
from shared.originals import is_attachment, quarantine_key
from shared.publish import Message, message

EVERY_SECONDS = 30.0
CONTACTS_AT_ONCE = 20

log = structlog.get_logger(__name__)


class Store(Protocol):
    """The originals store."""

    async def get(self, key: str) -> bytes: ...
    async def put(self, key: str, data: bytes, *, content_type: str) -> None: ...
    async def remove(self, key: str) -> None: ...


class Scanner(Protocol):
    """The virus scanner."""

    async def scan(self, data: bytes, *, within: float | None = None) -> Verdict: ...
    async def check(self) -> str | None: ...


class Waiting(Protocol):
    """The files without a verdict."""

    async def due(self, now: datetime, limit: int) -> list[str]: ...
    async def settle(self, store_keys: Sequence[str], *events: Message) -> None: ...
    async def later(self, store_keys: Sequence[str], now: datetime) -> None: ...
    async def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Rescan:
    """Asks again while the scanner answers; what it says is published once, a contact at a time."""

    originals: Store
    scanner: Scanner
    waiting: Waiting
    clock: Clock
    every: float = EVERY_SECONDS

    async def run(self) -> None:
        """Work until cancelled; a part that does not answer is asked the next time."""
        while True:
            try:
                while await self.once():
                    pass
            except TransientError as error:
                log.warning("rescan_interrupted", reason=str(error)[:200])
            await asyncio.sleep(self.every)

    async def once(self) -> int:
        """Scan what is due; return how many files got a verdict."""
        FILES_UNSCANNED.set(await self.waiting.count())
        due = await self.waiting.due(self.clock(), CONTACTS_AT_ONCE)
        if not due or await self.scanner.check() is not None:
            return 0
        settled = 0
        for contact_id, keys in groupby(due, lambda key: key.partition("/")[0]):
            settled += await self._contact(contact_id, list(keys))
        return settled

    async def _contact(self, contact_id: str, keys: Sequence[str]) -> int:
        answers = {key: await self._file(key) for key in keys}
        failed = [key for key, answer in answers.items() if answer is not None and answer.scan == "failed"]
        if failed:
            await self.waiting.later(failed, self.clock())
        done = [key for key in keys if key not in failed]
        found = tuple(answer for key in done if (answer := answers[key]) is not None)
        if done:
            event = ContactScanned(contact_id=contact_id, files=found, scanned_at=self.clock())
            await self.waiting.settle(done, *([message(event)] if found else []))
            log.info("contact_scanned", contact_id=contact_id, infected=sum(one.scan == INFECTED for one in found))
        for file in found:
            if file.now_key is not None:
                await self.originals.remove(file.store_key)
        return len(done)

    async def _file(self, key: str) -> FileScanned | None:
        """Return the verdict on one file; None when it is erased meanwhile. An infected attachment is moved."""
        try:
            data = await self.originals.get(key)
        except NotFoundError:
            return None
        scan = (await self.scanner.scan(data)).scan
        moves = scan == INFECTED and is_attachment(key)
        if moves:
            await self.originals.put(quarantine_key(key), data, content_type="application/octet-stream")
        return FileScanned(store_key=key, scan=scan, now_key=quarantine_key(key) if moves else None)
