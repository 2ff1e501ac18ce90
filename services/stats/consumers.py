"""Kafka in: facts of `routing` and `cases`."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from services.stats.usecases.translate import CASE_FACTS, ROUTING_FACTS
from shared.asyncapi import Reading, describe
from shared.consume import Inflow
from shared.events import AlarmCleared, AlarmRaised
from shared.lane import Handler, Received
from shared.settings import ServiceSettings
from shared.topics import CASES, ROUTING

REST_SECONDS = 0.25
FULL = 300


class Rested:
    """Lets a small batch wait a little after the one before, so that the next is larger: each costs a transaction."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._done = 0.0

    async def handle(self, records: Sequence[Received[Any]]) -> None:
        """Handle the batch; a full one at once."""
        rest = self._done + REST_SECONDS - time.monotonic()
        if len(records) < FULL and rest > 0:
            await asyncio.sleep(rest)
        try:
            await self._handler(records)
        finally:
            self._done = time.monotonic()


def register(inflow: Inflow, fold: Handler) -> None:
    """Fold both topics, each in a group of its own."""
    inflow.on(ROUTING, Rested(fold).handle, types=tuple(ROUTING_FACTS), batch=1000)
    inflow.on(CASES, Rested(fold).handle, types=tuple(CASE_FACTS), batch=1000)


def description(settings: ServiceSettings) -> str:
    """Return the AsyncAPI document: what stats reads and writes."""
    reads = (Reading(ROUTING, tuple(ROUTING_FACTS)), Reading(CASES, tuple(CASE_FACTS)))
    return describe(settings, "stats", reads, (AlarmRaised, AlarmCleared))
