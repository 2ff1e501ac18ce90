"""The queue of SMS is emptied: each at most once by itself, since the provider knows no key that makes two one."""

import random
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.casework.channels.elks_sms import ElksSms, SmsRefusedError, SmsUnknownError, SmsUnsentError
from services.casework.domain.outgoing import OutgoingDeed
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.bounces import not_arrived
from shared.clock import Clock
from shared.metrics import MAILS_OUT

BATCH = 10
LEASE = timedelta(minutes=10)
"""After so long whoever took an SMS has died: longer than a whole batch can take."""
PAUSE = 30.0
"""Seconds until the next try when the provider surely took nothing."""
GIVE_UP = 1500
"""Attempts: about half a day."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SendSms:
    """Send what is due; `channel` is None where SMS is not set up, and nothing is done."""

    uow: UnitOfWork
    channel: ElksSms | None
    clock: Clock

    async def run(self) -> int:
        """Send one batch; returns how many SMS were claimed."""
        if self.channel is None:
            return 0
        now = self.clock()
        async with self.uow.begin() as work:
            for one in await work.sms.lost(now):
                await not_arrived(work, one, OutgoingDeed.FAILED, one["problem"], now)
            batch = await work.sms.claim(now, LEASE, BATCH)
        for one in batch:
            await self._send(self.channel, one)
        return len(batch)

    async def _send(self, channel: ElksSms, one: Row) -> None:
        try:
            provider_id = await channel.send(one["sender"], one["recipient"], one["body"], one["id"])
        except SmsUnsentError as error:
            await self._later(one, error)
        except SmsRefusedError as error:
            await self._failed(one, str(error))
        except SmsUnknownError as error:
            await self._failed(one, f"unknown {error}")
        else:
            async with self.uow.begin() as work:
                await work.sms.sent(one["id"], self.clock(), provider_id)
            MAILS_OUT.labels(f"sms_{one['kind']}", "sent").inc()

    async def _later(self, one: Row, error: SmsUnsentError) -> None:
        if one["attempts"] >= GIVE_UP:
            await self._failed(one, error.why)
            return
        pause = timedelta(seconds=PAUSE * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        log.warning("sms_put_off", sms=one["id"], why=error.why)
        async with self.uow.begin() as work:
            await work.sms.retry(one["id"], self.clock() + pause, f"away {error.why}")
        MAILS_OUT.labels(f"sms_{one['kind']}", "later").inc()

    async def _failed(self, one: Row, problem: str) -> None:
        log.error("sms_failed", sms=one["id"], kind=one["kind"], problem=problem)
        async with self.uow.begin() as work:
            await work.sms.failed(one["id"], problem)
            await not_arrived(work, one, OutgoingDeed.FAILED, problem, self.clock())
        MAILS_OUT.labels(f"sms_{one['kind']}", "failed").inc()
