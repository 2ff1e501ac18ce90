"""What the router does with time and with work that is not simply taken and done, on a real Valkey."""

from datetime import timedelta

import pytest

from services.router.domain.skills import profile_of
from services.router.store.floor import Floor
from services.router.store.queues import Destination, NoLongerYoursError
from shared.records import OverflowStep, WrapUp
from shared.vocabulary import Channel, Presence, Priority, WorkKind, WrapUpMode
from tests.integration.router.audit import check, picture
from tests.integration.router.support import ALL, Desk

pytestmark = pytest.mark.integration

SCHOOL = profile_of({"skola": 3}, ["sv"], list(Channel))
STREET = profile_of({"gata": 1}, ["sv"], list(Channel))
RESERVE = profile_of(["*"], ["sv"], list(Channel), reserve=True)


async def state(desk: Desk, contact_id: str) -> tuple[str, str | None]:
    view = await desk.look.contact(contact_id)
    assert view is not None
    return view.state, view.owner


async def why(desk: Desk, contact_id: str) -> str | None:
    view = await desk.look.contact(contact_id)
    assert view is not None
    return view.why_waiting


@pytest.fixture(autouse=True)
async def sound(desk: Desk):
    """Whatever a test did: the store is sound, and the reconciler agrees."""
    yield
    check(await picture(desk.redis, desk.domain.tag))
    assert (await desk.drift()).first == []


async def test_a_level_is_asked_for(desk: Desk):
    await desk.arrive("c1", skills=("skola=4",))
    await desk.ready("jonas", SCHOOL)
    assert await desk.pull("jonas", profile=SCHOOL) is None
    expert = profile_of({"skola": 4}, ["sv"], list(Channel))
    await desk.ready("sara", expert)
    offer = await desk.pull("sara", profile=expert)
    assert offer is not None
    assert offer.why == ("next_in_line",)


async def test_who_is_signed_off_is_asked_first_and_where_that_is_required_nobody_else(desk: Desk):
    signed = profile_of(["*"], ["sv"], list(Channel), signed_off=["skola"])
    await desk.ready("maria", ALL)
    assert await desk.pull("maria", wait=200) is None
    await desk.pass_time(5)
    await desk.ready("sara", signed)
    assert await desk.pull("sara", wait=200, profile=signed) is None
    await desk.arrive("c1", channel=Channel.PHONE, skills=("skola", "?signed:skola"))
    assert await state(desk, "c1") == ("offered", "sara"), "though maria has been idle for longer"
    offer = await desk.pull("sara", profile=signed)
    assert offer is not None
    assert offer.why == ("signed_off",)
    await desk.arrive("c2", channel=Channel.PHONE, skills=("skola", "signed:skola"))
    assert await why(desk, "c2") == "all_able_agents_busy", "maria, who is free, is none of them"
    await desk.arrive("c3", channel=Channel.PHONE, skills=("skola", "?signed:skola"))
    assert await state(desk, "c3") == ("offered", "maria"), (
        "the one who is signed off is busy, and nobody waits for her"
    )


async def test_a_ring_widens_with_time_and_says_so(desk: Desk):
    steps = (OverflowStep(after_seconds=60, skills=()), OverflowStep(after_seconds=120, reserves=True))
    await desk.arrive("c1", channel=Channel.PHONE, skills=("skola",), steps=steps)
    await desk.ready("erik", STREET)
    assert await desk.pull("erik", wait=200, profile=STREET) is None
    assert await why(desk, "c1") == "ring:1:60"
    await desk.pass_time(60)
    await desk.sweep()
    assert await state(desk, "c1") == ("offered", "erik")
    offer = await desk.pull("erik", profile=STREET)
    assert offer is not None
    assert offer.why == ("longest_idle", "ring:1")


async def test_a_reserve_is_called_in_by_the_ring_that_opens_for_her(desk: Desk):
    await desk.ready("rut", RESERVE)
    await desk.arrive("c1", channel=Channel.PHONE, steps=(OverflowStep(after_seconds=30, reserves=True),))
    assert await desk.pull("rut", wait=200, profile=RESERVE) is None
    await desk.pass_time(31)
    await desk.sweep()
    assert await state(desk, "c1") == ("offered", "rut")


