"""Lets a peak take effect at once where agents and contacts wait, and lets it end at once when its time has come."""

import asyncio
from typing import Protocol

import structlog

from services.router.store.domain import ABSENT, heed_cancellation
from services.router.store.waiters import Waiters
from services.router.usecases.peak import Peak
from shared.records import PeakRecord

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Rings(Protocol):
    """Whose rings can be opened (`store.queues.Queues`)."""

    async def hasten(self, cursor: str = "0") -> tuple[int, str]:
        """Open the rings of one page of waiting contacts; return how many, and where to go on (`0`: done)."""


async def keep_peak(peak: Peak, rings: Rings, waiters: Waiters, changed: asyncio.Event) -> None:
    """Look when the table of rules has changed, and once a second; never returns. Safe in every process."""
    known: PeakRecord | None = None
    while True:
        heed_cancellation()
        changed.clear()
        known = await take_effect(peak.active(), known, rings, waiters)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await changed.wait()
        except TimeoutError:
            continue


async def take_effect(
    now: PeakRecord | None, known: PeakRecord | None, rings: Rings, waiters: Waiters
) -> PeakRecord | None:
    """Let every waiting agent pull again on what are now her terms, and open the rings of those who wait already.

    Returns what has taken effect; a store that is away is tried again at the next look.
    """
    if now == known:
        return known
    waiters.wake_all()
    try:
        if now is not None and now.rings_open:
            await _open_rings(rings)
    except ABSENT as error:
        log.warning("peak_delayed", error=type(error).__name__)
        return known
    log.info("peak_holds" if now else "peak_is_over", until=now.until.isoformat() if now else None)
    return now


async def _open_rings(rings: Rings) -> None:
    cursor, opened = "0", 0
    while True:
        done, cursor = await rings.hasten(cursor)
        opened += done
        heed_cancellation()
        if cursor == "0":
            log.info("rings_opened", contacts=opened)
            return
