"""The outgoing queue is emptied: receipts at most once, everything else until the mail server has taken it.

While the server takes nothing, one try every half minute finds out when it is back; then all that waited goes at once,
so that an hour away is caught up within a minute or two. That costs no mail one of its attempts.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.casework.domain.outgoing import OutgoingDeed
from services.casework.mail import (
    File,
    MailRefusedError,
    MailServer,
    MailServerAwayError,
    MailUnknownError,
    MailUnsentError,
)
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.bounces import not_arrived
from shared.clock import Clock
from shared.errors import NotFoundError, TransientError
from shared.metrics import MAILS_OUT
from shared.originals import Originals

BATCH = 10
LEASE = timedelta(minutes=6)
"""How long a mail is ours after it was claimed; then another may try it. Longer than a whole batch can take."""
LONGEST_PAUSE = 900.0
AWAY_PAUSE = 30.0
"""Seconds until the next try when the server itself is away."""
GIVE_UP = 60
"""Attempts at a server that answers: about half a day."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SendMail:
    """Send what is due over one connection."""

    uow: UnitOfWork
    server: Callable[[], MailServer]
    clock: Clock
    originals: Callable[[], Originals]

    async def run(self) -> int:
        """Send one batch; returns how many mails were claimed."""
        async with self.uow.begin() as work:
            mails = await work.mails.claim(self.clock(), LEASE, BATCH)
        if not mails:
            return 0
        try:
            async with self.server() as server:
                await self._wake()
                for mail in mails:
                    await self._send(server, mail)
        except MailServerAwayError as error:
            await self._hold(mails, error)
        return len(mails)

    async def _wake(self) -> None:
        """The server answers: what has waited for it need not wait longer."""
        async with self.uow.begin() as work:
            woken = await work.mails.wake(self.clock())
        if woken:
            log.info("mail_server_back", woken=woken)

    async def _hold(self, mails: list[Row], error: MailServerAwayError) -> None:
        log.warning("mail_server_away", why=error.why, error=str(error), claimed=len(mails))
        now = self.clock()
        until = now + timedelta(seconds=AWAY_PAUSE * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        async with self.uow.begin() as work:
            await work.mails.hold([mail["id"] for mail in mails], now, until, str(error))
        MAILS_OUT.labels("all", "away").inc()

    async def _send(self, server: MailServer, mail: Row) -> None:
        try:
            files = await self._files(mail)
            async with asyncio.timeout(11):
                await server.send(mail, self.clock(), files)
        except NotFoundError:
            await self._failed(mail, "file")
        except MailRefusedError as error:
            await self._failed(mail, str(error))
        except MailServerAwayError:
            raise
        except MailUnsentError as error:
            await self._later(mail, str(error))
        except (MailUnknownError, TimeoutError) as error:
            await self._unknown(mail, str(error) or "timeout")
        except TransientError as error:
            await self._later(mail, str(error))
        else:
            async with self.uow.begin() as work:
                await work.mails.sent(mail["id"], self.clock())
            MAILS_OUT.labels(mail["kind"], "sent").inc()

    async def _files(self, mail: Row) -> list[File]:
        """Return the files that go along; NotFoundError when one is gone."""
        if not mail["attachments"]:
            return []
        store = self.originals()
        return [
            File(one["name"], one["content_type"], await store.get(one["store_key"])) for one in mail["attachments"]
        ]

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
        """It will not be sent: that stands in the case, and she whose case it is hears of it."""
        log.error("mail_failed", mail=mail["id"], kind=mail["kind"], problem=problem)
        async with self.uow.begin() as work:
            await work.mails.failed(mail["id"], problem)
            await not_arrived(work, mail, OutgoingDeed.FAILED, problem, self.clock())
        MAILS_OUT.labels(mail["kind"], "failed").inc()


@dataclass(frozen=True, slots=True)
class ReadOutage:
    """Whether mail waits because the mail server is away, and since when."""

    uow: UnitOfWork
    clock: Clock

    async def run(self) -> datetime | None:
        """Return since when mail has waited more than a minute; None when none has."""
        async with self.uow.read() as work:
            return await work.mails.held_since(self.clock())
