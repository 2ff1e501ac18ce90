"""Blocking work on a mailbox beside the loop that takes mails in, under a deadline of ours for each command.

The socket's timeout bounds a silence only: a server that says a byte now and then would hold a thread for ever.
"""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic
from typing import TypeVar

import structlog

from services.intake.channels.imap_errors import ERRORS, ServerError
from services.intake.channels.mailbox import Mailbox
from shared.errors import TransientError

SLOWEST = 50_000
"""Bytes a second of a server that is taken for alive."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Held:
    """What a thread waits for, as it is seen from outside: until when it may, and how it is broken off."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._box: Mailbox | None = None
        self._over = False
        self.until = monotonic() + seconds

    def step(self, box: Mailbox, weight: int = 0) -> None:
        """Begin to wait for an answer of about `weight` bytes; TimeoutError when nobody waits for us any more."""
        self._box, self.until = box, monotonic() + self._seconds + weight / SLOWEST
        if self._over:
            raise TimeoutError

    def end(self) -> None:
        """Break off what goes on, and let nothing new begin."""
        self._over = True
        if self._box is not None:
            self._box.drop()


HELD: ContextVar[Held | None] = ContextVar("held", default=None)
"""What bounds the work of this thread."""


async def bounded(seconds: float, work: Callable[[], T]) -> T:
    """Do it in a thread, no command longer than `seconds` and its bytes; raises what a mail server raises only."""
    held = Held(seconds)
    before = HELD.set(held)
    task = asyncio.ensure_future(asyncio.to_thread(work))
    HELD.reset(before)
    try:
        return await _patiently(task, held)
    except (*ERRORS, TransientError):
        raise
    except Exception as error:
        # What imaplib and we make of an answer that is no IMAP.
        log.exception("mailbox_not_understood")
        raise ServerError(f"the server's answer is not understood: {type(error).__name__}") from error
    finally:
        if not task.done():
            held.end()
            task.add_done_callback(_ended)


async def _patiently(task: "asyncio.Task[T]", held: Held) -> T:
    while not task.done():
        if (left := held.until - monotonic()) <= 0:
            raise TimeoutError
        await asyncio.wait({task}, timeout=left)
    return task.result()


def _ended(task: "asyncio.Task[T]") -> None:
    """Take note of what a thread ended by that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
