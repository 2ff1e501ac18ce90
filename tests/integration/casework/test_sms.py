"""SMS through a simulator of 46elks on a real socket: answers, and a confirmation after a call, at most once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.casework import wiring
from services.casework.channels.elks_sms import ElksSms
from services.casework.domain.outgoing import GoneError
from services.casework.usecases.reply import NoFilesBySmsError
from services.casework.usecases.send_sms import SendSms
from services.casework.usecases.text_citizen import NoMobileError
from shared.events import ContactEnded, Sender
from shared.vocabulary import CaseState, Channel, Resolution
from tests.support.casework import CHILD, COLD, MARIA, Room, contact
from tests.support.elks_peer import ElksPeer

pytestmark = pytest.mark.integration

PHONE = "+46701740605"


@pytest.fixture
async def texting(room: Room) -> Room:
    """The room where SMS is set up, for the housing company's number."""
    settings = room.settings.model_copy(update={"elks_url": "http://127.0.0.1:9"})
    await room.run("UPDATE casework.entrances SET sms_sender = 'AFA' WHERE id = 'bostad-nummer'")
    return replace(room, settings=settings, casework=wiring.build(settings, room.engine, room.time))


def sender_to(room: Room, peer: ElksPeer, password: str | None = None) -> SendSms:
    channel = ElksSms(peer.url, peer.user, password or peer.password, seconds=2)
    return replace(room.casework.outgoing.send_sms, channel=channel)


async def call(room: Room, name: str = "a", case_type: str = COLD, **facts: Any) -> str:
    """A call that Maria has taken; returns the case's number."""
    given = {"channel": Channel.PHONE, "entrance": "bostad-nummer", "sender": Sender(phone=PHONE), **facts}
    received = room.received(name, **{**given, "message_id": None, "subject": "", "text": ""})
    await room.casework.follow_contacts.run([received])
    routed = room.routed(name, case_type, Channel.PHONE)
    await room.casework.follow_routing.run([routed, room.accepted(name, channel=Channel.PHONE)])
    return await room.number(name)


async def sms_rows(room: Room) -> list[dict[str, Any]]:
    return await room.rows("SELECT * FROM casework.sms_out ORDER BY created_at")


async def test_an_answer_goes_by_sms_after_ten_seconds(texting: Room):
    number = await call(texting)
    case = await texting.casework.read_case.run(number, MARIA)
    assert (case.reply_to, case.sms_to) == (None, PHONE)
    reply = await texting.casework.reply.run(number, MARIA, "Vi kommer ”i dag”.", "k1", channel="sms")
    assert await texting.casework.reply.run(number, MARIA, "Vi kommer ”i dag”.", "k1", channel="sms") == reply
    async with ElksPeer() as peer:
        sender = sender_to(texting, peer)
        assert await sender.run() == 0
        texting.time.move(seconds=11)
        assert await sender.run() == 1
        assert await sender.run() == 0
    assert peer.taken == [{"from": "AFA", "to": PHONE, "message": 'Vi kommer "i dag".'}]
    message = (await texting.casework.read_case.run(number, MARIA)).messages[-1]
    assert message.delivery is not None
    assert (message.delivery.channel, message.delivery.state) == ("sms", "sent")
    assert (await sms_rows(texting))[0]["provider_id"].startswith("s")


async def test_an_sms_is_taken_back_like_a_mail(texting: Room):
    number = await call(texting)
    reply = await texting.casework.reply.run(number, MARIA, "Hej.", channel="sms")
    sending = await texting.casework.outgoing.sending.run(MARIA.id)
    assert sending is not None
    assert sending.reply_id == reply
    assert await texting.casework.outgoing.undo.run(number, MARIA, reply) == "Hej."
    texting.time.move(seconds=11)
    async with ElksPeer() as peer:
        assert await sender_to(texting, peer).run() == 0
    late = await texting.casework.reply.run(number, MARIA, "Hej igen.", channel="sms")
    texting.time.move(seconds=11)
    with pytest.raises(GoneError):
        await texting.casework.outgoing.undo.run(number, MARIA, late)


async def test_nothing_is_offered_where_nothing_can_be_sent(room: Room, texting: Room):
    number = await call(texting)
    assert (await room.casework.read_case.run(number, MARIA)).sms_to is None
    with pytest.raises(NoMobileError):
        await room.casework.reply.run(number, MARIA, "Hej.", channel="sms")
    assert await room.casework.outgoing.confirm.run(number, MARIA) is False
    landline = await call(texting, "b", sender=Sender(phone="+46846500401"))
    assert (await texting.casework.read_case.run(landline, MARIA)).sms_to is None
    elsewhere = await call(texting, "c", entrance="vaxel")
    with pytest.raises(NoMobileError):
        await texting.casework.reply.run(elsewhere, MARIA, "Hej.", channel="sms")
    await texting.casework.outgoing.files.run(number, MARIA, "a.txt", "text/plain", b"x")
    with pytest.raises(NoFilesBySmsError):
        await texting.casework.reply.run(number, MARIA, "Hej.", channel="sms")


