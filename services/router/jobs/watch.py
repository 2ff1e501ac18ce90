"""Looks at the floor once a second while somebody watches it, and tells the pages when it has changed."""

import asyncio
from collections.abc import Hashable

import structlog

from services.router.store.domain import ABSENT, heed_cancellation
from services.router.usecases.floorboard import CHANGED, LOST, TOPIC, Floorboard
from shared.web.live import Hub

SECONDS = 1.0
ANYWAY = 5
"""After so many looks without a change pages are shown anew all the same: times go on."""

log = structlog.get_logger(__name__)


async def watch(board: Floorboard, hub: Hub) -> None:
    """Look; never returns. One for all viewers of the process, and no look at all without any."""
    told: Hashable = None
    quiet = 0
    while True:
        heed_cancellation()
        if hub.readers:
            gist = await _looked(board)
            quiet += 1
            if gist != told or quiet >= ANYWAY:
                hub.publish(TOPIC, LOST if gist is None else CHANGED)
                told, quiet = gist, 0
        await asyncio.sleep(SECONDS)


async def _looked(board: Floorboard) -> Hashable:
    """Return the gist of the floor; None when it cannot be seen."""
    try:
        return (await board.get(anew=True)).gist
    except ABSENT as error:
        log.info("floor_not_seen", error=type(error).__name__)
        return None
