"""The outgoing queue is emptied: receipts at most once, everything else until the mail server has taken it."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.casework.mail import MailRefusedError, MailServer, MailUnknownError, MailUnsentError
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from shared.clock import Clock
from shared.metrics import MAILS_OUT

BATCH = 20
LEASE = timedelta(minutes=4)
"""How long a mail is ours after it was claimed; then another may try it. Longer than a whole batch can take."""
LONGEST_PAUSE = 900.0
GIVE_UP = 60
"""Attempts: about half a day."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SendMail:
    """Send what is due over one connection."""

    uow: UnitOfWork
    server: Callable[[], MailServer]
    clock: Clock

    async def run(self) -> int:
        """Send one batch; returns how many mails were claimed."""
        async with self.uow.begin() as work:
            mails = await work.mails.claim(self.clock(), LEASE, BATCH)
        if not mails:
            return 0
        try:
            async with self.server() as server:
                for mail in mails:
                    await self._send(server, mail)
        except MailUnsentError as error:
            log.warning("mail_server_unreachable", waiting=len(mails), error=str(error))
            for mail in mails:
                await self._later(mail, str(error))
        return len(mails)

    async def _send(self, server: MailServer, mail: Row) -> None:
        try:
            async with asyncio.timeout(11):
                await server.send(mail, self.clock())
        except MailRefusedError as error:
            await self._failed(mail, str(error))
        except MailUnsentError as error:
            await self._later(mail, str(error))
        except (MailUnknownError, TimeoutError) as error:
            await self._unknown(mail, str(error) or "timeout")
        else:
            async with self.uow.begin() as work:
                await work.mails.sent(mail["id"], self.clock())
            MAILS_OUT.labels(mail["kind"], "sent").inc()

    async def _unknown(self, mail: Row, problem: str) -> None:
        """A receipt that may have gone out is never sent again; a reply that may not have, is."""
        if mail["kind"] == "receipt":
            await self._failed(mail, problem)
        else:
            await self._later(mail, problem)

    async def _later(self, mail: Row, problem: str) -> None:
        if mail["attempts"] >= GIVE_UP:
            await self._failed(mail, problem)
            return
        pause = min(LONGEST_PAUSE, 2.0 ** min(mail["attempts"], 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        async with self.uow.begin() as work:
            await work.mails.retry(mail["id"], self.clock() + timedelta(seconds=pause), problem)
        MAILS_OUT.labels(mail["kind"], "later").inc()

    async def _failed(self, mail: Row, problem: str) -> None:
        log.error("mail_failed", mail=mail["id"], kind=mail["kind"], problem=problem)
        async with self.uow.begin() as work:
            await work.mails.failed(mail["id"], problem)
        MAILS_OUT.labels(mail["kind"], "failed").inc()
