"""Corners that the model has found, one test each."""

from datetime import timedelta

import pytest

from services.router.domain.skills import profile_of
from shared.records.routing import OverflowStep, WrapUp
from shared.vocabulary import Channel, Priority, WrapUpMode
from tests.integration.router.support import Desk

pytestmark = pytest.mark.integration


async def test_a_contact_that_was_raised_keeps_its_place_when_the_store_is_lost(desk: Desk):
    await desk.arrive("raised", ago=10, priority=Priority.LOW)
    await desk.arrive("urgent", priority=Priority.URGENT)
    await desk.queues.rearrange("raised", priority=Priority.URGENT, by="chef", reason="storm")
    before = await desk.redis.hget(desk.domain.key("c:raised"), "turn")
    await desk.lose(flush=True)
    assert await desk.redis.hget(desk.domain.key("c:raised"), "turn") == before
    await desk.ready("maria")
    assert (await desk.take("maria"))[0] == "urgent"


async def test_an_officer_is_asked_into_a_call_once_however_often_it_is_said(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("call", channel=Channel.PHONE)
    contact, epoch = await desk.take("maria")
    for _ in range(2):
        await desk.queues.conference(contact, epoch, "officer-1", "maria")
    await desk.relayed()
    assert desk.kafka.types("call").count("ContactConferenced") == 1


async def test_no_late_contact_loses_every_choice_of_the_one_agent_who_can_take_it(desk: Desk):
    """Three agents choose in turn; what the others give to late ones is not counted for the first."""
    agents = {"aino": "fi", "bertil": "de", "cecilia": "en"}
    profiles = {name: profile_of(["*"], [language], list(Channel)) for name, language in agents.items()}
    taken = []
    for number in range(6):
        for agent, language in agents.items():
            await desk.ready(agent, profiles[agent])
            await desk.arrive(f"late-{agent}{number}", ago=(48 - number) * 3600, language=language)
            await desk.arrive(f"urgent-{agent}{number}", priority=Priority.URGENT, language=language)
            contact, epoch = await desk.take(agent, profile=profiles[agent])
            await desk.queues.complete(contact, epoch, None)
            if agent == "aino":
                taken.append(contact)
    assert [name for name in taken if name.startswith("late")] == ["late-aino0", "late-aino1"]


async def test_a_return_call_that_is_promised_for_later_takes_no_steps_before(desk: Desk):
    steps = (OverflowStep(after_seconds=30, offer_return_call=True), OverflowStep(after_seconds=60, give_up=True))
    await desk.arrive("call", channel=Channel.PHONE, steps=steps)
    await desk.queues.return_call("call", at=await desk.clock() + timedelta(hours=2))
    await desk.pass_time(3600)
    await desk.sweep()
    view = await desk.look.contact("call")
    assert view is not None
    assert view.state == "waiting"
    await desk.relayed()
    assert "ReturnCallOffered" not in desk.kafka.types("call")


async def test_a_mail_in_after_work_is_not_counted_as_left_for_the_call(desk: Desk):
    await desk.ready("maria")
    await desk.arrive("mail", wrap_up=WrapUp(mode=WrapUpMode.TIMED, seconds=60))
    contact, epoch = await desk.take("maria")
    await desk.arrive("call", channel=Channel.PHONE)
    await desk.take("maria")
    assert (await desk.ready("maria")).on_hold == 1
    await desk.queues.complete(contact, epoch, None)
    now = await desk.ready("maria")
    assert now.on_hold == 0
    assert now.wrap_up is not None
    assert now.wrap_up.contact_id == "mail"


async def test_each_who_has_declined_is_asked_again_when_her_own_time_is_over(desk: Desk):
    mails = profile_of(["*"], ["sv"], [Channel.EMAIL])
    await desk.arrive("mail")
    for agent in ("first", "second"):
        await desk.ready(agent, mails)
        offer = await desk.pull(agent, profile=mails)
        assert offer is not None
        await desk.queues.decline(f"mail.{offer.epoch}", offer.epoch, "lunch")
        await desk.pass_time(20)
    await desk.pass_time(25)
    await desk.sweep()
    await desk.ready("second", mails)
    assert await desk.pull("second", wait=25, profile=mails) is None
    await desk.pass_time(16)
    await desk.sweep()
    view = await desk.look.contact("mail")
    assert view is not None
    assert (view.state, view.owner) == ("offered", "second")


async def test_who_asks_again_for_other_channels_is_offered_those(desk: Desk):
    await desk.ready("maria")
    mails = profile_of(["*"], ["sv"], [Channel.EMAIL])
    assert await desk.pull("maria", wait=25, profile=mails) is None
    assert await desk.pull("maria") is None
    await desk.arrive("call", channel=Channel.PHONE)
    view = await desk.look.contact("call")
    assert view is not None
    assert (view.state, view.owner) == ("offered", "maria")


async def test_what_is_passed_in_the_usual_order_does_not_blind_the_look_for_the_late(desk: Desk):
    """Nine urgent and nine late ones cool down for her; behind them stands the one that is late for longest."""
    for number in range(9):
        await desk.arrive(f"urgent{number}", ago=50 - number, priority=Priority.URGENT)
        await desk.arrive(f"late{number}", ago=90 * 3600 - number)
    await desk.ready("maria")
    for _ in range(18):
        offer = await desk.pull("maria")
        assert offer is not None
        await desk.queues.decline(f"{offer.contact_id}.{offer.epoch}", offer.epoch, "not_now")
        await desk.pass_time(1.1)
        await desk.ready("maria")
    await desk.arrive("longest", ago=80 * 3600)
    await desk.arrive("later", ago=70 * 3600, skills=("gata",))
    taken = []
    for number in range(3):
        await desk.arrive(f"new{number}", priority=Priority.URGENT)
        contact, epoch = await desk.take("maria")
        await desk.queues.complete(contact, epoch, None)
        taken.append(contact)
    assert [name for name in taken if not name.startswith("new")] == ["longest"]


async def test_a_line_whose_first_is_cooling_does_not_go_before_one_that_is_late_for_longer(desk: Desk):
    await desk.arrive("declined", ago=90 * 3600)
    await desk.arrive("behind-it", ago=60 * 3600)
    await desk.arrive("longest", ago=70 * 3600, skills=("gata",))
    await desk.ready("maria")
    offer = await desk.pull("maria")
    assert offer is not None
    await desk.queues.decline(f"declined.{offer.epoch}", offer.epoch, "not_now")
    await desk.pass_time(1.1)
    await desk.ready("maria")
    taken = []
    for number in range(3):
        await desk.arrive(f"new{number}", priority=Priority.URGENT)
        contact, epoch = await desk.take("maria")
        await desk.queues.complete(contact, epoch, None)
        taken.append(contact)
    assert [name for name in taken if not name.startswith("new")] == ["longest"]
