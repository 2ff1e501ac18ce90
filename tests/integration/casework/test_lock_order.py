"""What the router tells and what agents do at the same moment, over many connections: nobody waits in a circle."""

import asyncio
from collections.abc import Callable

import pytest

from shared.events import ContactCompleted, ContactRequeued, Event
from shared.vocabulary import Channel, Resolution
from tests.support.casework import MARIA, Room, contact

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROUNDS, CASES = 6, 8
Told = Callable[[Room, str], Event]


def completed(room: Room, name: str) -> Event:
    at = room.time()
    return ContactCompleted(contact_id=contact(name), epoch=1, at=at, channel=Channel.EMAIL, after_work_seconds=9)


def requeued(room: Room, name: str) -> Event:
    return ContactRequeued(contact_id=contact(name), epoch=1, at=room.time(), queue="bostad", reason="transfer")


def accepted(room: Room, name: str) -> Event:
    return room.accepted(name, 2)


@pytest.mark.parametrize("told", [completed, requeued, accepted])
async def test_a_batch_and_deeds_on_its_cases_never_wait_for_each_other_in_a_circle(room: Room, told: Told):
    for turn in range(ROUNDS):
        names = [f"{turn}-{number}" for number in range(CASES)]
        numbers = [await room.open(name) for name in names]
        deeds = [
            room.casework.deeds.park.run(number, MARIA)
            if turn % 2
            else room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
            for number in numbers
        ]
        batch = room.casework.follow_routing.run([told(room, name) for name in names])
        answers = await asyncio.gather(*deeds[:4], batch, *deeds[4:], return_exceptions=True)
        assert [one for one in answers if isinstance(one, BaseException)] == []
