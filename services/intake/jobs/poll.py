"""The mailbox loop: connect, read (`jobs/session.py`), and when that breaks say why, wait and connect again."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from services.intake.channels.imap_errors import ERRORS, words
from services.intake.channels.mailbox import Mailbox
from services.intake.jobs.session import Book, Places, Receive, Session
from services.intake.jobs.waits import Backoff, Tries, Waits
from shared.errors import TransientError
from shared.health import Health
from shared.metrics import MAILBOX_WELL

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PollMailbox:
    """Reads one mailbox for as long as the process lives, in a thread of its own: no other waits for it."""

    mailbox: Mailbox
    address: str
    """Where a mail came to whose header names no known address: an entrance's id, or an address."""
    receive: Receive
    places: Places
    health: Health
    ledger: Book | None = None
    poll_seconds: float = 15.0
    mail_limit: int = 50_000_000
    waits: Waits = field(default_factory=Waits)

    async def run(self) -> None:
        """Read until cancelled."""
        thread = ThreadPoolExecutor(1, thread_name_prefix=self.part)
        backoff, tries = Backoff(self.waits), Tries()
        clock: Callable[[], float] = asyncio.get_running_loop().time
        try:
            while True:
                session = Session(self, thread, tries)
                try:
                    await session.run()
                except (*ERRORS, TransientError) as error:
                    lived = clock() - session.well_since if session.well_since else 0.0
                    await asyncio.sleep(self._tell(error, backoff.after(error, lived)))
        finally:
            thread.shutdown(wait=False)

    def _tell(self, error: Exception, wait: float) -> float:
        text = words(error)
        MAILBOX_WELL.labels(self.part).set(0)
        log.warning("mailbox_interrupted", mailbox=self.part, error=type(error).__name__, reason=text, wait=round(wait))
        # The mail waits in its box; the other doors stay open, so the service goes on being ready.
        self.health.set(self.part, f"{text}; next attempt in {wait:.0f} s", blocks=False)
        return wait

    @property
    def part(self) -> str:
        """What it is called at `/health/ready`, in metrics and logs."""
        return self.mailbox.account.part
