"""A storm and closed queues on real Kafka and Valkey: one act, felt at once, over by itself; nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from services.router.domain.closing import until_opened
from services.router.jobs.listen import listen
from services.router.jobs.peak import keep_peak
from services.router.jobs.reopen import once
from services.router.settings import Settings
from services.router.store.held import Held
from services.router.store.waiters import Waiters
from services.router.usecases.closures import Closures
from services.router.usecases.decided import Decided
from services.router.usecases.peak import Peak
from services.router.usecases.pull import Offer, Pull
from services.router.usecases.terms import AgentTerms
from shared.events import SupervisorActed
from shared.publish import Publisher
from shared.records import AgentProfile, OverflowStep
from shared.settings import ServiceSettings
from shared.table import Table
from shared.topics import RULES
from shared.topics_admin import ensure_topics
from shared.vocabulary import Channel, Presence
from tests.integration.router.support import Desk, open_desk
from tests.support.decided import Moved
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

AGENTS = {
    "maria": AgentProfile(id="maria", name="Maria Lind", skills={"*": 3}),
    "rut": AgentProfile(id="rut", name="Rut Reserv", skills={"*": 3}, reserve=True),
}


@dataclass
class House:
    """What a router process has of it, with a clock that the test moves."""

    desk: Desk
    table: Table
    clock: Moved
    peak: Peak
    closures: Closures
    pull: Pull

    async def waits(self, agent: str) -> "asyncio.Task[Offer | None]":
        """Let an agent be ready and wait for an offer."""
        await self.desk.queues.presence(agent, Presence.READY, None, self.pull.terms.of(agent))
        pulling = asyncio.create_task(self.pull.next_offer(agent, 25))
        await eventually(lambda: self.pull.waiters.count(agent) == 1)
        return pulling

    async def acts(self) -> list[str]:
        await self.desk.relayed()
        return [event.act for event in self.desk.kafka.events() if isinstance(event, SupervisorActed)]

    async def state(self, contact_id: str) -> str:
        view = await self.desk.look.contact(contact_id)
        return view.state if view else ""

    async def why(self, contact_id: str) -> str:
        view = await self.desk.look.contact(contact_id)
        return view.why_waiting or "" if view else ""


@pytest.fixture
async def house(settings: ServiceSettings) -> AsyncIterator[House]:
    own = Settings(**settings.model_dump(include=set(Settings.model_fields) - {"port"}))
    await ensure_topics(own)
    changed = asyncio.Event()
    table, publisher = Table(own, RULES, on_change=lambda *_: changed.set()), Publisher(own, "router")
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(open_desk(own))
        await publisher.start()
        stack.push_async_callback(publisher.stop)
        await table.start()
        stack.push_async_callback(table.stop)
        clock, waiters, decided = Moved(await desk.clock()), Waiters(), Decided(table, publisher)
        peak = Peak(decided, desk.queues, clock)
        running = [
            asyncio.create_task(listen(desk.domain, waiters, desk.watermark)),
            asyncio.create_task(keep_peak(peak, desk.queues, waiters, changed)),
        ]
        pull = Pull(desk.queues, waiters, AgentTerms(AGENTS.get, peak.active), lambda _: "Hej, {agent} här.")
        yield House(desk, table, clock, peak, Closures(decided, desk.queues, clock), pull)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_a_reserve_who_waits_is_called_in_at_once(house: House):
    rut = await house.waits("rut")
    await house.desk.arrive("c1", channel=Channel.PHONE)
    assert await house.state("c1") == "waiting"
    await house.peak.begin(house.clock() + timedelta(hours=1), "lead", "storm")
    offer = await asyncio.wait_for(rut, 10)
    assert offer is not None
    assert (offer.contact_id, offer.greeting) == ("c1", "Hej, Rut här.")
    assert await house.acts() == ["peak_begun"]


async def test_mail_waits_and_comes_back_by_itself(house: House):
    await house.peak.begin(house.clock() + timedelta(hours=1), "lead", "storm")
    await house.desk.arrive("m1")
    maria = await house.waits("maria")
    assert await house.state("m1") == "waiting"
    house.clock.forward(hours=1)
    offer = await asyncio.wait_for(maria, 10)
    assert offer is not None
    assert offer.contact_id == "m1"
    assert await house.acts() == ["peak_begun"]


async def test_ending_it_gives_mail_back_at_once(house: House):
    await house.peak.begin(house.clock() + timedelta(hours=1), "lead", "storm")
    maria = await house.waits("maria")
    await house.desk.arrive("m1")
    await house.peak.end("lead", "calm")
    offer = await asyncio.wait_for(maria, 10)
    assert offer is not None
    assert house.table.get("peak") is None


async def test_rings_of_all_who_wait_open_at_once(house: House):
    rings = (OverflowStep(after_seconds=300, skills=("skola",)), OverflowStep(after_seconds=600, skills=()))
    waiting = [f"c{n}" for n in range(40)]
    for contact_id in waiting:
        await house.desk.arrive(contact_id, channel=Channel.PHONE, skills=("skola=5",), steps=rings)
    maria = await house.waits("maria")
    assert {await house.state(contact_id) for contact_id in waiting} == {"waiting"}
    await house.peak.begin(house.clock() + timedelta(hours=1), "lead", "storm")
    assert await asyncio.wait_for(maria, 10) is not None

    async def opened() -> bool:
        await house.desk.relayed()
        moved = [event for event in house.desk.kafka.events() if type(event).__name__ == "ContactMoved"]
        return {event.contact_id for event in moved if event.step == 2} == set(waiting)

    await eventually(opened)


async def test_who_came_to_a_closed_queue_is_let_in_when_it_is_opened(house: House):
    await house.closures.close("kontaktcenter", by="lead", reason="sick")
    queue, until = house.closures.place("kontaktcenter", house.clock())
    assert (queue, until) == ("kontaktcenter", until_opened("kontaktcenter"))
    for n in range(30):
        await house.desk.arrive(f"c{n}", channel=Channel.PHONE, ago=30 - n, not_before=until)
    promised = await house.desk.clock() + timedelta(hours=2)
    await house.desk.arrive("later", channel=Channel.PHONE, not_before=promised)
    maria = await house.waits("maria")
    assert {await house.state(f"c{n}") for n in range(30)} == {"waiting"}
    assert await house.why("c7") == "queue_closed"
    assert await Held(house.desk.domain).queues() == [("kontaktcenter", until_opened("kontaktcenter"))]
    assert await once(house.closures, Held(house.desk.domain)) == 0
    await house.closures.open("kontaktcenter", "lead", "back")
    offer = await asyncio.wait_for(maria, 10)
    assert offer is not None
    assert offer.contact_id in {f"c{n}" for n in range(30)}
    assert await Held(house.desk.domain).queues() == []
    assert (await house.why("later")).startswith("outside_hours:")
    assert await house.acts() == ["queue_closed", "queue_opened"]


async def test_who_was_held_when_a_process_died_is_let_in_by_another(house: House):
    """The queue was opened, and nobody lived to let them in; a rebuild keeps that they are held."""
    await house.desk.arrive("c1", channel=Channel.PHONE, not_before=until_opened("kontaktcenter"))
    await house.desk.arrive("c2", channel=Channel.PHONE, queue="skola", not_before=until_opened("skola"))
    await house.closures.close("skola", by="lead", reason="sick")
    await house.desk.lose(flush=True)
    maria = await house.waits("maria")
    assert await once(house.closures, Held(house.desk.domain)) == 1
    offer = await asyncio.wait_for(maria, 10)
    assert offer is not None
    assert offer.contact_id == "c1"
    assert await house.state("c2") == "waiting"


async def test_a_closure_ends_by_the_clock(house: House):
    closure = await house.closures.close(
        "kontaktcenter", until=house.clock() + timedelta(hours=1), by="lead", reason="meeting"
    )
    _, until = house.closures.place("kontaktcenter", house.clock())
    assert until == closure.until
    await house.desk.arrive("c1", channel=Channel.PHONE, not_before=until)
    maria = await house.waits("maria")
    assert (await house.why("c1")).startswith("queue_closed:")
    house.clock.forward(hours=1, seconds=1)
    await house.desk.pass_time(3601)
    await house.desk.queues.presence("maria", Presence.READY, None, house.pull.terms.of("maria"))
    await house.desk.sweep()
    offer = await asyncio.wait_for(maria, 15)
    assert offer is not None
    assert house.closures.place("kontaktcenter", house.clock()) == ("kontaktcenter", None)
