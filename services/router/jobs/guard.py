"""Sees to it that the routing state is there: notices when it is lost, and has it rebuilt."""

import asyncio

import structlog

from services.router.store.domain import ABSENT, Domain, heed_cancellation
from services.router.usecases.rebuild import Rebuild

LOOK_SECONDS = 1.0
_PAUSE = 0.2

log = structlog.get_logger(__name__)


async def guard(domain: Domain, rebuild: Rebuild) -> None:
    """Look once a second, and at once when a command was refused; never returns."""
    while True:
        heed_cancellation()
        try:
            await _see_to_it(domain, rebuild)
        except ABSENT as error:
            log.warning("routing_state_unreachable", error=type(error).__name__, reason=str(error))
            await asyncio.sleep(_PAUSE)


async def _see_to_it(domain: Domain, rebuild: Rebuild) -> None:
    if domain.generation is None and not await rebuild.ensure():
        await asyncio.sleep(_PAUSE)
        return
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await domain.lost.wait()
    except TimeoutError:
        await domain.look()
