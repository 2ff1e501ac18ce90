"""A citizen with a mobile and no mail address hears by SMS where her case is: once, loop-safe, and nothing secret."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.casework import wiring
from services.casework.usecases.people import About
from shared.events import Sender
from shared.vocabulary import Channel, PersonRole
from tests.support.casework import CHILD, COLD, MARIA, PER, Room, contact

pytestmark = pytest.mark.integration

PHONE = "+46701740605"


@pytest.fixture
async def texting(room: Room) -> Room:
    """The room where SMS is set up, for the housing company's number."""
    settings = room.settings.model_copy(update={"elks_url": "http://127.0.0.1:9"})
    await room.run("UPDATE casework.entrances SET sms_sender = 'AFA' WHERE id = 'bostad-nummer'")
    return replace(room, settings=settings, casework=wiring.build(settings, room.engine, room.time))


async def call(room: Room, name: str = "a", case_type: str = COLD, **facts: Any) -> str:
    given = {"channel": Channel.PHONE, "entrance": "bostad-nummer", "sender": Sender(phone=PHONE), **facts}
    await room.casework.follow_contacts.run([room.received(name, **{**given, "message_id": None, "subject": ""})])
    taken = [room.routed(name, case_type, Channel.PHONE), room.accepted(name, channel=Channel.PHONE)]
    await room.casework.follow_routing.run(taken)
    if language := given.get("language"):
        await room.run(f"UPDATE casework.contacts SET language = '{language}' WHERE id = '{contact(name)}'")  # noqa: S608 - ours
    return await room.number(name)


async def told(room: Room) -> list[str]:
    rows = await room.rows("SELECT recipient, sender, kind, body FROM casework.sms_out ORDER BY created_at, id")
    assert {(row["recipient"], row["sender"], row["kind"]) for row in rows} <= {(PHONE, "AFA", "notice")}
    return [row["body"] for row in rows]


async def hand_over(room: Room, number: str, to: str = "bostadsbolag") -> str:
    return (await room.casework.hand_over.run(number, MARIA, request_id="h", to=to, message="Kan ni titta?")).id


async def test_she_hears_once_who_has_it_and_by_when_and_once_each_when_that_moves_or_passes(texting: Room):
    number = await call(texting)
    plan = await texting.casework.preview_handover.run(number, MARIA, to="bostadsbolag")
    assert plan.tells == PHONE
    handover = await hand_over(texting, number)
    assert await hand_over(texting, number) == handover
    [first] = await told(texting)
    assert first.startswith(f"Ditt ärende {number} är överlämnat till Bostadsbolag. Du ska ha svar senast 20")
    assert "/lage/" in first
    later = texting.time() + timedelta(days=9)
    for _ in "ab":
        await texting.casework.move_answer.run(handover, PER, "Per", later, "Vi väntar på delar till Gömda vägen.")
    texting.time.move(days=10)
    for _ in "ab":
        await texting.casework.watch_deadlines.run()
    _, moved, late = await told(texting)
    assert "senast 2026-12-04 kl. 10.00" in moved
    assert "Gömda" not in moved
    assert "det har du inte. Vi har påmint Bostadsbolag" in late
    assert await texting.rows("SELECT 1 FROM casework.mails_out WHERE kind = 'notice'") == []


async def test_a_mail_address_is_told_by_mail_and_not_twice(texting: Room):
    sender = Sender(phone=PHONE, email="olle@medborgare.example")
    await hand_over(texting, await call(texting, sender=sender))
    assert await told(texting) == []
    assert len(await texting.rows("SELECT 1 FROM casework.mails_out WHERE kind = 'notice'")) == 1


async def test_she_hears_it_in_her_language(texting: Room):
    number = await call(texting, language="en")
    await hand_over(texting, number)
    [said] = await told(texting)
    assert said.startswith(f"Your case {number} is now with Bostadsbolag. You shall have an answer by 20")


@pytest.mark.parametrize("how", ["secrecy", "protected"])
async def test_a_phone_that_anybody_may_read_says_number_and_time_alone(texting: Room, how: str):
    number = await call(texting, case_type=CHILD if how == "secrecy" else COLD)
    if how == "protected":
        await texting.casework.deeds.protect.run(number, MARIA, protected=True)
    await hand_over(texting, number)
    [said] = await told(texting)
    assert number in said
    assert not [one for one in ("Bostad", "http", "lage", "ÅFA", "barn") if one in said]


@pytest.mark.parametrize("why", ["off", "anonymous", "landline", "ours", "robot", "no sender"])
async def test_nobody_is_told_who_cannot_be_or_must_not_be(texting: Room, why: str):
    room = texting
    number = await call(room, sender=Sender(phone="+46846500499" if why == "landline" else PHONE))
    change = {
        "ours": f"UPDATE casework.entrances SET value = '{PHONE}' WHERE id = 'vaxel'",  # noqa: S608 - ours
        "robot": "UPDATE casework.contacts SET automatic = true",
        "no sender": "UPDATE casework.entrances SET sms_sender = ''",
    }
    if why in change:
        await room.run(change[why])
    if why == "anonymous":
        await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.ANONYMOUS))
    if why == "off":
        off = room.settings.model_copy(update={"elks_url": ""})
        room = replace(room, casework=wiring.build(off, room.engine, room.time))
    assert not (await room.casework.preview_handover.run(number, MARIA, to="bostadsbolag")).tells
    await hand_over(room, number)
    assert await told(room) == []


async def test_the_confirmation_after_a_call_does_not_say_what_the_notice_has_said(texting: Room):
    number = await call(texting)
    await hand_over(texting, number)
    for _ in "ab":
        assert await texting.casework.outgoing.confirm.run(number, MARIA) is True
    assert len(await told(texting)) == 1
