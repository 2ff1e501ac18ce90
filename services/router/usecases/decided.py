"""What supervisors decide for everybody, in the table `rules`: true for every router process within moments."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from shared.events import Event
from shared.publish import Message, Publisher, message, tombstone
from shared.table import Table
from shared.topics import RULES

_SECONDS = 2.0
_LOOK_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Decided:
    """Writes decisions to Kafka, and returns when this process has read them back: her next page shows them."""

    table: Table
    publisher: Publisher

    async def say(self, record: Event) -> None:
        """Let a record hold from now on; LogUnavailableError when Kafka does not take it."""
        await self._write(message(record), record)

    async def unsay(self, key: str) -> None:
        """Let what stands under a key hold no more."""
        await self._write(tombstone(RULES, key), None)

    async def _write(self, said: Message, wanted: Event | None) -> None:
        await self.publisher.publish(said)
        with suppress(TimeoutError):  # it holds all the same; only her next page may not show it yet
            async with asyncio.timeout(_SECONDS):
                while self.table.get(said.key) != wanted:  # noqa: ASYNC110 - a table tells one listener alone
                    await asyncio.sleep(_LOOK_SECONDS)
