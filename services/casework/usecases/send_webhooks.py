"""The queue of webhooks is emptied: each is tried until the unit's system takes it, under one id."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.casework.channels.webhooks import WebhookGoneError, Webhooks, WebhookUnsentError
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from shared.clock import Clock
from shared.metrics import MAILS_OUT

BATCH = 8
LEASE = timedelta(minutes=2)
PAUSES = (5, 30, 120, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000)
"""Seconds before each further try: two days in all; the unit has its inbox and its letter besides."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SendWebhooks:
    """Send what is due; `key_of` gives a unit's secret key."""

    uow: UnitOfWork
    channel: Webhooks
    key_of: Callable[[str], bytes]
    clock: Clock

    async def run(self) -> int:
        """Send one batch; returns how many webhooks were claimed."""
        async with self.uow.begin() as work:
            batch = await work.webhooks.claim(self.clock(), LEASE, BATCH)
        await asyncio.gather(*map(self._send, batch))
        return len(batch)

    async def _send(self, one: Row) -> None:
        content = {"type": one["type"], "timestamp": one["created_at"], "data": one["body"]}
        try:
            await self.channel.send(one["url"], self.key_of(one["unit"]), one["id"], content, self.clock())
        except WebhookUnsentError as error:
            await self._later(one, str(error))
        except WebhookGoneError as error:
            await self._failed(one, str(error))
        else:
            async with self.uow.begin() as work:
                await work.webhooks.sent(one["id"], self.clock())
            MAILS_OUT.labels("webhook", "sent").inc()

    async def _later(self, one: Row, problem: str) -> None:
        if one["attempts"] > len(PAUSES):
            await self._failed(one, problem)
            return
        pause = PAUSES[one["attempts"] - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
        log.warning("webhook_put_off", webhook=one["id"], unit=one["unit"], problem=problem)
        async with self.uow.begin() as work:
            await work.webhooks.retry(one["id"], self.clock() + timedelta(seconds=pause), problem)
        MAILS_OUT.labels("webhook", "later").inc()

    async def _failed(self, one: Row, problem: str) -> None:
        log.error("webhook_failed", webhook=one["id"], unit=one["unit"], problem=problem)
        async with self.uow.begin() as work:
            await work.webhooks.failed(one["id"], problem)
        MAILS_OUT.labels("webhook", "failed").inc()
