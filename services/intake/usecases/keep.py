"""Originals are stored before anything is said of them: what came in, and each file of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.intake.domain.parts import File

_AT_ONCE = 8


class Store(Protocol):
    """The originals store."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """One original with its files, each with the key that it is stored under."""

    key: str
    data: bytes
    content_type: str
    files: tuple[tuple[str, File], ...] = ()


async def keep(store: Store, originals: Sequence[Kept]) -> None:
    """Store all; some at a time, so that a large mailbox does not fill the memory of the store's client."""
    if len(originals) == 1 and not originals[0].files:
        only = originals[0]
        await store.put(only.key, only.data, content_type=only.content_type)
        return
    turn = asyncio.Semaphore(_AT_ONCE)

    async def put(key: str, data: bytes, content_type: str) -> None:
        async with turn:
            await store.put(key, data, content_type=content_type)

    whole = [put(one.key, one.data, one.content_type) for one in originals]
    files = [put(key, file.data, file.content_type) for one in originals for key, file in one.files]
    await asyncio.gather(*whole, *files)
