"""Waiting pulls: one contact makes one offer and wakes one request, however many wait."""

import asyncio
from typing import Any

import httpx
import pytest
import uvicorn

from deploy.local.part import free_ports
from services.router.jobs.listen import listen
from services.router.store.waiters import Waiters
from services.router.usecases.pull import Pull
from services.router.usecases.terms import AgentTerms
from services.router.web import pull
from shared.health import Health
from shared.records import AgentProfile
from shared.web.app import build_app
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
    return Pull(desk.queues, waiters, AgentTerms(AGENTS.get, lambda: None), lambda _: "Hej, {agent} här.")


async def test_three_hundred_wait_and_one_is_woken(desk: Desk):
    waiters = CountingWaiters()
    ear = asyncio.create_task(listen(desk.domain, waiters, desk.watermark))
    use_case = pulling(desk, waiters)
    for agent in AGENTS:
        await desk.ready(agent)
    waiting = {agent: asyncio.create_task(use_case.next_offer(agent, 25)) for agent in AGENTS}
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
    benches: Any = await desk.redis.zrange(desk.domain.key("benches"), 0, -1)
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


async def test_a_connection_that_closes_ends_its_pull(desk: Desk):
    waiters, (port,) = Waiters(), free_ports(1)
    app = build_app(
        desk.settings, service="router", title="Fördelning", lifespan=None, routers=(pull.router,), health=Health()
    )
    app.state.pull = pulling(desk, waiters)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    await desk.ready("agent-0")
    headers = {"Authorization": f"Bearer {desk.settings.machine_token.get_secret_value()}"}
    address = f"http://127.0.0.1:{port}/api/v1/agents/agent-0/pull"
    async with httpx.AsyncClient(headers=headers, timeout=40) as client:
        asking = asyncio.create_task(client.post(address, params={"wait": 25}))
        await eventually(lambda: waiters.count("agent-0") == 1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await eventually(lambda: waiters.count("agent-0") == 0)
    await eventually(lambda: _seated(desk, 0))
    server.should_exit = True
    await serving


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
