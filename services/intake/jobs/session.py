"""One connection to a mailbox: wait for a hint, ask for the truth, take in, move.

A crash anywhere repeats harmlessly: a mail is moved only after its event is acknowledged and its line written, so
what lies in the folder is what is not known to be done. Reading one again finds its contact published
(`store/seen.py`) and only moves it.
"""

import asyncio
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any, Protocol, TypeVar

import structlog

from services.intake.channels.imap_errors import ERRORS, SaidNoError, ServerError
from services.intake.channels.mailbox import Found, Mailbox
from services.intake.jobs.waits import Tries
from services.intake.store.mailboxes import Place
from services.intake.usecases.receive_mail import RawMail
from shared.errors import TransientError
from shared.health import Health
from shared.metrics import MAILBOX_LOOK, MAILBOX_OLD, MAILBOX_TAKEN, MAILBOX_WAITING, MAILBOX_WELL

T = TypeVar("T")

BATCH_MAILS = 50
BATCH_BYTES = 20_000_000
SLOWEST = 50_000
"""Bytes a second of a server that is taken for alive."""
MOVE_AGAIN_SECONDS = 600.0
"""How often it is tried to move what the server would not move."""
REFUSED_IN_A_ROW = 3

log = structlog.get_logger(__name__)


class Receive(Protocol):
    """What takes the mails in."""

    async def receive(self, raws: Sequence[RawMail], mailbox: str) -> list[str]: ...
    async def moved(self, raws: Sequence[RawMail]) -> None: ...


class Places(Protocol):
    """Where it is remembered how a mailbox is numbered."""

    async def place(self, name: str) -> Place | None: ...
    async def remember(self, name: str, place: Place) -> None: ...


class Book(Protocol):
    """What knows which mails are taken in and not moved: the ledger."""

    async def lying(self, mailbox: str, uidvalidity: int) -> frozenset[int]: ...


class Job(Protocol):
    """The loop that a session belongs to."""

    @property
    def mailbox(self) -> Mailbox: ...
    @property
    def address(self) -> str: ...
    @property
    def receive(self) -> Receive: ...
    @property
    def places(self) -> Places: ...
    @property
    def health(self) -> Health: ...
    @property
    def ledger(self) -> Book | None: ...
    @property
    def poll_seconds(self) -> float: ...
    @property
    def mail_limit(self) -> int: ...
    @property
    def part(self) -> str: ...


