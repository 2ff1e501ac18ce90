"""What supervisors decide for everybody, in the table `rules`: true for every router process within moments."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from shared.events import Event
from shared.publish import Message, message, tombstone
from shared.topics import RULES

_SECONDS = 2.0
_LOOK_SECONDS = 0.01


class Known(Protocol):
    """What is known of the table (`shared.table.Table`)."""

    def get(self, key: str) -> Event | None:
        """Return what stands under a key."""

    def values(self) -> list[Event]:
        """Return all of it."""


class Log(Protocol):
    """Where it is written (`shared.publish.Publisher`)."""

    async def publish(self, *messages: Message) -> None:
        """Return when Kafka has acknowledged."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Writes decisions to Kafka, and returns when this process has read them back: her next page shows them."""

    table: Known
    publisher: Log

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
