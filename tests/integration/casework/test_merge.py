"""What a merge must not lose: a live call, a promised call, time, replies, and the way back."""

import asyncio
from typing import Any

import pytest

from services.casework.domain.outgoing import OutgoingDeed
from services.casework.usecases.bounces import not_arrived
from services.casework.usecases.merge import BothTalkingError
from services.casework.usecases.people import About
from shared.errors import NotFoundError
from shared.events import ContactEnded, ReturnCallPromised
from shared.vocabulary import CaseState, Channel, PersonRole, Resolution, Role
from shared.web.access import Person
from tests.support.casework import MARIA, Room, contact
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))
PHONE = Channel.PHONE


async def call(room: Room, name: str, who: Person = MARIA) -> str:
    """A call that is going on; return its case."""
    await room.casework.follow_contacts.run([room.received(name, PHONE)])
    await room.casework.follow_routing.run([room.routed(name, channel=PHONE), room.accepted(name, 1, who.id, PHONE)])
    return await room.number(name)


async def hang_up(room: Room, name: str) -> None:
    ended = ContactEnded(contact_id=contact(name), ended_at=room.time(), reason="hangup")
    await room.casework.follow_contacts.run([ended])


async def told(room: Room) -> list[float]:
    """The handling time of every end, in order."""
    return [one["value"]["handling_seconds"] for one in await room.events("case.closed.v1")]


async def close(room: Room, *numbers: str) -> None:
    for number in numbers:
        await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)


async def case_of(room: Room, number: str) -> Any:
    return await room.casework.read_case.run(number, MARIA)


async def test_two_calls_about_one_leak_are_not_merged_while_both_go_on(room: Room):
    first, second = await call(room, "a"), await call(room, "b", JONAS)
    with pytest.raises(BothTalkingError):
        await room.casework.deeds.preview_merge.run(first, second, MARIA)
    with pytest.raises(BothTalkingError):
        await room.casework.deeds.merge.run(first, second, MARIA)
    assert not await room.events("case.merged.v1")
    await hang_up(room, "b")
    await room.casework.deeds.merge.run(first, second, MARIA)
    [event] = [one["value"] for one in await room.events("case.merged.v1")]
    assert event["contact_id"] == contact("b")


async def test_one_who_is_called_back_is_not_put_down(room: Room):
    first, second = await room.open("m"), await call(room, "a")
    await hang_up(room, "a")
    promised = ReturnCallPromised(contact_id=contact("a"), epoch=2, at=room.time(), queue="bostad")
    await room.casework.follow_routing.run([promised])
    room.time.move(minutes=5)
    await room.casework.follow_routing.run([room.accepted("a", 3, JONAS.id, PHONE)])
    await room.casework.deeds.merge.run(second, first, MARIA)
    [event] = [one["value"] for one in await room.events("case.merged.v1")]
    assert (event["contact_id"], (await case_of(room, first)).contact.id) == (contact("m"), contact("a"))


@pytest.mark.parametrize("deed", ["park", "merge"])
async def test_a_promised_return_call_is_not_cancelled(room: Room, deed: str):
    number, other = await call(room, "a"), await room.open("b")
    promised = ReturnCallPromised(contact_id=contact("a"), epoch=2, at=room.time(), queue="bostad")
    await room.casework.follow_routing.run([promised])
    if deed == "park":
        await room.casework.deeds.park.run(number, MARIA)
    else:
        await room.casework.deeds.merge.run(number, other, MARIA)
    [event] = [one["value"] for one in await room.events("case.parked.v1" if deed == "park" else "case.merged.v1")]
    assert (event["contact_id"], event["epoch"]) == ("", 0)
    await room.casework.follow_routing.run([room.accepted("a", 3, JONAS.id, PHONE)])
    case = await case_of(room, number if deed == "park" else other)
    assert (case.state, case.agent_id, case.contact.id) == (CaseState.OPEN, JONAS.id, contact("a"))
    assert case.contact.done_at is None


