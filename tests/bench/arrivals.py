"""Contacts that wait: published as they come in by the doors, and counted in the store."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from services.router.store.domain import Domain
from shared.events import ContactReceived
from shared.ids import new_id
from shared.vocabulary import Channel
from tests.bench.routers import House, texts

_PATIENCE = 300.0
_DOORS = ((Channel.EMAIL, "kontakt-mejl"), (Channel.E_SERVICE, "formular-kontakt"))


async def fill(own: House, wanted: int) -> None:
    """Publish contacts until so many wait."""
    async with own.domain() as domain:
        missing = wanted - await waiting(domain)
        await own.publish(arrivals(missing))
        until = time.monotonic() + _PATIENCE
        while await waiting(domain) < wanted:
            if time.monotonic() > until:
                raise SystemExit(f"the router does not take contacts in; its log: {own.log}")
            await asyncio.sleep(0.1)


async def waiting(domain: Domain) -> int:
    """Return how many wait, in all lines."""
    names: Any = await domain.plain.zrange(domain.key("heads"), 0, -1)
    async with domain.plain.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.zcard(domain.key("q:").encode() + name)
        return sum(await pipe.execute())


def arrivals(count: int, words: int = 20) -> Iterator[ContactReceived]:
    """Yield contacts, each from a person of her own, with texts of so many words."""
    said = texts(words)
    for number in range(count):
        channel, entrance = _DOORS[number % len(_DOORS)]
        yield ContactReceived(
            contact_id=new_id(),
            channel=channel,
            entrance=entrance,
            unit="kontaktcenter",
            received_at=datetime.now(UTC),
            person_key=f"person-{number}",
            text=next(said),
        )
