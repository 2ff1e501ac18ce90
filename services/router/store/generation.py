"""Filling a new generation: what the domain held before is cleared away, and what `open` holds is put in its place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.exceptions import LockError

from services.router.store.domain import Argument, Domain
from services.router.store.rows import restore_row
from shared.errors import TransientError
from shared.records import OpenContact
from shared.vocabulary import ContactState

_LEASE_SECONDS = 60
_PAGE = 500
_STATE = frozenset(
    {b"c", b"h", b"q", b"w", b"a", b"i", b"cool", b"pref", b"wa", b"hold", b"win"}
    | {b"heads", b"lates", b"benches", b"agents", b"ready", b"queues", b"lease"}
)
"""The first word of every key that a rebuild fills anew; the clock, the stream, leases and others' keys stay."""
_NOTHING: tuple[Argument, ...] = ("", 0, 0, *[""] * 13)


class Generation:
    """The steps of a rebuild, for the one process that has the lease."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._redis = domain.plain

    async def current(self) -> tuple[int | None, str]:
        """Return the generation in the store, None when there is none, and the server it was filled on."""
        found: list[Any] = await self._redis.hmget(self._domain.key("meta"), "gen", "run")
        number, run = found
        return (int(number), bytes(run or b"").decode()) if number else (None, "")

    async def earlier(self) -> list[int]:
        """Return the generations that the new one must be greater than."""
        found = await self._redis.hmget(self._domain.key("meta"), "gen", "filling")
        return [self._domain.highest, *(int(number) for number in found if number)]

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[bool]:
        """Be the one that rebuilds; False when another is."""
        lock = self._redis.lock(self._domain.key("rebuild"), timeout=_LEASE_SECONDS, blocking=False, thread_local=False)
        ours = await lock.acquire()
        try:
            yield ours
        finally:
            if ours:
                await self._release(lock)

    async def begin(self, number: int) -> None:
        """Refuse every command until `open`."""
        await self._call("begin_generation", [(number,)])

    async def drained(self, within: float = 15) -> None:
        """Wait until the relay has moved every event that the store still holds: they are part of the truth."""
        try:
            async with asyncio.timeout(within):
                while await self._redis.xlen(self._domain.key("out")):  # noqa: ASYNC110 - the relay is another process's
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise TransientError("the out-stream is not in Kafka yet") from error

    async def wipe(self) -> None:
        """Clear the domain's state, page by page."""
        before = len(self._domain.key(""))
        page: list[bytes] = []
        async for key in self._redis.scan_iter(match=f"{_literal(self._domain.tag)}:*", count=1000):
            if key[before:].split(b":", 1)[0] in _STATE:
                page.append(key)
            if len(page) >= _PAGE:
                await self._redis.unlink(*page)
                page.clear()
        if page:
            await self._redis.unlink(*page)

    async def restore(self, number: int, contacts: Sequence[OpenContact], ended: Sequence[str]) -> None:
        """Put every open contact at its place, and remember those that have ended."""
        for start in range(0, len(contacts), _PAGE):
            rows = [(number, *restore_row(contact)) for contact in contacts[start : start + _PAGE]]
            await self._call("restore", rows)
        for start in range(0, len(ended), _PAGE):
            rows = [(number, *_ended_row(contact_id)) for contact_id in ended[start : start + _PAGE]]
            await self._call("restore", rows)

    async def open(self, number: int, server: str) -> None:
        """Let commands in again."""
        await self._call("open_generation", [(number, server)])

    async def _call(self, function: str, rows: Sequence[tuple[Argument, ...]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for row in rows:
                pipe.fcall(self._domain.library.function(function), 1, self._domain.tag, *row)
            await pipe.execute()

    async def _release(self, lock: Any) -> None:
        try:
            await lock.release()
        except LockError as error:
            raise TransientError("the rebuild took longer than its lease") from error


def _ended_row(contact_id: str) -> tuple[Argument, ...]:
    return (contact_id, *_NOTHING, ContactState.COMPLETED.value, 0, "", "")


def _literal(tag: str) -> str:
    return "".join(f"\\{letter}" if letter in "*?[]^\\" else letter for letter in tag)
