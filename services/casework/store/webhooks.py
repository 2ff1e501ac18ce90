"""The queue of webhooks: what happens to a hand-over whose unit has a system of its own is told to that system.

Queued in the transaction that made the event, under the event's id; tried until it is taken, the oldest first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.store.sql import Row, records, rows_of
from services.casework.store.tables import webhooks_out
from shared.publish import Message
from shared.topics import CASES

_QUEUE = text(
    "INSERT INTO casework.webhooks_out (id, handover_id, unit, url, type, body, state, created_at, next_at) "
    "SELECT r.id, h.id, h.unit, t.webhook_url, r.type, r.body, 'queued', r.at, r.at "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(id text, handover_id text, type text, body jsonb, at timestamptz) "
    "JOIN casework.handovers AS h ON h.id = r.handover_id "
    "JOIN casework.unit_terms AS t ON t.unit = h.unit AND t.webhook_url <> '' "
    "WHERE h.delivered_at IS NOT NULL ON CONFLICT (id) DO NOTHING"
)
_CLAIM = text(
    "UPDATE casework.webhooks_out SET attempts = attempts + 1, next_at = CAST(:lease AS timestamptz) "
    "WHERE id IN (SELECT id FROM casework.webhooks_out WHERE next_at <= :at ORDER BY attempts, next_at LIMIT :limit "
    "FOR UPDATE SKIP LOCKED) RETURNING *"
)


def _name(event: Message) -> str:
    """Return what the receiver calls it: the event's type without version; the hand-over itself is `handover.sent`."""
    name = event.type.rpartition(".v")[0]
    return "handover.sent" if name in ("case.handed_over", "handover.delivered") else name


class WebhookQueue:
    """Outgoing webhooks within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def follow(self, told: Sequence[Message]) -> None:
        """Queue those of the events that are about a hand-over, for units that have an address for it."""
        bodies = [(one, orjson.loads(one.value)) for one in told if one.value and one.topic is CASES]
        rows = [
            {"id": one.id, "handover_id": body["handover_id"], "type": _name(one), "body": body, "at": one.time}
            for one, body in bodies
            if "handover_id" in body
        ]
        if rows:
            await self._conn.execute(_QUEUE, {"rows": records(rows)})

    async def claim(self, at: datetime, lease: timedelta, limit: int) -> list[Row]:
        """Take what is due until the lease is over; first tries go before further ones: no one waits for the dead."""
        return await rows_of(self._conn, _CLAIM, {"at": at, "lease": at + lease, "limit": limit})

    async def sent(self, webhook_id: str, at: datetime) -> None:
        """The receiver has taken it."""
        await self._set(webhook_id, state="sent", sent_at=at, next_at=None, problem="")

    async def retry(self, webhook_id: str, at: datetime, problem: str) -> None:
        """It was not taken; try again at `at`."""
        await self._set(webhook_id, next_at=at, problem=problem)

    async def failed(self, webhook_id: str, problem: str) -> None:
        """It will not be tried again."""
        await self._set(webhook_id, state="failed", next_at=None, problem=problem)

    async def of_handover(self, handover_id: str) -> list[Row]:
        """Return the webhooks of a hand-over, oldest first."""
        query = select(webhooks_out).where(webhooks_out.c.handover_id == handover_id)
        return await rows_of(self._conn, query.order_by(webhooks_out.c.created_at, webhooks_out.c.id))

    async def _set(self, webhook_id: str, **values: object) -> None:
        await self._conn.execute(update(webhooks_out).where(webhooks_out.c.id == webhook_id).values(**values))
