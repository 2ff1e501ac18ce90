"""Waiting pulls: one contact makes one offer and wakes one request, however many wait."""

import asyncio
from typing import Any

import pytest

from services.router.jobs.listen import listen
from services.router.store.waiters import Waiters
from services.router.usecases.pull import Pull
from shared.records import AgentProfile
from tests.integration.router.support import Desk
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

AGENTS = {f"agent-{n}": AgentProfile(id=f"agent-{n}", name=f"Agent {n}", skills={"*": 3}) for n in range(300)}


class CountingWaiters(Waiters):
    def __init__(self) -> None:
        super().__init__()
        self.woken: list[str] = []

    def wake(self, agent_id: str) -> bool:
        found = super().wake(agent_id)
        if found:
            self.woken.append(agent_id)
        return found


def pulling(desk: Desk, waiters: Waiters) -> Pull:
    return Pull(desk.queues, waiters, AGENTS.get, lambda _: "Hej, {agent} här.")


async def test_three_hundred_wait_and_one_is_woken(desk: Desk):
    waiters = CountingWaiters()
    ear = asyncio.create_task(listen(desk.domain, waiters, desk.watermark))
    pull = pulling(desk, waiters)
    for agent in AGENTS:
        await desk.ready(agent)
    waiting = {agent: asyncio.create_task(pull.next_offer(agent, 25)) for agent in AGENTS}
    await eventually(lambda: _seated(desk, len(AGENTS)))
    await desk.arrive("c1")
    done, _ = await asyncio.wait(waiting.values(), return_when=asyncio.FIRST_COMPLETED, timeout=10)
    offers = [task.result() for task in done]
    assert [offer.contact_id for offer in offers if offer] == ["c1"]
    assert offers[0] is not None
    assert offers[0].greeting == "Hej, Agent här."
    assert waiters.woken == ["agent-0"]
    await desk.relayed()
    assert desk.kafka.types("c1").count("OfferMade") == 1
    for task in (*waiting.values(), ear):
        task.cancel()
    await asyncio.gather(*waiting.values(), ear, return_exceptions=True)


async def _seated(desk: Desk, wanted: int) -> bool:
    benches: Any = await desk.redis.smembers(desk.domain.key("wk"))
    seated = [await desk.redis.zcard(desk.domain.key("wa:").encode() + bytes(bench)) for bench in benches]
    return sum(seated) == wanted


async def test_a_client_that_leaves_is_offered_nothing(desk: Desk):
    waiters = Waiters()
    await desk.ready("agent-0")
    waiting = asyncio.create_task(pulling(desk, waiters).next_offer("agent-0", 25))
    await eventually(lambda: _seated(desk, 1))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await desk.arrive("c1")
    view = await desk.look.contact("c1")
    assert view is not None
    assert view.state == "waiting"
    assert len(waiters) == 0


async def test_a_word_that_was_missed_is_made_up_for(desk: Desk):
    """The offer was made while nobody heard: when we listen again, the request finds it."""
    waiters = Waiters()
    await desk.ready("agent-0")
    waiting = asyncio.create_task(pulling(desk, waiters).next_offer("agent-0", 25))
    await eventually(lambda: _seated(desk, 1))
    await desk.arrive("c1")
    ear = asyncio.create_task(listen(desk.domain, waiters, desk.watermark))
    offer = await asyncio.wait_for(waiting, 8)
    assert offer is not None
    assert offer.contact_id == "c1"
    ear.cancel()
    await asyncio.gather(ear, return_exceptions=True)