async def test_an_order_whose_fate_is_unknown_is_never_repeated_by_itself(texting: Room):
    number = await call(texting)
    await texting.casework.reply.run(number, MARIA, "Hej.", channel="sms")
    texting.time.move(seconds=11)
    async with ElksPeer(status=0) as peer:
        sender = sender_to(texting, peer)
        await sender.run()
        texting.time.move(hours=2)
        assert await sender.run() == 0
        assert len(peer.taken) == 1
        delivery = (await texting.casework.read_case.run(number, MARIA)).messages[-1].delivery
        assert delivery is not None
        assert (delivery.state, delivery.why) == ("failed", "unknown")
        peer.status = 200
        await texting.casework.outgoing.again.run(number, MARIA, delivery.id)
        await sender.run()
    assert len(peer.taken) == 2


@pytest.mark.parametrize(("status", "password"), [(503, None), (429, None), (402, None), (200, "fel")])
async def test_what_the_provider_surely_did_not_take_is_tried_again(texting: Room, status: int, password: str | None):
    number = await call(texting)
    await texting.casework.reply.run(number, MARIA, "Hej.", channel="sms")
    texting.time.move(seconds=11)
    async with ElksPeer(status=status) as peer:
        await sender_to(texting, peer, password).run()
        assert (await sms_rows(texting))[0]["state"] == "queued"
        peer.status = 200
        texting.time.move(seconds=31)
        await sender_to(texting, peer).run()
    assert (await sms_rows(texting))[0]["state"] == "sent"


async def test_a_provider_that_is_away_loses_nothing(texting: Room):
    number = await call(texting)
    await texting.casework.reply.run(number, MARIA, "Hej.", channel="sms")
    texting.time.move(seconds=11)
    peer = ElksPeer()
    async with peer:
        pass
    await sender_to(texting, peer).run()
    row = (await sms_rows(texting))[0]
    assert (row["state"], row["problem"]) == ("queued", "away connect")
    texting.time.move(minutes=1)
    async with peer:
        await sender_to(texting, peer).run()
    assert len(peer.taken) == 1


async def test_a_refused_number_stands_in_the_case_and_opens_it(texting: Room):
    number = await call(texting)
    await texting.casework.reply.run(number, MARIA, "Hej.", channel="sms")
    await texting.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    texting.time.move(seconds=11)
    async with ElksPeer(status=400) as peer:
        await sender_to(texting, peer).run()
    case = await texting.casework.read_case.run(number, MARIA)
    assert case.state is CaseState.OPEN
    assert case.messages[-1].delivery is not None
    assert case.messages[-1].delivery.state == "failed"


async def test_after_a_call_the_number_and_the_promise_go_by_sms_once(texting: Room):
    number = await call(texting, sender=Sender(phone=PHONE, email="olle@medborgare.example"))
    ended = ContactEnded(contact_id=contact("a"), channel=Channel.PHONE, ended_at=texting.time(), reason="hung_up")
    await texting.casework.follow_contacts.run([ended])
    made = await texting.casework.hand_over.run(number, MARIA, request_id="h1", to="bostadsbolag")
    assert await texting.casework.outgoing.confirm.run(number, MARIA) is True
    assert await texting.casework.outgoing.confirm.run(number, MARIA) is False
    async with ElksPeer() as peer:
        await sender_to(texting, peer).run()
    [sent] = peer.taken
    assert number in sent["message"]
    assert f"Du får svar senast {made.answer_by.astimezone():%Y-%m-%d}" in sent["message"]


async def test_where_secrecy_is_presumed_the_sms_says_only_the_number(texting: Room):
    number = await call(texting, case_type=CHILD)
    await texting.casework.outgoing.confirm.run(number, MARIA)
    [row] = await sms_rows(texting)
    assert row["body"] == f"Ditt ärendenummer är {number}."


async def test_what_was_being_sent_when_the_process_died_is_not_sent_again_but_said(texting: Room):
    number = await call(texting)
    await texting.casework.reply.run(number, MARIA, "Hej.", channel="sms")
    await texting.casework.outgoing.confirm.run(number, MARIA)
    texting.time.move(seconds=11)
    async with texting.casework.send_mail.uow.begin() as work:
        assert len(await work.sms.claim(texting.time(), timedelta(minutes=10), 10)) == 2
    async with ElksPeer() as peer:
        assert await sender_to(texting, peer).run() == 0
        assert {one["state"] for one in await sms_rows(texting)} == {"sending"}
        texting.time.move(minutes=11)
        assert await sender_to(texting, peer).run() == 0
    assert peer.taken == []
    assert {(one["state"], one["problem"]) for one in await sms_rows(texting)} == {("failed", "unknown died")}
    deeds = await texting.rows("SELECT facts->>'what' AS what FROM casework.case_history WHERE what = 'failed'")
    assert [one["what"] for one in deeds] == ["reply"], "of the confirmation nothing is heard"
