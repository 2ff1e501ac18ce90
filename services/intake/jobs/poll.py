"""The mailbox loop: wait for a hint, ask for the truth, take in, remember, move; a crash anywhere repeats harmlessly.

A mail is moved only after its event is acknowledged, so what lies in the folder is what is not known to be done.
Reading one again finds its contact published (`store/seen.py`) and only moves it.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from services.intake.channels.mailbox import ERRORS, Found, Mailbox
from services.intake.store.mailboxes import Place
from services.intake.usecases.receive_mail import RawMail
from shared.errors import TransientError
from shared.health import Health
from shared.metrics import MAILBOX_LOOK, MAILBOX_TAKEN, MAILBOX_WAITING

T = TypeVar("T")

BATCH_MAILS = 50
BATCH_BYTES = 20_000_000
LONGEST_WAIT = 60.0
"""Seconds between two attempts at a mail server that is away."""
LONGEST_WAIT_FOR_OURS = 5.0
"""Seconds between two attempts while a part of our own (log, database, originals) is away."""

log = structlog.get_logger(__name__)


class Receive(Protocol):
    """What takes the mails in."""

    async def receive(self, raws: Sequence[RawMail], mailbox: str) -> list[str]: ...


class Places(Protocol):
    """Where it is remembered how far a mailbox is read."""

    async def place(self, name: str) -> Place | None: ...
    async def remember(self, name: str, place: Place) -> None: ...


@dataclass(frozen=True, slots=True)
class PollMailbox:
    """Reads one mailbox for as long as the process lives; reconnects with a growing, jittered wait."""

    mailbox: Mailbox
    address: str
    receive: Receive
    places: Places
    health: Health
    poll_seconds: float = 15.0
    mail_limit: int = 50_000_000
    first_wait: float = 1.0

    async def run(self) -> None:
        """Read until cancelled."""
        wait = self.first_wait
        thread = ThreadPoolExecutor(1, thread_name_prefix="mailbox")
        session = _Session(self, thread)
        try:
            while True:
                try:
                    await session.run()
                except (*ERRORS, TransientError) as error:
                    log.warning("mailbox_interrupted", error=type(error).__name__, reason=str(error)[:200])
                    self.health.set("imap", type(error).__name__)
                    longest = LONGEST_WAIT_FOR_OURS if isinstance(error, TransientError) else LONGEST_WAIT
                    wait = self.first_wait if session.worked else min(wait * 2, longest)
                await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - jitter is no secret
        finally:
            thread.shutdown(wait=False)


class _Session:
    """One connection after the other to the same mailbox, its blocking calls in one thread."""

    def __init__(self, job: PollMailbox, thread: ThreadPoolExecutor) -> None:
        self._job = job
        self._thread = thread
        self._mailbox = job.mailbox
        self.worked = False
        self._newest = 0

    async def run(self) -> None:
        """Connect, take in everything that lies there, then what comes."""
        self.worked = False
        self._newest = 0
        try:
            uidvalidity = await self._call(self._mailbox.open)
            place = await self._begin(uidvalidity)
            await self._take_all(place)
            self.worked = True
            self._job.health.set("imap", None)
            await self._follow(place)
        except asyncio.CancelledError:
            self._mailbox.drop()
            raise
        finally:
            self._thread.submit(self._mailbox.close)

    async def _begin(self, uidvalidity: int) -> Place:
        """Return where we stand; under a new UIDVALIDITY all old numbers mean nothing."""
        name = self._mailbox.account.name
        place = await self._job.places.place(name)
        if place is None or place.uidvalidity != uidvalidity:
            if place is not None:
                log.warning("mailbox_renumbered", before=place.uidvalidity, now=uidvalidity)
            place = Place(uidvalidity, 0)
            await self._job.places.remember(name, place)
        return place

    async def _follow(self, place: Place) -> None:
        while True:
            await self._call(lambda: self._mailbox.wait(self._job.poll_seconds))
            await self._take_all(place)

    async def _take_all(self, place: Place) -> None:
        """Take in what lies there and what has come meanwhile: the hint at it went by while we were busy."""
        while await self._take(place):
            pass

    async def _take(self, place: Place) -> bool:
        """Take in what lies in the folder, some at a time; say whether any of it was not there before."""
        found = await self._call(self._mailbox.look)
        waiting = len(found)
        MAILBOX_LOOK.set_to_current_time()
        MAILBOX_WAITING.set(waiting)
        for batch in _batches(found, self._job.mail_limit):
            await self._take_batch(place, batch)
            waiting -= len(batch)
            MAILBOX_WAITING.set(waiting)

        newest, self._newest = self._newest, max([self._newest, *(one.uid for one in found)])
        return self._newest > newest

    async def _take_batch(self, place: Place, batch: Sequence[Found]) -> None:
        raws = await self._call(lambda: self._read(batch))
        if len(raws) < len(batch):
            log.warning("mails_not_fetched", count=len(batch) - len(raws))
        if raws:
            await self._job.receive.receive(list(raws.values()), self._job.address)
            await self._job.places.remember(self._mailbox.account.name, Place(place.uidvalidity, max(raws)))
            await self._call(lambda: self._mailbox.move(sorted(raws)))
            MAILBOX_TAKEN.inc(len(raws))

    def _read(self, batch: Sequence[Found]) -> dict[int, RawMail]:
        """Return the mails; of one that is too large its header, so that it is seen and kept where it is."""
        limit = self._job.mail_limit
        whole = self._mailbox.fetch([found.uid for found in batch if found.size <= limit])
        heads = self._mailbox.fetch([found.uid for found in batch if found.size > limit], "BODY.PEEK[HEADER]")
        cut = {uid: RawMail(head, ("too_large",)) for uid, head in heads.items()}
        return {uid: RawMail(data) for uid, data in whole.items()} | cut

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _batches(found: Sequence[Found], limit: int) -> Iterator[list[Found]]:
    batch: list[Found] = []
    size = 0
    for one in found:
        weight = min(one.size, limit)
        if batch and (len(batch) >= BATCH_MAILS or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += weight
    if batch:
        yield batch
