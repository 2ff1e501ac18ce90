"""The bound of waiting on a real Valkey: thousands of choices under calls without end, with late mails among them."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heapify, heapreplace

import pytest

from services.router.domain.bound import bound_seconds, choices_before
from services.router.domain.order import ALLOWANCE, GRACE
from services.router.domain.skills import Terms
from services.router.settings import Settings
from services.router.store.queues import Queues
from services.router.store.watermark import Watermark
from shared.vocabulary import Channel, Priority
from tests.integration.router.support import ALL, Desk, contact, open_desk

pytestmark = pytest.mark.integration

AGENTS, CHOICES, LONGEST = 4, 3000, 60.0
CALLERS = 12
"""So many wait at any time: more than all agents can take."""


class Passed(Watermark):
    """Nobody waits for the relay here."""

    async def passed(self, stream_id: str, within: float) -> None:
        del stream_id, within


@dataclass
class Late:
    """A mail that is late from the moment that it comes."""

    ahead: int
    since: float
    choices: int = 0


@dataclass
class Storm:
    """Agents who are never idle, on the store's own clock."""

    desk: Desk
    dice: random.Random
    now: float = 0.0
    number: int = 0
    callers: set[str] = field(default_factory=set)
    late: dict[str, Late] = field(default_factory=dict)
    done: list[tuple[Late, float]] = field(default_factory=list)

    async def run(self) -> None:
        self.queues = Queues(self.desk.domain, Passed())
        free = [(self.dice.uniform(0, LONGEST), f"agent-{n}", "", 0) for n in range(AGENTS)]
        heapify(free)
        for choice in range(CHOICES):
            moment, agent, held, epoch = free[0]
            await self.until(moment)
            await self.callers_come()
            if choice % 14 == 0:
                await self.mails_come(self.dice.choice([1, 1, 4]))
            if held:
                await self.queues.complete(held, epoch, None)
            got = await self.choice(agent)
            heapreplace(free, (self.now + self.dice.uniform(5, LONGEST), agent, *got))

    async def until(self, moment: float) -> None:
        await self.desk.pass_time(moment - self.now)
        self.now = moment

    async def callers_come(self) -> None:
        while len(self.callers) < CALLERS:
            self.number += 1
            name = f"call-{self.number}"
            due = await self.desk.clock() + timedelta(days=9)
            await self.enqueue(name, channel=Channel.PHONE, priority=Priority.URGENT, due_at=due)
            self.callers.add(name)

    async def mails_come(self, number: int) -> None:
        for _ in range(number):
            self.number += 1
            name, priority = f"mail-{self.number}", self.dice.choice([Priority.LOW, Priority.NORMAL])
            came = await self.desk.clock() - ALLOWANCE[priority] - GRACE[priority]
            await self.enqueue(name, priority=priority, received_at=came)
            self.late[name] = Late(len(self.late), self.now)

    async def enqueue(self, name: str, **fields: object) -> None:
        made = contact(name, **{"received_at": await self.desk.clock()} | fields)
        await self.queues.enqueue([made], [None])

    async def choice(self, agent: str) -> tuple[str, int]:
        offer = await self.queues.pull(agent, Terms(ALL), wait=0)
        assert offer is not None
        for each in self.late.values():
            each.choices += 1
        if (mail := self.late.pop(offer.contact_id, None)) is not None:
            assert offer.why == ("late",)
            self.done.append((mail, self.now - mail.since))
        self.callers.discard(offer.contact_id)
        return await self.queues.accept(f"{offer.contact_id}.{offer.epoch}", offer.epoch)


@pytest.fixture
async def calm(router_settings: Settings) -> AsyncIterator[Desk]:
    """Nobody is taken to be gone, whatever the clock says."""
    lasting = router_settings.model_copy(update={"presence_seconds": 10**8, "offer_seconds": 10**6})
    async with open_desk(lasting) as made:
        for number in range(AGENTS):
            await made.ready(f"agent-{number}")
        yield made


async def test_under_calls_without_end_late_mails_wait_no_longer_than_the_bound(calm: Desk):
    storm = Storm(calm, random.Random(4))
    await storm.run()
    assert len(storm.done) > CHOICES / 14
    for mail, waited in storm.done:
        assert mail.choices <= choices_before(mail.ahead, AGENTS)
        assert waited <= bound_seconds(mail.ahead, AGENTS, LONGEST)
    assert all(mail.choices < choices_before(mail.ahead, AGENTS) for mail in storm.late.values())
    assert (await calm.drift()).wrong == 0
