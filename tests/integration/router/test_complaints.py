"""What users of contact centres complain about, one test each: it does not happen here."""

import asyncio

import pytest

from services.router.domain.skills import profile_of
from services.router.settings import Settings
from services.router.store.queues import NoLongerYoursError
from shared.vocabulary import Channel, Presence, Priority
from tests.integration.router.support import ALL, Desk, open_desk

pytestmark = pytest.mark.integration


async def used(desk: Desk, agent: str) -> int:
    return int(await desk.redis.hget(desk.domain.key(f"a:{agent}"), "used") or 0)


async def test_freed_capacity_takes_the_oldest_that_waits_not_the_next_that_comes(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("call", channel=Channel.PHONE)
    _, epoch = await desk.take("maria")
    await desk.arrive("older", ago=50)
    await desk.arrive("newer", ago=10)
    assert await desk.pull("maria", wait=20) is None
    await desk.queues.complete("call", epoch, None)
    offer = await desk.pull("maria")
    assert offer is not None
    assert offer.contact_id == "older"


@pytest.mark.parametrize("how", ["ready", "skills", "capacity"])
async def test_every_way_of_getting_room_runs_the_same_matcher(desk: Desk, how: str):
    narrow = profile_of(["skola"], ["sv"], list(Channel)) if how == "skills" else ALL
    capacity = 20 if how == "capacity" else 100
    await desk.be("maria", Presence.AWAY if how == "ready" else Presence.READY, narrow, capacity)
    await desk.arrive("older", ago=50, skills=("gata",))
    await desk.arrive("newer", ago=10, skills=("gata",))
    assert await desk.pull("maria", wait=20, profile=narrow, capacity=capacity) is None
    await desk.ready("maria")
    view = await desk.look.contact("older")
    assert view is not None
    assert (view.state, view.owner) == ("offered", "maria")


async def test_work_is_visible_with_a_reason_while_nobody_can_take_it(desk: Desk):
    await desk.arrive("c1", channel=Channel.PHONE, skills=("bostad",), language="fi")

    async def why() -> str | None:
        view = await desk.look.contact("c1")
        assert view is not None
        return view.why_waiting

    assert await why() == "no_agent_ready"
    await desk.ready("maria")
    assert await why() == "no_ready_agent_can_take:phone,bostad,lang:fi"
    finnish = profile_of(["*"], ["sv", "fi"], list(Channel))
    await desk.ready("aino", finnish, capacity=30)
    assert await why() == "all_able_agents_busy"
    await desk.ready("aino", finnish)
    assert await why() == "until_an_agent_pulls"
    offer = await desk.pull("aino", profile=finnish)
    assert offer is not None
    await desk.queues.decline(f"c1.{offer.epoch}", offer.epoch, "möte")
    assert await why() == "declined_recently"


async def test_mail_of_an_agent_who_is_gone_is_freed_but_a_live_contact_stays(desk: Desk):
    await desk.ready("maria")
    await desk.ready("jonas")
    await desk.arrive("call", channel=Channel.PHONE)
    await desk.take("maria")
    await desk.arrive("mail")
    await desk.take("jonas")
    await desk.pass_time(31)
    await desk.sweep()
    call, mail = await desk.look.contact("call"), await desk.look.contact("mail")
    assert call is not None
    assert mail is not None
    assert (call.state, call.owner) == ("assigned", "maria")
    assert (mail.state, mail.owner) == ("waiting", None)
    assert (await used(desk, "maria"), await used(desk, "jonas")) == (100, 0)
    await desk.relayed()
    lost = [event for event in desk.kafka.events() if getattr(event, "reason", None) == "heartbeat_lost"]
    assert {type(event).__name__ for event in lost} == {"PresenceChanged", "ContactRequeued"}


async def test_the_capacity_test_and_the_claim_are_one_step(desk: Desk):
    await desk.ready("maria")
    for number in range(20):
        await desk.arrive(f"c{number}", channel=Channel.PHONE)
    offers = await asyncio.gather(*(desk.pull("maria") for _ in range(20)))
    assert len({offer.contact_id for offer in offers if offer}) == 1
    assert await used(desk, "maria") == 100


async def test_a_reserved_agent_is_always_released(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", channel=Channel.PHONE)
    await desk.pull("maria")
    assert await used(desk, "maria") == 100
    await desk.pass_time(30.5)
    await desk.sweep()
    assert await used(desk, "maria") == 0


async def test_an_offer_is_withdrawn_when_the_caller_hangs_up(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", channel=Channel.PHONE)
    offer = await desk.pull("maria")
    assert offer is not None
    await desk.queues.cancel("c1", "hangup")
    with pytest.raises(NoLongerYoursError):
        await desk.queues.accept(f"c1.{offer.epoch}", offer.epoch)
    assert await used(desk, "maria") == 0
    assert desk.kafka.types("c1")[-1] == "ContactAbandoned"


async def test_two_agents_never_get_one_call(desk: Desk):
    agents = [f"agent-{number}" for number in range(10)]
    for agent in agents:
        await desk.ready(agent)
    for number in range(5):
        await desk.arrive(f"c{number}", channel=Channel.PHONE)
    offers = await asyncio.gather(*(desk.pull(agent) for agent in agents))
    taken = [offer.contact_id for offer in offers if offer]
    assert sorted(taken) == [f"c{number}" for number in range(5)]


async def test_who_declines_is_not_asked_again_at_once(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1")
    offer = await desk.pull("maria")
    assert offer is not None
    await desk.queues.decline(f"c1.{offer.epoch}", offer.epoch, "kan inte")
    assert await desk.pull("maria", wait=300) is None
    await desk.pass_time(61)
    await desk.ready("maria")
    await desk.sweep()
    view = await desk.look.contact("c1")
    assert view is not None
    assert (view.state, view.owner) == ("offered", "maria")


async def test_an_agent_who_does_not_answer_halts_nobody(desk: Desk):
    await desk.ready("silent")
    await desk.ready("maria")
    await desk.arrive("c1")
    assert await desk.pull("silent", wait=20) is not None
    await desk.pass_time(31)
    await desk.ready("maria")
    await desk.sweep()
    assert (await desk.take("maria"))[0] == "c1"


async def test_a_call_that_is_never_connected_goes_back_by_its_own_short_lease(router_settings: Settings):
    async with open_desk(router_settings.model_copy(update={"connecting_seconds": 15})) as desk:
        await desk.ready("maria")
        await desk.arrive("c1", channel=Channel.PHONE, tells_connected=True)
        contact, epoch = await desk.take("maria")
        view = await desk.look.contact(contact)
        assert view is not None
        assert view.state == "connecting"
        await desk.pass_time(16)
        await desk.sweep()
        again = await desk.look.contact(contact)
        assert again is not None
        assert again.state == "waiting"
        with pytest.raises(NoLongerYoursError):
            await desk.queues.connected(contact, epoch)


async def test_a_connected_call_stays(router_settings: Settings):
    async with open_desk(router_settings.model_copy(update={"connecting_seconds": 15})) as desk:
        await desk.ready("maria")
        await desk.arrive("c1", channel=Channel.PHONE, tells_connected=True)
        contact, epoch = await desk.take("maria")
        await desk.queues.connected(contact, epoch)
        await desk.pass_time(16)
        await desk.sweep()
        view = await desk.look.contact(contact)
        assert view is not None
        assert (view.state, view.owner) == ("assigned", "maria")


async def test_urgent_calls_without_end_do_not_starve_a_late_mail(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("mail", ago=10 * 3600)
    taken = []
    for number in range(12):
        await desk.arrive(f"call{number}", channel=Channel.PHONE, priority=Priority.URGENT)
        contact, epoch = await desk.take("maria")
        await desk.queues.complete(contact, epoch, None)
        taken.append(contact)
        if contact == "mail":
            break
    assert taken.index("mail") < 3


async def test_a_heap_of_late_mails_does_not_keep_callers_out(desk: Desk):
    await desk.ready("maria")
    for number in range(30):
        await desk.arrive(f"mail{number}", ago=48 * 3600 - number)
    taken = []
    for number in range(9):
        await desk.arrive(f"call{number}", channel=Channel.PHONE, priority=Priority.HIGH)
        contact, epoch = await desk.take("maria")
        await desk.queues.complete(contact, epoch, None)
        taken.append(contact)
    assert [name for name in taken if name.startswith("mail")] == ["mail0", "mail1", "mail2"]


async def test_an_answer_in_a_thread_goes_to_the_cases_agent(desk: Desk):
    await desk.ready("jonas")
    await desk.ready("maria")
    await desk.arrive("older", ago=60)
    await desk.arrive("hers", ago=10, preferred_agent="maria")
    offer = await desk.pull("maria")
    assert offer is not None
    assert offer.contact_id == "hers"


async def test_who_has_been_idle_longest_is_asked_first(desk: Desk):
    for agent in ("first", "second", "third"):
        await desk.ready(agent)
        await desk.pass_time(1)
        assert await desk.pull(agent, wait=25) is None
    await desk.arrive("c1")
    view = await desk.look.contact("c1")
    assert view is not None
    assert view.owner == "first"