async def test_overflow_goes_to_another_queue_and_offers_a_return_call(desk: Desk):
    await desk.arrive("other", queue="gata", skills=("gata",))
    steps = (
        OverflowStep(after_seconds=60, offer_return_call=True),
        OverflowStep(after_seconds=90, queue="gata", priority=Priority.URGENT),
    )
    await desk.arrive("c1", channel=Channel.PHONE, queue="skola", skills=("skola",), steps=steps)
    await desk.pass_time(91)
    await desk.sweep()
    await desk.ready("erik", STREET)
    offer = await desk.pull("erik", profile=STREET)
    assert offer is not None
    assert (offer.contact_id, offer.queue, offer.priority) == ("c1", "gata", "urgent")
    await desk.relayed()
    assert desk.kafka.types("c1").count("ReturnCallOffered") == 1


async def test_a_contact_is_kept_for_its_agent_for_a_while(desk: Desk):
    await desk.ready("jonas")
    await desk.ready("maria")
    await desk.arrive("c1", preferred_agent="maria", dwell_seconds=30)
    assert await desk.pull("jonas", wait=100) is None
    assert await why(desk, "c1") == "kept_for_agent:maria:30"
    await desk.pass_time(31)
    await desk.sweep()
    assert await state(desk, "c1") == ("offered", "jonas")


async def test_nobody_waits_for_an_agent_who_is_not_there(desk: Desk):
    await desk.ready("jonas")
    await desk.arrive("c1", preferred_agent="maria", dwell_seconds=1800)
    offer = await desk.pull("jonas")
    assert offer is not None
    await desk.ready("maria")
    await desk.arrive("c2", preferred_agent="maria", dwell_seconds=1800)
    await desk.be("maria", Presence.OFFLINE)
    await desk.sweep()
    assert await why(desk, "c2") == "all_able_agents_busy"


