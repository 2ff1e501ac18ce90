"""Which webhooks came in of late: the same id again is the same message, or it is refused.

A webhook older or newer than the signature's tolerance is refused before it comes here, so an id is kept for thrice
that time. One statement asks and writes for all that came together.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.held import Held
from services.intake.store.tables import WEBHOOK_IDS
from services.intake.store.together import Together

KEEP_MINUTES = 15
_CLAIM = f"""
INSERT INTO intake.webhook_ids AS known (webhook_id, body_hash)
SELECT * FROM unnest($1::text[], $2::bytea[])
ON CONFLICT (webhook_id) DO UPDATE SET
    body_hash = CASE WHEN known.seen_at < now() - interval '{KEEP_MINUTES} minutes'
                     THEN excluded.body_hash ELSE known.body_hash END,
    seen_at = CASE WHEN known.seen_at < now() - interval '{KEEP_MINUTES} minutes' THEN now() ELSE known.seen_at END
RETURNING webhook_id, body_hash
"""  # noqa: S608 - the number is ours

Claim = tuple[str, bytes]


class WebhookIds:
    """The ids of webhooks in intake's schema, each with the hash of its body."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._held = Held(engine, durable=False)
        self._claims: Together[Claim, bool] = Together(self._claim)

    async def claim(self, webhook_id: str, body_hash: bytes) -> bool:
        """Note an id; return False when it came before with another body."""
        return await self._claims.ask((webhook_id, body_hash))

    async def forget_before(self, moment: datetime) -> int:
        """Remove what is older; return how many."""
        async with transaction(self._engine) as connection:
            return (await connection.execute(delete(WEBHOOK_IDS).where(WEBHOOK_IDS.c.seen_at < moment))).rowcount

    async def stop(self) -> None:
        """Let the connection go."""
        await self._claims.settle()
        await self._held.let_go()

    async def _claim(self, claims: list[Claim]) -> Mapping[Claim, bool]:
        first: dict[str, bytes] = {}
        for webhook_id, body_hash in claims:
            first.setdefault(webhook_id, body_hash)
        ids = sorted(first)  # one order for all processes, so that none waits for another in a ring
        rows = await self._held.query(_CLAIM, ids, [first[one] for one in ids])
        kept = {row["webhook_id"]: bytes(row["body_hash"]) for row in rows}
        return {claim: kept[claim[0]] == claim[1] for claim in claims}
