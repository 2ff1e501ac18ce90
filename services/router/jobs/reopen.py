"""Lets in whoever is held for a queue that is open: nobody waits for ever, whatever was killed when it was opened."""

import asyncio
from datetime import datetime
from typing import Protocol

import structlog

from services.router.store.domain import ABSENT, heed_cancellation
from services.router.usecases.closures import Closures

SECONDS = 5.0

log = structlog.get_logger(__name__)


class HeldQueues(Protocol):
    """What knows whose contacts are held (`store.held.Held`)."""

    async def queues(self) -> list[tuple[str, datetime]]:
        """Return queues, and the moment that their contacts wait for."""


async def reopen(closures: Closures, held: HeldQueues) -> None:
    """Look every five seconds; never returns. Safe in every process."""
    while True:
        heed_cancellation()
        try:
            await once(closures, held)
        except ABSENT as error:
            log.info("held_contacts_not_read", error=type(error).__name__)
        await asyncio.sleep(SECONDS)


async def once(closures: Closures, held: HeldQueues) -> int:
    """Let in, now, those whose queue is not closed; return how many."""
    closed = {closure.queue for closure in closures.closed()}
    let_in = 0
    for queue, moment in await held.queues():
        if queue not in closed:
            let_in += await closures.let_in(queue, moment)
    if let_in:
        log.info("held_contacts_let_in", contacts=let_in)
    return let_in