async def test_a_call_interrupts_mail_which_is_held_and_resumed(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("mail")
    await desk.take("maria")
    await desk.arrive("call", channel=Channel.PHONE)
    call, epoch = await desk.take("maria")
    agent = (await Floor(desk.domain).agents())[0]
    assert (agent.holds, agent.on_hold, agent.used) == (["call", "mail"], ["mail"], 130)
    await desk.arrive("more")
    assert await desk.pull("maria") is None
    await desk.pass_time(120)
    await desk.queues.complete(call, epoch, None)
    await desk.relayed()
    assert [kind for kind in desk.kafka.types("mail") if kind in {"ContactHeld", "ContactResumed"}] == [
        "ContactHeld",
        "ContactResumed",
    ]
    resumed = desk.kafka.events("mail")[-1]
    assert resumed.held_seconds == pytest.approx(120, abs=2)
    assert (await Floor(desk.domain).agents())[0].on_hold == []


async def test_a_live_contact_is_never_interrupted(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("visit", channel=Channel.VISIT)
    await desk.take("maria")
    await desk.arrive("call", channel=Channel.PHONE, priority=Priority.URGENT)
    assert await desk.pull("maria") is None


async def test_after_work_keeps_its_capacity_until_its_own_time(desk: Desk):
    wrap = WrapUp(mode=WrapUpMode.MANDATORY, seconds=30)
    await desk.ready("maria")
    await desk.arrive("call", channel=Channel.PHONE, wrap_up=wrap)
    contact, epoch = await desk.take("maria")
    await desk.queues.complete(contact, epoch, "ct")
    await desk.arrive("next", channel=Channel.PHONE)
    assert await desk.pull("maria", wait=100) is None
    now = await desk.ready("maria")
    assert now.wrap_up is not None
    assert (now.wrap_up.contact_id, now.wrap_up.mode) == ("call", WrapUpMode.MANDATORY)
    with pytest.raises(NoLongerYoursError):
        await desk.queues.wrap_end(contact, "maria")
    await desk.pass_time(29)
    await desk.ready("maria")
    await desk.pass_time(2)
    await desk.sweep()
    assert await state(desk, "next") == ("offered", "maria")
    await desk.relayed()
    assert desk.kafka.types("call")[-2:] == ["WrapUpStarted", "ContactCompleted"]
    completed = desk.kafka.events("call")[-1]
    assert completed.case_type == "ct"
    assert completed.after_work_seconds == pytest.approx(31, abs=0.9)


async def test_timed_after_work_ends_when_she_says_so(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", wrap_up=WrapUp(mode=WrapUpMode.TIMED, seconds=60))
    contact, epoch = await desk.take("maria")
    await desk.queues.complete(contact, epoch, None)
    with pytest.raises(NoLongerYoursError):
        await desk.queues.wrap_end(contact, "jonas")
    await desk.queues.wrap_end(contact, "maria")
    await desk.queues.wrap_end(contact, "maria")
    assert (await desk.ready("maria")).used == 0
    await desk.relayed()
    completed = desk.kafka.events("c1")[-1]
    assert 0 <= completed.after_work_seconds < 1


async def test_after_work_of_one_ends_whatever_others_do(desk: Desk):
    for agent, seconds in (("maria", 10.0), ("jonas", 60.0)):
        await desk.ready(agent)
        await desk.arrive(agent[0], wrap_up=WrapUp(mode=WrapUpMode.TIMED, seconds=seconds))
        contact, epoch = await desk.take(agent)
        await desk.queues.complete(contact, epoch, None)
    await desk.pass_time(11)
    await desk.sweep()
    assert ((await desk.ready("maria")).used, (await desk.ready("jonas")).used) == (0, 30)


async def test_outside_hours_nobody_is_offered_it_and_it_says_when(desk: Desk):
    opens = await desk.clock() + timedelta(hours=9)
    await desk.ready("maria")
    await desk.arrive("c1", not_before=opens)
    assert await desk.pull("maria") is None
    found = await why(desk, "c1")
    assert found is not None
    assert found.startswith("outside_hours:")
    await desk.pass_time(9 * 3600 + 1)
    await desk.sweep()
    await desk.ready("maria")
    offer = await desk.pull("maria")
    assert offer is not None
    assert offer.waited_seconds < 10


async def test_a_caller_who_is_called_back_keeps_her_place_when_she_hangs_up(desk: Desk):
    await desk.arrive("first", channel=Channel.PHONE, ago=50)
    await desk.arrive("second", channel=Channel.PHONE, ago=40)
    await desk.queues.return_call("first", at=None, command_id="key-1")
    await desk.queues.return_call("first", at=None, command_id="key-1")
    await desk.queues.cancel("first", "hangup")
    await desk.ready("maria")
    offer = await desk.pull("maria")
    assert offer is not None
    assert (offer.contact_id, offer.kind) == ("first", WorkKind.RETURN_CALL)
    assert "return_call" in offer.why
    await desk.relayed()
    assert desk.kafka.types("first").count("ReturnCallPromised") == 1


async def test_a_return_call_that_an_agent_promised_comes_to_her_at_its_time(desk: Desk):
    await desk.ready("maria")
    await desk.ready("jonas")
    await desk.arrive("call", channel=Channel.PHONE)
    contact, epoch = await desk.take("maria")
    at = await desk.clock() + timedelta(hours=2)
    await desk.queues.return_call(contact, at=at, epoch=epoch, agent_id="maria")
    assert (await desk.ready("maria")).used == 0
    found = await why(desk, "call")
    assert found is not None
    assert found.startswith("return_call_at:")
    await desk.pass_time(7201)
    for agent in ("jonas", "maria"):
        await desk.ready(agent)
    await desk.sweep()
    for agent in ("jonas", "maria"):
        await desk.ready(agent)
    assert await desk.pull("jonas") is None
    offer = await desk.pull("maria")
    assert offer is not None
    assert offer.why == ("preferred", "return_call")


async def test_a_cold_transfer_goes_to_a_colleague_first(desk: Desk):
    await desk.ready("maria")
    await desk.ready("jonas")
    await desk.ready("amina")
    await desk.arrive("c1")
    contact, epoch = await desk.take("maria")
    assert await desk.pull("amina", wait=200) is None
    await desk.queues.requeue(contact, epoch, Destination(agent_id="jonas"), reason="knows_more")
    assert await state(desk, "c1") == ("waiting", None)
    offer = await desk.pull("jonas")
    assert offer is not None
    assert offer.why == ("preferred",)


async def test_a_move_to_another_queue_asks_for_that_queues_skills(desk: Desk):
    await desk.arrive("there", queue="gata", skills=("gata",), ago=5)
    await desk.ready("maria")
    await desk.arrive("c1", queue="skola", skills=("skola",), language="fi", ago=50)
    await desk.queues.rearrange("c1", queue="gata", by="lead-1", reason="wrong_queue", command_id="m1")
    await desk.queues.rearrange("c1", queue="gata", by="lead-1", reason="wrong_queue", command_id="m1")
    finnish = profile_of(["gata"], ["sv", "fi"], list(Channel))
    await desk.ready("aino", finnish)
    offer = await desk.pull("aino", profile=finnish)
    assert offer is not None
    assert (offer.contact_id, offer.queue) == ("c1", "gata")
    await desk.relayed()
    acts = [event for event in desk.kafka.events() if type(event).__name__ == "SupervisorActed"]
    assert [(act.act, act.by, act.contact_id, act.reason) for act in acts] == [("moved", "lead-1", "c1", "wrong_queue")]


async def test_a_raised_contact_goes_before_older_ones(desk: Desk):
    await desk.arrive("older", ago=60)
    await desk.arrive("raised", ago=5)
    await desk.queues.rearrange("raised", priority=Priority.URGENT, by="lead-1", reason="urgent")
    await desk.ready("maria")
    offer = await desk.pull("maria")
    assert offer is not None
    assert (offer.contact_id, offer.priority) == ("raised", "urgent")


async def test_a_supervisor_releases_what_an_agent_is_stuck_with(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("call", channel=Channel.PHONE)
    contact, epoch = await desk.take("maria")
    await desk.queues.release(contact, by="lead-1", reason="stuck")
    assert await state(desk, "call") == ("waiting", None)
    with pytest.raises(NoLongerYoursError):
        await desk.queues.complete(contact, epoch, None)
    assert (await desk.ready("maria")).used == 0


async def test_a_peak_opens_the_rings_of_those_who_wait(desk: Desk):
    steps = (OverflowStep(after_seconds=600, skills=()), OverflowStep(after_seconds=900, queue="gata"))
    for number in range(40):
        await desk.arrive(f"c{number}", skills=("skola",), steps=steps)
    done, cursor = await desk.queues.hasten()
    while cursor != "0":
        more, cursor = await desk.queues.hasten(cursor)
        done += more
    assert done == 40
    await desk.ready("erik", STREET)
    offer = await desk.pull("erik", profile=STREET)
    assert offer is not None
    assert offer.queue == "kontaktcenter"


async def test_a_queue_that_opens_again_lets_in_who_waited_for_that(desk: Desk):
    until = (await desk.clock() + timedelta(hours=3)).replace(microsecond=0)
    promised = until + timedelta(minutes=1)
    await desk.arrive("c1", not_before=until)
    await desk.arrive("c2", not_before=promised)
    await desk.ready("maria")
    assert (await desk.queues.let_in("kontaktcenter", "email", until))[0] == 1
    assert (await desk.take("maria"))[0] == "c1"
    assert await desk.pull("maria") is None


async def test_everything_a_waiting_contact_was_promised_survives_a_rebuild(desk: Desk):
    at = await desk.clock() + timedelta(hours=2)
    steps = (OverflowStep(after_seconds=30, skills=("gata",)), OverflowStep(after_seconds=9000, queue="gata"))
    await desk.arrive("ring", skills=("skola",), steps=steps)
    await desk.arrive("later", channel=Channel.PHONE)
    await desk.arrive("raised")
    await desk.queues.return_call("later", at=at)
    await desk.queues.rearrange("raised", priority=Priority.URGENT, by="lead", reason="urgent")
    await desk.pass_time(31)
    await desk.sweep()
    await desk.lose(flush=True)
    now = await desk.redis.get(desk.domain.key("clock"))
    assert now is None
    await desk.ready("erik", STREET)
    offer = await desk.pull("erik", profile=STREET)
    assert offer is not None
    assert (offer.contact_id, offer.priority) == ("raised", "urgent")
    _, epoch = await desk.queues.accept(f"raised.{offer.epoch}", offer.epoch)
    await desk.queues.complete("raised", epoch, None)
    offer = await desk.pull("erik", profile=STREET)
    assert offer is not None
    assert offer.contact_id == "ring"
    found = await why(desk, "later")
    assert found is not None
    assert found.startswith("return_call_at:")


async def test_after_work_survives_a_rebuild(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("c1", wrap_up=WrapUp(mode=WrapUpMode.TIMED, seconds=60))
    contact, epoch = await desk.take("maria")
    await desk.queues.complete(contact, epoch, None)
    await desk.lose(flush=True)
    assert (await desk.ready("maria")).used == 30
    await desk.pass_time(61)
    await desk.ready("maria", ALL)
    await desk.sweep()
    await desk.relayed()
    assert desk.kafka.types("c1").count("ContactCompleted") == 1
