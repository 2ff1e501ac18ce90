"""Files without a verdict of the virus scanner, until it has given one: since when, and when it is asked again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.tables import OUTBOX, UNSCANNED
from shared import outbox
from shared.publish import Message

_LATER = text(
    "UPDATE intake.unscanned SET attempts = attempts + 1, "
    "next_at = CAST(:now AS timestamptz) "
    "+ least(interval '1 minute' * power(2, least(attempts, 12)), interval '6 hours') "
    "WHERE store_key = ANY(:store_keys)"
)


@dataclass(frozen=True, slots=True)
class Unscanned:
    """The list in intake's schema."""

    engine: AsyncEngine

    async def note(self, store_keys: Sequence[str]) -> None:
        """Remember files that have no verdict; one that is known already stays as it is."""
        rows = [{"store_key": key, "contact_id": key.partition("/")[0]} for key in store_keys]
        async with transaction(self.engine) as connection:
            await connection.execute(insert(UNSCANNED).on_conflict_do_nothing(), rows)

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Return files to be scanned now, whole contacts together, the longest waiting first."""
        contacts = (
            select(UNSCANNED.c.contact_id)
            .where(UNSCANNED.c.next_at <= now)
            .group_by(UNSCANNED.c.contact_id)
            .order_by(func.min(UNSCANNED.c.next_at))
            .limit(limit)
        )
        question = select(UNSCANNED.c.store_key).where(UNSCANNED.c.contact_id.in_(contacts))
        async with transaction(self.engine) as connection:
            rows = await connection.execute(question.order_by(UNSCANNED.c.contact_id, UNSCANNED.c.store_key))
            return [row.store_key for row in rows]

    async def settle(self, store_keys: Sequence[str], *events: Message) -> None:
        """Forget files and tell of them, together; when another process has told of one of them, nothing is told."""
        async with transaction(self.engine) as connection:
            gone = await connection.execute(delete(UNSCANNED).where(UNSCANNED.c.store_key.in_(store_keys)))
            if gone.rowcount == len(store_keys):
                await outbox.add(connection, OUTBOX, *events)

    async def later(self, store_keys: Sequence[str], now: datetime) -> None:
        """Ask again later: after a minute, then twice as long each time, at most six hours."""
        async with transaction(self.engine) as connection:
            await connection.execute(_LATER, {"store_keys": list(store_keys), "now": now})

    async def forget_before(self, moment: datetime) -> int:
        """Give up what has had no verdict for so long (it is never handed out); return how many."""
        async with transaction(self.engine) as connection:
            return (await connection.execute(delete(UNSCANNED).where(UNSCANNED.c.since < moment))).rowcount

    async def count(self) -> int:
        """Return how many files wait for a verdict."""
        async with transaction(self.engine) as connection:
            return int((await connection.execute(select(func.count()).select_from(UNSCANNED))).scalar_one())
