"""What casework reads: contacts, what the router makes of them, and alarms about the load.

After a small batch it draws breath, so that under load the next one is larger: a transaction costs the same for two
contacts as for twenty, and nobody waits for a case to open within hundredths of a second (the desk opens its own).
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.casework.usecases import follow_contacts, follow_load, follow_routing
from services.casework.usecases.follow_contacts import FollowContacts
from services.casework.usecases.follow_load import FollowLoad
from services.casework.usecases.follow_routing import FollowRouting
from shared.asyncapi import Reading, describe
from shared.consume import Inflow, Received
from shared.events import EVENT_TYPES
from shared.settings import ServiceSettings
from shared.topics import CASES, CONTACTS, LOAD, ROUTING

BREATH_SECONDS = 0.025
SMALL = 20


def register(inflow: Inflow, contacts: FollowContacts, routing: FollowRouting, load: FollowLoad) -> None:
    """Connect the topics to their use cases."""

    async def on_contacts(batch: Sequence[Received[Any]]) -> None:
        await contacts.run([received.event for received in batch])
        await _breathe(batch)

    async def on_routing(batch: Sequence[Received[Any]]) -> None:
        await routing.run([received.event for received in batch])
        await _breathe(batch)

    async def on_load(batch: Sequence[Received[Any]]) -> None:
        await load.run([received.event for received in batch])

    inflow.on(LOAD, on_load, types=follow_load.READS)
    inflow.on(CONTACTS, on_contacts, types=follow_contacts.READS)
    inflow.on(ROUTING, on_routing, types=follow_routing.READS)


async def _breathe(batch: Sequence[Received[Any]]) -> None:
    if len(batch) < SMALL:
        await asyncio.sleep(BREATH_SECONDS)


def description(settings: ServiceSettings) -> str:
    """Return the AsyncAPI document: what casework reads and writes."""
    reads = (
        Reading(CONTACTS, follow_contacts.READS),
        Reading(ROUTING, follow_routing.READS),
        Reading(LOAD, follow_load.READS),
    )
    writes = [model for model in EVENT_TYPES.values() if model.topic == CASES]
    return describe(settings, "casework", reads, writes)
