"""Handing on what one holds: a colleague is asked, has the contact or not, and nothing of it is lost or doubled."""

from datetime import timedelta

import pytest

from services.router.store.queues import NoLongerYoursError
from services.router.usecases.hand_on import HandOn, NobodyElseError, PastError
from services.router.usecases.terms import UnknownAgentError
from shared.clock import utc_now
from shared.records import AgentProfile
from shared.vocabulary import Channel, Presence, WorkKind
from tests.integration.router.audit import check, picture
from tests.integration.router.support import Desk

pytestmark = pytest.mark.integration

PEOPLE = {name: AgentProfile(id=name, name=name.title(), skills={"*": 3}) for name in ("maria", "jonas", "amina")}


@pytest.fixture
async def hand_on(desk: Desk):
    for agent in PEOPLE:
        await desk.ready(agent)
    yield HandOn(desk.queues, desk.look, PEOPLE.get, utc_now)
    check(await picture(desk.redis, desk.domain.tag))
    assert (await desk.drift()).first == []


async def test_a_colleague_is_asked_agrees_and_has_the_call(desk: Desk, hand_on: HandOn):
    await desk.arrive("call", channel=Channel.PHONE)
    contact, epoch = await desk.take("maria")
    question = await hand_on.consult(contact, epoch, "jonas", "maria")
    assert question == await hand_on.consult(contact, epoch, "jonas", "maria")
    assert await desk.pull("amina") is None
    asked = await desk.pull("jonas")
    assert asked is not None
    assert (asked.contact_id, asked.kind) == (question, WorkKind.CONSULT)
    with pytest.raises(NoLongerYoursError):
        await hand_on.transfer(contact, epoch, question, "maria")
    await desk.queues.accept(f"{question}.{asked.epoch}", asked.epoch, "jonas")
    _, held = await hand_on.transfer(contact, epoch, question, "maria")
    assert await hand_on.transfer(contact, epoch, question) == (contact, held)
    with pytest.raises(NoLongerYoursError):
        await desk.queues.complete(contact, epoch, None, "maria")
    assert ((await desk.ready("maria")).used, (await desk.ready("jonas")).used) == (0, 100)
    await desk.queues.complete(contact, held, None, "jonas")
    assert (await desk.ready("jonas")).used == 0
    await desk.relayed()
    assert desk.kafka.types("call")[-2:] == ["ContactTransferred", "ContactCompleted"]
    assert desk.kafka.events(question) == [], "a question concerns nobody outside"


@pytest.mark.parametrize("how", ["declined", "silent", "busy"])
async def test_a_colleague_who_cannot_leaves_everything_as_it_was(desk: Desk, hand_on: HandOn, how: str):
    await desk.arrive("call", channel=Channel.PHONE)
    contact, epoch = await desk.take("maria")
    if how == "busy":
        await desk.arrive("other", channel=Channel.PHONE)
        await desk.take("jonas")
    question = await hand_on.consult(contact, epoch, "jonas", "maria")
    asked = await desk.pull("jonas")
    if how == "declined":
        assert asked is not None
        await desk.queues.decline(f"{question}.{asked.epoch}", asked.epoch, "busy", "jonas")
    else:
        await desk.pass_time(31)
        for agent in PEOPLE:
            await desk.ready(agent)
        await desk.sweep()
    view = await desk.look.contact(question)
    assert view is not None
    assert view.state == "abandoned"
    await desk.queues.complete(contact, epoch, None, "maria")
    assert (await desk.ready("jonas")).used == (100 if how == "busy" else 0)


async def test_only_who_holds_it_may_ask_and_only_somebody_else(desk: Desk, hand_on: HandOn):
    await desk.arrive("call", channel=Channel.PHONE)
    contact, epoch = await desk.take("maria")
    with pytest.raises(NoLongerYoursError):
        await hand_on.consult(contact, epoch, "jonas", "amina")
    with pytest.raises(NoLongerYoursError):
        await hand_on.consult(contact, epoch + 1, "jonas", "maria")
    with pytest.raises(NobodyElseError):
        await hand_on.consult(contact, epoch, "maria", "maria")
    with pytest.raises(UnknownAgentError):
        await hand_on.consult(contact, epoch, "nobody", "maria")


async def test_an_officer_is_asked_for_once(desk: Desk, hand_on: HandOn):
    await desk.arrive("call", channel=Channel.PHONE)
    contact, epoch = await desk.take("maria")
    await hand_on.conference(contact, epoch, "officer-per-dahl", "maria")
    await hand_on.conference(contact, epoch, "officer-per-dahl", "maria")
    await desk.relayed()
    assert desk.kafka.types("call").count("ContactConferenced") == 1


async def test_a_return_call_lies_in_the_future(desk: Desk, hand_on: HandOn):
    await desk.arrive("call", channel=Channel.PHONE)
    with pytest.raises(PastError):
        await hand_on.return_call("call", utc_now() - timedelta(minutes=1), None, None, "")


async def test_mail_left_for_a_consulted_call_is_resumed_only_when_the_call_is_over(desk: Desk, hand_on: HandOn):
    await desk.be("jonas", Presence.AWAY)
    await desk.arrive("mail")
    await desk.take("maria")
    await desk.ready("jonas")
    await desk.arrive("call", channel=Channel.PHONE)
    contact, epoch = await desk.take("jonas")
    question = await hand_on.consult(contact, epoch, "maria", "jonas")
    asked = await desk.pull("maria")
    assert asked is not None
    await desk.queues.accept(f"{question}.{asked.epoch}", asked.epoch, "maria")
    _, held = await hand_on.transfer(contact, epoch, question, "jonas")
    await desk.relayed()
    assert "ContactResumed" not in desk.kafka.types("mail")
    await desk.queues.complete(contact, held, None, "maria")
    await desk.relayed()
    assert desk.kafka.types("mail")[-1] == "ContactResumed"
