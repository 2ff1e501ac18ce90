"""A process that reads `contacts` in the group of the tests, to be killed: prints each contact id that it has done."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.consume import Inflow, Received
from shared.health import Health
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.topics import CONTACTS
from tests.support.kafka import QUICK


async def handle(batch: Sequence[Received[Any]]) -> None:
    for received in batch:
        print(received.event.contact_id, flush=True)


async def main(settings: ServiceSettings) -> None:
    publisher = Publisher(settings, "reader")
    await publisher.start()
    inflow = Inflow(settings, "tester", publisher, Health(), pace=replace(QUICK, session_ms=30_000))
    inflow.on(CONTACTS, handle)
    await inflow.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(ServiceSettings.model_validate_json(sys.argv[1])))
