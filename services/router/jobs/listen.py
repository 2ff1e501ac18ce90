"""What Redis tells this process: an agent's offer is there, or the relay has come further. One connection for all."""

import asyncio
from typing import Any

import structlog
from redis.asyncio.client import PubSub

from services.router.store.domain import ABSENT, Domain, heed_cancellation
from services.router.store.waiters import Waiters
from services.router.store.watermark import Watermark

_PAUSE = 0.2

log = structlog.get_logger(__name__)


async def listen(domain: Domain, waiters: Waiters, watermark: Watermark) -> None:
    """Follow the two channels; never returns. After a gap every waiting request looks for itself once."""
    wake, relayed = domain.key("wake"), domain.key("relayed")
    while True:
        heed_cancellation()
        try:
            async with domain.plain.pubsub(ignore_subscribe_messages=True) as channel:
                await channel.subscribe(wake, relayed)
                waiters.wake_all()
                await _follow(channel, wake, waiters, watermark)
        except ABSENT as error:
            log.warning("listening_interrupted", error=type(error).__name__)
            await asyncio.sleep(_PAUSE)


async def _follow(channel: PubSub, wake: str, waiters: Waiters, watermark: Watermark) -> None:
    while True:
        heed_cancellation()
        message: dict[str, Any] | None = await channel.get_message(timeout=5)
        if message is None:
            continue
        said = message["data"].decode()
        if message["channel"].decode() == wake:
            waiters.wake(said)
        else:
            watermark.advance(said)