class Session:
    """One connection, its blocking calls in the mailbox's thread, each under a deadline of ours."""

    def __init__(self, job: Job, thread: ThreadPoolExecutor, tries: Tries) -> None:
        self.well_since: float | None = None
        """When the first look at the folder was done with (loop time)."""
        self._job = job
        self._thread = thread
        self._tries = tries
        self._mailbox = job.mailbox
        self._timeout = job.mailbox.account.timeout
        self._place = Place(0)
        self._lying: set[int] = set()
        self._why = ""
        self._gone: set[int] = set()
        self._moved: set[int] = set()
        self._free_at = 0.0
        self._now: Callable[[], float] = asyncio.get_running_loop().time

    async def run(self) -> None:
        """Connect, take in everything that lies there, then what comes; ends by an error only."""
        try:
            await self._begin(await self._call(self._mailbox.open, self._timeout * 6))
            await self._free()
            await self._take_all()
            while True:
                await self._call(lambda: self._mailbox.wait(self._job.poll_seconds), self._job.poll_seconds)
                if self._now() > self._free_at:
                    await self._free()
                await self._take_all()
        finally:
            self._mailbox.drop()
            self._thread.submit(self._mailbox.close)

    async def _begin(self, uidvalidity: int) -> None:
        """Find where we stand; under a new UIDVALIDITY all old numbers mean nothing."""
        name = self._mailbox.account.name
        place = await self._job.places.place(name)
        if place is None or place.uidvalidity != uidvalidity:
            if place is not None:
                log.warning("mailbox_renumbered", mailbox=self._job.part, before=place.uidvalidity, now=uidvalidity)
                self._tries.forget()
            place = Place(uidvalidity)
            await self._job.places.remember(name, place)
        self._place = place
        if self._job.ledger:
            self._lying = set(await self._job.ledger.lying(name, uidvalidity))

    async def _take_all(self) -> None:
        """Take in what lies there and what has come meanwhile: the hint at it went by while we were busy."""
        self._gone.clear()
        while await self._take():
            pass

    async def _take(self) -> bool:
        """Take in a page of what lies in the folder; say whether there was any."""
        skip = {*self._lying, *self._gone, *self._moved, *self._tries.passed(self._now())}
        found = await self._call(lambda: self._mailbox.look(skip), self._timeout * 3)
        self._still_there(self._mailbox.skipped)
        MAILBOX_LOOK.labels(self._job.part).set_to_current_time()
        alone = {one.uid for one in found if self._tries.alone(one.uid)}
        await self._take_page(list(_batches(found, self._job.mail_limit, alone)), self._mailbox.waiting)
        self.well_since = self.well_since or self._now()
        self._tell()
        return bool(found)

    async def _take_page(self, batches: Sequence[list[Found]], waiting: int) -> None:
        """Take in one batch after the other, the next one fetched while one is stored and told of."""
        ready: dict[int, RawMail] | None = None
        for batch, following in zip_longest(batches, batches[1:], fillvalue=()):
            self._count(waiting)
            raws = await self._fetch(batch) if ready is None else ready
            gone = {found.uid for found in batch} - raws.keys()
            if gone:
                log.warning("mails_not_fetched", mailbox=self._job.part, count=len(gone))
                self._gone |= gone
            ahead = following if _bytes(batch) + _bytes(following) <= BATCH_BYTES else []
            ready = await self._receive(list(raws.values()), ahead)
            waiting -= len(batch)
        self._count(waiting)

    async def _receive(self, raws: Sequence[RawMail], following: Sequence[Found]) -> dict[int, RawMail] | None:
        """Take mails in and move them away; return what follows if it was fetched meanwhile."""
        ahead = asyncio.create_task(self._fetch(following)) if following else None
        try:
            if raws:
                await self._job.receive.receive(raws, self._job.address)
            fetched = await ahead if ahead else None
        except BaseException:
            if ahead:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)
            raise
        if raws:
            await self._move(raws)
        return fetched

    def _count(self, waiting: int) -> None:
        """Say how many wait; old mails are the last, and no cause for alarm."""
        old = min(waiting, self._mailbox.old)
        MAILBOX_WAITING.labels(self._job.part).set(waiting - old)
        MAILBOX_OLD.labels(self._job.part).set(old)

    def _still_there(self, skipped: frozenset[int]) -> None:
        """Believe the folder: what the server says it has moved and lists still lies there, and the other way round."""
        listed = self._moved & skipped
        if listed:
            self._why = "moved, and listed still"
        self._lying = (self._lying & skipped) | listed
        self._moved.clear()

    async def _fetch(self, batch: Sequence[Found]) -> dict[int, RawMail]:
        """Return the mails that the server hands over; one that it will not is left in peace for a while."""
        uids = [found.uid for found in batch]
        deadline = self._timeout * 2 + _bytes(batch) / SLOWEST
        self._tries.begin(uids)
        try:
            raws = await self._call(lambda: self._read(batch), deadline)
        except asyncio.CancelledError:
            self._tries.done(uids)  # it broke elsewhere
            raise
        except SaidNoError:
            self._tries.done(uids)
            if len(batch) > 1:
                each = [await self._fetch([found]) for found in batch]
                return {uid: raw for one in each for uid, raw in one.items()}
            self._tries.refused(uids[0], self._now())
            return {}
        self._tries.done(uids)
        return raws

    def _read(self, batch: Sequence[Found]) -> dict[int, RawMail]:
        """Return the mails; of one that is too large its header, so that it is seen and kept where it is."""
        limit = self._job.mail_limit
        data = self._mailbox.fetch([found.uid for found in batch if found.size <= limit])
        data |= self._mailbox.fetch([found.uid for found in batch if found.size > limit], "BODY.PEEK[HEADER]")
        return {
            found.uid: self._raw(found, data[found.uid], *(("too_large",) if found.size > limit else ()))
            for found in batch
            if found.uid in data
        }

    def _raw(self, found: Found, data: bytes, *flags: str) -> RawMail:
        return RawMail(
            data,
            flags,
            mailbox=self._mailbox.account.name,
            uidvalidity=self._place.uidvalidity,
            uid=found.uid,
            internal_at=found.internal_at,
            quiet=found.old,
        )

    async def _free(self) -> None:
        """Try once more to move what the server would not move."""
        self._free_at = self._now() + MOVE_AGAIN_SECONDS
        uids = sorted(self._lying)
        if not uids:
            return
        await self._call(self._mailbox.prepare, self._timeout * 2)
        for start in range(0, len(uids), BATCH_MAILS):
            some = uids[start : start + BATCH_MAILS]
            await self._move([self._raw(Found(uid, 0), b"") for uid in some])
            if self._lying.issuperset(some):
                break

    async def _move(self, raws: Sequence[RawMail]) -> None:
        """Move mails away; what the server will not move stays, known as done."""
        uids = [raw.uid for raw in raws]
        if self._mailbox.folder_problem:
            self._lying.update(uids)
            return
        try:
            await self._call(lambda: self._mailbox.move(uids), self._timeout * 3)
        except SaidNoError as error:
            self._why = str(error)
            self._lying.update(uids)
            if len(raws) > 1:
                await self._move_each(raws)
            return
        self._lying.difference_update(uids)
        self._moved.update(uids)
        await self._job.receive.moved(raws)
        MAILBOX_TAKEN.labels(self._job.part).inc(len(raws))

    async def _move_each(self, raws: Sequence[RawMail]) -> None:
        """Move one by one, for it may be one that stands in the way; give up when it is not."""
        refused = 0
        for raw in raws:
            await self._move([raw])
            refused = refused + 1 if raw.uid in self._lying else 0
            if refused == REFUSED_IN_A_ROW:
                return

    def _tell(self) -> None:
        """Say how the mailbox is: read, and what of it nevertheless needs a person."""
        health, part, account = self._job.health, self._job.part, self._mailbox.account
        health.set(part, None)
        MAILBOX_WELL.labels(part).set(1)
        why = self._mailbox.folder_problem or self._why
        stuck = f"{len(self._lying)} taken in and not moved to {account.processed}: {why}" if self._lying else None
        health.set(f"{part}.move", stuck, blocks=False)
        passed = sorted(self._tries.passed(self._now()))
        text = f"{len(passed)} that the server does not hand over: UID {', '.join(map(str, passed[:10]))}"
        health.set(f"{part}.fetch", text if passed else None, blocks=False)

    async def _call(self, work: Callable[[], T], seconds: float) -> T:
        """Do it in the mailbox's thread; when it takes longer than `seconds` and its own timeout, break it off."""
        try:
            async with asyncio.timeout(seconds + self._timeout * 2):
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (*ERRORS, TransientError):
            raise
        except Exception as error:
            # What imaplib and we make of an answer that is no IMAP: the connection cannot be trusted any more.
            log.exception("mailbox_not_understood", mailbox=self._job.part)
            raise ServerError(f"the server's answer is not understood: {type(error).__name__}") from error


def _bytes(batch: Sequence[Found]) -> int:
    return sum(found.size for found in batch)


def _batches(found: Sequence[Found], limit: int, alone: Container[Any]) -> Iterator[list[Found]]:
    batch: list[Found] = []
    size = 0
    for one in found:
        weight = min(one.size, limit)
        full = len(batch) >= BATCH_MAILS or size + weight > BATCH_BYTES
        if batch and (full or one.uid in alone or batch[-1].uid in alone):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += weight
    if batch:
        yield batch
