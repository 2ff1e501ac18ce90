"""Rebuild: a store that is empty, or on another server than it was, begins a new generation filled from `open`.

What the server acknowledged and then forgot is thus as Kafka has it: waiting contacts stand at their place, accepted
ones stay with their agent, and every offer of the generation before is refused.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from services.router.domain.contact import generation_of, next_generation
from services.router.store.domain import Domain
from services.router.store.generation import Generation
from services.router.store.open import OpenContacts

log = structlog.get_logger(__name__)

ReadOpen = Callable[[], Awaitable[OpenContacts]]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Sees to it that this process knows a generation that is on the server it talks to."""

    domain: Domain
    generation: Generation
    read_open: ReadOpen
    now: Callable[[], float] = time.time

    async def ensure(self) -> bool:
        """Adopt the generation that is there, or fill a new one; False when another process is doing that."""
        server = await self.domain.server()
        await self.domain.load_functions()
        known, run = await self.generation.current()
        if known is not None and run == server:
            self.domain.adopt(known, server)
            return True
        async with self.generation.lease() as ours:
            if ours:
                await self._fill(server)
        return ours

    async def _fill(self, server: str) -> None:
        started = self.now()
        earlier = await self.generation.earlier()
        number = next_generation(started, *earlier)
        await self.generation.begin(number)
        await self.generation.drained()
        found = await self.read_open()
        newest = max((generation_of(contact.epoch) for contact in found.open.values()), default=0)
        if newest >= number:
            number = next_generation(started, *earlier, newest)
            await self.generation.begin(number)
        await self.generation.wipe()
        await self.generation.restore(number, list(found.open.values()), sorted(found.ended))
        await self.generation.open(number, server)
        self.domain.adopt(number, server)
        log.info("routing_state_rebuilt", generation=number, contacts=len(found.open), seconds=self.now() - started)
