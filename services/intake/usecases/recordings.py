"""What callers hear is uploaded, replaced and removed; every process knows it soon, and telephony by its address."""

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from services.intake.domain.recording import ALL, Kind, Recording, Shelf, format_of
from shared.clock import Clock
from shared.errors import DomainError, FieldError, NotFoundError
from shared.records import EntranceRecord
from shared.vocabulary import EntranceKind

LOOK_SECONDS = 5.0
"""How soon other processes play what has been uploaded."""


class NoRecordingError(DomainError):
    """The file is no recording that telephony plays, or too large for one."""

    type = "invalid-input"
    status = 422
    title = "Inspelningen kan inte användas."

    def __init__(self, why: str) -> None:
        super().__init__(errors=[FieldError("/file", why)])


class Kept(Protocol):
    """Where it is kept which recording is in use where."""

    async def all(self) -> list[Recording]: ...
    async def put(self, recording: Recording) -> None: ...
    async def remove(self, entrance: str, kind: Kind, language: str) -> bool: ...
    async def uses(self, version: str) -> int: ...


class Store(Protocol):
    """The originals store."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None: ...
    async def get(self, key: str) -> bytes: ...
    async def remove(self, key: str) -> None: ...


class Entrances(Protocol):
    """What knows the entrances: the catalogue."""

    def entrances(self) -> Collection[EntranceRecord]: ...


@dataclass(slots=True)
class Recordings:
    """The recordings in use, as this process last read them, and what changes them."""

    kept: Kept
    store: Store
    entrances: Entrances
    clock: Clock
    limit: int
    shelf: Shelf = field(default_factory=dict)

    async def run(self) -> None:
        """Look again and again for what other processes have changed."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Read what is in use."""
        self.shelf = {(one.entrance, one.kind, one.language): one for one in await self.kept.all()}

    def numbers(self) -> list[EntranceRecord]:
        """Return the entrances that people call, by name."""
        return [one for one in self.entrances.entrances() if one.kind is EntranceKind.NUMBER]

    async def upload(self, entrance: str, kind: Kind, language: str, data: bytes, by: str) -> Recording:
        """Use these bytes from now on; NoRecordingError when telephony could not play them."""
        if entrance != ALL and entrance not in {one.id for one in self.numbers()}:
            raise NotFoundError
        if not data:
            raise NoRecordingError("Välj en fil.")
        if len(data) > self.limit:
            raise NoRecordingError("Filen är för stor.")
        found = format_of(data)
        if found is None:
            raise NoRecordingError("Filen är varken WAV, MP3 eller OGG.")
        version = hashlib.sha256(data).hexdigest()
        await self.store.put(key_of(version), data, content_type=found.content_type)
        made = Recording(entrance, kind, language, version, found, len(data), self.clock(), by)
        before = self.shelf.get((entrance, kind, language))
        await self.kept.put(made)
        await self._let_go(before, unless=version)
        return made

    async def remove(self, entrance: str, kind: Kind, language: str) -> None:
        """Use no recording there any more; one that is gone already is gone."""
        before = self.shelf.get((entrance, kind, language))
        await self.kept.remove(entrance, kind, language)
        await self._let_go(before)

    async def read(self, version: str) -> bytes:
        """Return the bytes of a version; NotFoundError when there are none."""
        return await self.store.get(key_of(version))

    async def _let_go(self, before: Recording | None, unless: str = "") -> None:
        """Delete the bytes that nobody plays any more, and know what is in use now."""
        await self.look()
        if before and before.version != unless and not await self.kept.uses(before.version):
            await self.store.remove(key_of(before.version))


def key_of(version: str) -> str:
    """Return where the bytes of a version lie."""
    return f"recordings/{version}"
