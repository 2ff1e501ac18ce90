"""One round through a form family: what was put off, what is new since the position, and now and then what is older.

A listing has no pages and may count days as it likes, so it is asked in windows of some weeks that overlap what was
read before, and each instance in it is fetched only when its line has changed. At most so many are fetched in a round;
the position moves on only when a window is done.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

import structlog

from services.intake.channels.eplatform import (
    EPlatform,
    Family,
    GoneError,
    LockedOutError,
    LoginRefusedError,
    TooLargeError,
    UnreachableError,
)
from services.intake.domain.instance import Listed
from services.intake.store.instances import Key, Pending, Position
from services.intake.usecases.receive_instance import Taken
from shared.clock import Clock, local
from shared.errors import PermanentError
from shared.metrics import PLATFORM_TAKEN
from shared.received import is_transient

WINDOW = timedelta(days=31)
AT_ONCE = 4
AHEAD = timedelta(days=2)
"""A listing is asked beyond today: its last day may not count, and its clock may go before ours."""
LOOK_BACK_EVERY = timedelta(hours=1)
TRIES = 6
"""After so many a person looks at what cannot be read: about half an hour, for it may have been a bad moment."""
FIRST_PAUSE = timedelta(seconds=30)
CASE_UNKNOWN = "case_unknown"
UNREADABLE = "unreadable"
REFUSED = "login_refused"
GONE = "gone"
UNREACHABLE = "unreachable"
IN_A_ROW = 3
"""So many that the platform does not answer for, one after the other, are its own trouble and not theirs."""

log = structlog.get_logger(__name__)


class Receive(Protocol):
    """What takes instances in."""

    async def receive(self, family: Family, instance_id: str) -> Taken: ...
    async def unreadable(self, family: Family, instance_id: str, problem: str) -> None: ...


class Book(Protocol):
    """How far each family is read, and how each instance was listed."""

    async def position(self, platform: str, family: str) -> Position | None: ...
    async def remember(self, platform: str, family: str, position: Position) -> None: ...
    async def changed(self, platform: str, listed: Sequence[Listed], now: datetime) -> list[Listed]: ...
    async def settled(self, key: Key, family: str, mark: str, now: datetime) -> None: ...
    async def put_off(
        self, key: Key, family: str, mark: str, problem: str, now: datetime, next_at: datetime
    ) -> None: ...
    async def due(self, platform: str, family: str, now: datetime, limit: int) -> list[Pending]: ...


@dataclass(slots=True)
class Turns:
    """Some instances that are taken in together: a few at a time, and how many in a row had no answer."""

    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """Reads one family once; what is left over is read in the next round."""

    platform: EPlatform
    receive: Receive
    book: Book
    clock: Clock

    async def run(self, family: Family) -> bool:
        """Read; return whether there is more to be read at once."""
        name, now = self._name, self.clock()
        today = local(now).date()
        position = await self.book.position(name, family.id) or Position(_at(family.since, now))
        until = today + AHEAD
        start = max(local(position.read_to).date() - timedelta(days=family.overlap_days), family.since)
        end = min(start + WINDOW, until)
        if end < start:
            return False  # the family is ours from a day to come
        whole = await self._window(family, start, end)
        # Only now that a listing worked: while the platform is away nothing uses up its tries.
        due = await self.book.due(name, family.id, now, self.platform.platform.page)
        await self._take_all(family, due)
        if not whole:
            return True
        if end < until:
            read_to = max(_at(end, now), position.read_to)
            await self.book.remember(name, family.id, replace(position, read_to=min(read_to, now)))
            return True
        return await self._look_back(family, replace(position, read_to=now), start)

    async def _look_back(self, family: Family, position: Position, until: date) -> bool:
        """Look at what is older, in case the platform lists a completion by the day of the first submission."""
        now, last = position.read_to, position.looked_back_at
        oldest = max(until - timedelta(days=family.look_back_days), family.since)
        whole = True
        if last is None or last < now - LOOK_BACK_EVERY:
            while whole and oldest < until:
                end = min(oldest + WINDOW, until)
                whole = await self._window(family, oldest, end)
                oldest = end
            position = replace(position, looked_back_at=now if whole else last)
        await self.book.remember(self._name, family.id, position)
        return not whole

    async def _window(self, family: Family, start: date, end: date) -> bool:
        """Take in what has changed in these days; return whether that was all of it."""
        try:
            listed = await self.platform.listed(family, start, end)
        except TooLargeError:
            if end - start <= timedelta(days=1):
                raise
            middle = start + (end - start) // 2
            return await self._window(family, start, middle) and await self._window(family, middle, end)
        changed = await self.book.changed(self._name, listed, self.clock())
        page = changed[: self.platform.platform.page]
        await self._take_all(family, [Pending(one.id, one.mark, 0, self.clock()) for one in page])
        return len(page) == len(changed)

    async def _take_all(self, family: Family, some: Sequence[Pending]) -> None:
        """Take in some at a time; when a part is away the rest is given up, and read again later."""
        turns = Turns()

        async def take(one: Pending) -> None:
            async with turns.room:
                await self._take(family, one, turns)

        try:
            async with asyncio.TaskGroup() as group:
                for one in some:
                    group.create_task(take(one))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None  # who calls knows the errors, and what follows is the same

    async def _take(self, family: Family, one: Pending, turns: Turns) -> None:
        """Take in one; whatever is wrong with it stops none of the others."""
        taken: Taken | None
        try:
            taken = await self.receive.receive(family, one.id)
        except UnreachableError as error:
            await self._unanswered(family, one, error, turns)
            return
        except Exception as error:
            if is_transient(error):
                raise
            taken = await self._refused(family, one, error, turns)
        turns.unanswered = 0
        if taken is None:
            return
        PLATFORM_TAKEN.labels(self.platform.platform.part, taken).inc()
        if taken is Taken.WAITS:
            await self._put_off(family, one, CASE_UNKNOWN, most=4)
        elif taken is not Taken.GONE:
            await self.book.settled(Key(self._name, one.id), family.id, one.mark, self.clock())

    async def _unanswered(self, family: Family, one: Pending, error: UnreachableError, turns: Turns) -> None:
        """Put off what the platform does not answer for: it may be this one that it always fails at, or all."""
        log.warning("instance_put_off", platform=self._name, instance=one.id, reason=str(error)[:200])
        await self._put_off(family, one, UNREACHABLE, most=5, wait=error.wait)
        turns.unanswered += 1
        if turns.unanswered >= IN_A_ROW or isinstance(error, LockedOutError):
            raise error

    async def _refused(self, family: Family, one: Pending, error: Exception, turns: Turns) -> Taken | None:
        """Try again what cannot be read, a few times; then say so to a person, or let go what is not there."""
        if isinstance(error, LoginRefusedError):
            await self._put_off(family, one, REFUSED)
            return None
        if not isinstance(error, PermanentError):
            log.error("instance_not_understood", platform=self._name, instance=one.id, exc_info=error)
        problem = GONE if isinstance(error, GoneError) else UNREADABLE
        if _attempts(one, problem) + 1 < TRIES:
            log.warning("instance_put_off", platform=self._name, instance=one.id, reason=str(error)[:200])
            await self._put_off(family, one, problem)
            return None
        if problem == UNREADABLE:
            return await self._for_a_person(family, one, str(error)[:200], turns)
        # Taken away there: nobody waits for it. Without its mark, so that it is fetched if it is ever listed again.
        log.warning("instance_gone", platform=self._name, instance=one.id)
        await self.book.settled(Key(self._name, one.id), family.id, "", self.clock())
        return Taken.GONE

    async def _for_a_person(self, family: Family, one: Pending, problem: str, turns: Turns) -> Taken | None:
        """Publish what cannot be read; what even that fails at is tried again later, and stops none of the others."""
        try:
            await self.receive.unreadable(family, one.id, problem)
        except UnreachableError as error:
            await self._unanswered(family, one, error, turns)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception("instance_not_told", platform=self._name, instance=one.id)
            await self._put_off(family, one, UNREADABLE)
        else:
            return Taken.UNREADABLE
        return None

    async def _put_off(self, family: Family, one: Pending, problem: str, *, most: int = 7, wait: float = 0.0) -> None:
        """Try again later: half a minute, doubled each time that it is the same problem."""
        now, key = self.clock(), Key(self._name, one.id)
        pause = max(FIRST_PAUSE * 2 ** min(_attempts(one, problem), most), timedelta(seconds=wait))
        await self.book.put_off(key, family.id, one.mark, problem, now, now + pause)

    @property
    def _name(self) -> str:
        return self.platform.platform.name


def _at(day: date, now: datetime) -> datetime:
    """Return a moment of that day, not after now."""
    return min(datetime(day.year, day.month, day.day, tzinfo=now.tzinfo), now)


def _attempts(one: Pending, problem: str) -> int:
    """Return how often it was tried with this problem."""
    return one.attempts if one.problem == problem else 0
