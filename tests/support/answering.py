"""The loop that answers to incidents, in a process of its own that a test can kill."""

import asyncio

from shared.settings import ServiceSettings
from tests.support.casework import make_room


def answer(postgres: str) -> None:
    """Carry out what was ordered in this database."""
    asyncio.run(_answer(postgres))


async def _answer(postgres: str) -> None:
    room = make_room(ServiceSettings(postgres=postgres), migrated=True)
    try:
        await room.casework.incidents.answer_job.run()
    finally:
        await room.close()
