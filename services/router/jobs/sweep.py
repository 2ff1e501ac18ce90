"""The one sweeper: deadlines that have passed take effect; safe in every process."""

import asyncio

from services.router.store.domain import ABSENT, heed_cancellation
from services.router.store.queues import Queues

LONGEST_SLEEP = 0.5
PAGE = 16


async def sweep(queues: Queues) -> None:
    """Expire page by page, then sleep until the next deadline or half a second; never returns."""
    while True:
        try:
            done, following = await queues.expire(PAGE)
        except ABSENT:  # the guard sees to it, and health says it
            done, following = 0, None
        heed_cancellation()
        if done < PAGE:
            await asyncio.sleep(LONGEST_SLEEP if following is None else min(LONGEST_SLEEP, following + 0.001))