async def test_time_that_was_told_before_a_merge_is_not_told_again(room: Room):
    first, second = await call(room, "a"), await room.open("b")
    room.time.move(seconds=300)
    await hang_up(room, "a")
    await close(room, first)
    await room.casework.deeds.merge.run(first, second, MARIA)
    await close(room, second)
    assert await told(room) == [300.0, 0.0]
    await room.casework.deeds.unmerge.run(first, MARIA)
    for number in (first, second):
        await room.casework.reopen.run(number, MARIA)
    await close(room, first, second)
    assert await told(room) == [300.0, 0.0, 0.0, 0.0]


async def test_time_that_a_merged_case_has_told_is_not_told_again_when_it_is_split_out(room: Room):
    first, second = await call(room, "a"), await room.open("b")
    room.time.move(seconds=300)
    await hang_up(room, "a")
    await room.casework.deeds.merge.run(first, second, MARIA)
    await close(room, second)
    await room.casework.deeds.unmerge.run(first, MARIA)
    await close(room, first)
    assert await told(room) == [300.0, 0.0]
    await room.casework.reopen.run(second, MARIA)
    await room.casework.beat.run(second, MARIA)
    room.time.move(seconds=10)
    await room.casework.beat.run(second, MARIA)
    await close(room, second)
    assert await told(room) == [300.0, 0.0, 10.0]


async def test_the_told_call_that_is_split_out_is_not_told_again(room: Room):
    number = await room.open("a")
    followed = room.followed("b", (await case_of(room, number)).id, channel=PHONE)
    await room.casework.follow_contacts.run([followed])
    await room.casework.follow_routing.run([room.accepted("b", 2, channel=PHONE)])
    room.time.move(seconds=300)
    await hang_up(room, "b")
    await close(room, number)
    room.time.move(seconds=1)
    await room.casework.reopen.run(number, MARIA)
    made = await room.casework.deeds.split.run(number, MARIA, contact("b"), "request-1")
    await close(room, made, number)
    assert await told(room) == [300.0, 0.0, 0.0]


async def test_an_undone_merge_is_told_also_of_a_case_that_was_closed(room: Room):
    first, second = await room.open("a"), await room.open("b")
    await close(room, first)
    await room.casework.deeds.merge.run(first, second, MARIA)
    await room.casework.deeds.unmerge.run(first, MARIA)
    [event] = [one["value"] for one in await room.events("case.split.v1")]
    assert (event["case_number"], event["state"]) == (first, "closed")


@pytest.mark.parametrize("order", ["nearest first", "furthest first"])
async def test_a_merge_into_what_was_merged_is_undone_from_where_it_lies(room: Room, order: str):
    first, second, third = [await room.open(name) for name in "abc"]
    await room.casework.deeds.merge.run(first, second, MARIA)
    await room.casework.deeds.merge.run(second, third, MARIA)
    for number in (first, second) if order == "nearest first" else (second, first):
        await room.casework.deeds.unmerge.run(number, MARIA)
    cases = [await case_of(room, number) for number in (first, second, third)]
    assert [[one.id for one in case.contacts] for case in cases] == [[contact(name)] for name in "abc"]
    assert [case.contact.id for case in cases] == [contact(name) for name in "abc"]
    rows = await room.rows("SELECT contact_count FROM casework.cases ORDER BY number")
    assert [row["contact_count"] for row in rows] == [1, 1, 1]


