"""The recordings that callers hear: which is in use where; a version is kept for as long as somebody plays it."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.domain.recording import Format, Kind, Recording
from services.intake.store.database import transaction
from services.intake.store.tables import RECORDINGS

_KEY = ("entrance", "kind", "language")
_COLUMNS = [RECORDINGS.c[field.name] for field in fields(Recording)]


@dataclass(frozen=True, slots=True)
class Recordings:
    """The recordings in intake's schema."""

    engine: AsyncEngine

    async def all(self) -> list[Recording]:
        """Return every recording in use."""
        async with transaction(self.engine) as connection:
            rows = (await connection.execute(select(*_COLUMNS))).all()
        return [_recording(row) for row in rows]

    async def put(self, recording: Recording) -> None:
        """Use a recording from now on in its place."""
        values = {field.name: getattr(recording, field.name) for field in fields(recording)}
        changed = {name: value for name, value in values.items() if name not in _KEY}
        write = insert(RECORDINGS).values(values).on_conflict_do_update(index_elements=_KEY, set_=changed)
        async with transaction(self.engine) as connection:
            await connection.execute(write)

    async def remove(self, entrance: str, kind: Kind, language: str) -> bool:
        """Use none any more; False when there was none."""
        where = (RECORDINGS.c.entrance == entrance) & (RECORDINGS.c.kind == kind) & (RECORDINGS.c.language == language)
        async with transaction(self.engine) as connection:
            return bool((await connection.execute(delete(RECORDINGS).where(where))).rowcount)

    async def uses(self, version: str) -> int:
        """Say how many places a version is in use in."""
        counted = select(func.count()).where(RECORDINGS.c.version == version)
        async with transaction(self.engine) as connection:
            return int((await connection.execute(counted)).scalar_one())


def _recording(row: Row[Any]) -> Recording:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    return Recording(**{**values, "kind": Kind(row.kind), "format": Format(row.format)})
