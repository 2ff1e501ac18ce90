"""What was answered to an `Idempotency-Key`: the same again within 24 hours is the same answer, nothing new."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.tables import IDEMPOTENCY
from shared.errors import KeyReusedError

_DAY = text("interval '24 hours'")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: whose door, its key (None: not asked for) and what it says."""

    door: str
    key: str | None
    body: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """What tells this request from another under the same key."""
        return hashlib.sha256(json.dumps(self.body, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers in intake's schema."""

    engine: AsyncEngine

    async def recall(self, connection: AsyncConnection, asked: Asked) -> dict[str, Any] | None:
        """Return the answer given before, or None and hold the key until the transaction ends."""
        if asked.key is None:
            return None
        fresh = {"fingerprint": asked.fingerprint, "answer": {}, "created_at": func.now()}
        claim = insert(IDEMPOTENCY).values(door=asked.door, key=asked.key, **fresh)
        old = IDEMPOTENCY.c.created_at < func.now() - _DAY
        claim = claim.on_conflict_do_update(index_elements=["door", "key"], set_=fresh, where=old)
        if (await connection.execute(claim.returning(IDEMPOTENCY.c.key))).first():
            return None
        row = (await connection.execute(select(IDEMPOTENCY).where(_is(asked)))).one()
        if row.fingerprint != asked.fingerprint:
            raise KeyReusedError
        return dict(row.answer)

    async def remember(self, connection: AsyncConnection, asked: Asked, answer: Mapping[str, Any]) -> None:
        """Keep the answer under the key."""
        if asked.key is not None:
            await connection.execute(update(IDEMPOTENCY).where(_is(asked)).values(answer=dict(answer)))

    async def forget_before(self, moment: datetime) -> int:
        """Remove what is older; return how many."""
        async with transaction(self.engine) as connection:
            old = delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < moment)
            return (await connection.execute(old)).rowcount


def _is(asked: Asked) -> Any:
    return (IDEMPOTENCY.c.door == asked.door) & (IDEMPOTENCY.c.key == asked.key)