async def test_what_comes_while_a_case_is_merged_lands_in_the_one_that_goes_on(room: Room):
    first, second = await room.open("a"), await room.open("b")
    uow = room.casework.deeds.merge.uow
    ids = {number: (await case_of(room, number)).id for number in (first, second)}
    follow = room.followed("c", ids[first], text="Hör ni?")
    async with uow.begin() as work:
        await work.cases.lock_many([ids[first], ids[second]])
        waiting = asyncio.create_task(room.casework.follow_contacts.run([follow]))
        await eventually(lambda: room.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
        merged = {"state": "closed", "merged_into": ids[second]}
        await work.cases.change(ids[first], room.time(), **merged)
        await work.moving.all_of(ids[first], ids[second])
    await waiting
    assert ((await case_of(room, first)).state, (await case_of(room, second)).contacts[-1].text) == (
        CaseState.CLOSED,
        "Hör ni?",
    )


async def test_what_did_not_arrive_opens_the_case_that_goes_on(room: Room):
    first, second = await room.open("a"), await room.open("b")
    case_id = (await case_of(room, first)).id
    await room.casework.deeds.merge.run(first, second, MARIA)
    await close(room, second)
    async with room.casework.deeds.merge.uow.begin() as work:
        sent = {"case_id": case_id, "kind": "reply"}
        await not_arrived(work, sent, OutgoingDeed.BOUNCED, "5.1.1", room.time())
    assert [(await case_of(room, one)).state for one in (first, second)] == [CaseState.CLOSED, CaseState.OPEN]


async def test_a_reply_of_a_merged_case_can_be_undone_and_sent_again(room: Room):
    first, second, other = [await room.open(name) for name in "abc"]
    await room.casework.reply.run(first, MARIA, "Vi tittar på det")
    await room.casework.reply.run(first, MARIA, "Vi kommer i morgon")
    await room.casework.deeds.merge.run(first, second, MARIA)
    rows = await room.rows("SELECT id FROM casework.messages WHERE kind = 'reply' ORDER BY at, body DESC")
    await room.casework.outgoing.undo.run(second, MARIA, rows[0]["id"])
    undone = await room.rows("SELECT id FROM casework.mails_out WHERE state = 'undone'")
    assert len(undone) == 1
    await room.run("UPDATE casework.mails_out SET state = 'failed' WHERE state = 'queued' AND kind = 'reply'")
    [failed] = await room.rows("SELECT id FROM casework.mails_out WHERE state = 'failed'")
    with pytest.raises(NotFoundError):
        await room.casework.outgoing.again.run(other, MARIA, failed["id"])
    await room.casework.outgoing.again.run(second, MARIA, failed["id"])
    rows = await room.rows("SELECT state FROM casework.mails_out WHERE kind = 'reply'")
    assert sorted(row["state"] for row in rows) == ["queued", "undone"]


async def test_a_merge_keeps_somebody_anonymous_who_was(room: Room):
    first, second, third = [await room.open(name) for name in "abc"]
    deeds = room.casework.deeds
    await deeds.add_person.run(first, MARIA, About(PersonRole.ANONYMOUS))
    await deeds.merge.run(first, second, MARIA)
    await deeds.merge.run(second, third, MARIA)
    case = await case_of(room, third)
    assert (case.anonymous, "olle" in repr(case).lower()) == (True, False)
    for number in (second, first):
        await deeds.unmerge.run(number, MARIA)
    assert [(await case_of(room, number)).anonymous for number in (first, second, third)] == [True] * 3
    assert len(await room.rows("SELECT 1 FROM casework.case_people")) == 3


async def test_a_merged_case_does_not_show_a_contact_that_has_left_for_a_case_of_its_own(room: Room):
    first, second = await room.open("a"), await room.open("b")
    deeds = room.casework.deeds
    follow = room.followed("c", (await case_of(room, first)).id, text="Gömda vägen 1")
    await room.casework.follow_contacts.run([follow])
    await room.casework.follow_routing.run([room.accepted("c")])
    await room.run(f"UPDATE casework.cases SET current_contact = '{contact('c')}' WHERE number = '{first}'")  # noqa: S608 - ours
    await deeds.merge.run(first, second, MARIA)
    assert "Gömda" in repr(await case_of(room, first))
    made = await deeds.split.run(second, MARIA, contact("c"), "request-1")
    await deeds.protect.run(made, MARIA, protected=True)
    for reader in (MARIA, JONAS):
        case = await room.casework.read_case.run(first, reader)
        assert ([one.id for one in case.contacts], "Gömda" in repr(case)) == ([contact("a")], False)
