"""Handling time on the event, per case: a call's talk, hold and after-work, a visit, a mail's seconds; each once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.events import ContactCompleted, ContactEnded, ContactRequeued, Event, ReturnCallPromised, WrapUpStarted
from shared.vocabulary import Channel, Resolution, Role, WrapUpMode
from shared.web.access import Person
from tests.support.casework import MARIA, Room, contact

pytestmark = pytest.mark.integration
JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))
PARTS = ("handling_seconds", "talk_seconds", "hold_seconds", "after_work_seconds")


async def call(room: Room, name: str = "a", channel: Channel = Channel.PHONE, epoch: int = 1) -> str:
    """A call or a visit comes and is taken; return the number of its case."""
    await room.casework.follow_contacts.run([room.received(name, channel)])
    await room.casework.follow_routing.run(
        [room.routed(name, channel=channel), room.accepted(name, epoch=epoch, channel=channel)]
    )
    return await room.number(name)


async def hang_up(room: Room, name: str = "a", talk: float | None = None) -> None:
    left = ContactEnded(contact_id=contact(name), ended_at=room.time(), reason="hangup", talk_seconds=talk)
    await room.casework.follow_contacts.run([left])


def over(room: Room, seconds: float, name: str = "a", channel: Channel = Channel.PHONE) -> list[Event]:
    """Return that after-work began so many seconds ago and is over now."""
    facts: dict[str, Any] = {"contact_id": contact(name), "epoch": 2, "agent_id": MARIA.id}
    begun = room.time() - timedelta(seconds=seconds)
    until = begun + timedelta(seconds=60)
    return [
        WrapUpStarted(**facts, at=begun, mode=WrapUpMode.TIMED, until=until),
        ContactCompleted(**facts, at=room.time(), channel=channel, after_work_seconds=seconds),
    ]


async def beat(room: Room, number: str, *pauses: float, who: Person = MARIA) -> None:
    """Beat at once and after each pause."""
    await room.casework.beat.run(number, who)
    for pause in pauses:
        room.time.move(seconds=pause)
        await room.casework.beat.run(number, who)


async def close(room: Room, number: str) -> tuple[Any, ...]:
    """Close, and return the times that were told."""
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    told = (await room.events("case.closed.v1"))[-1]["value"]
    return tuple(told[name] for name in PARTS)


async def added(room: Room) -> list[tuple[str, float]]:
    return [(one["value"]["kind"], one["value"]["seconds"]) for one in await room.events("case.time_added.v1")]


async def test_a_call_is_talk_and_what_she_does_when_the_caller_has_gone(room: Room):
    number = await call(room)
    await beat(room, number, 10, 10, 10)
    await hang_up(room, talk=28)
    await beat(room, number, 10, 10)
    assert await close(room, number) == (48.0, 28.0, 0.0, 20.0)


async def test_a_beat_across_the_end_of_the_call_counts_only_what_comes_after_it(room: Room):
    number = await call(room)
    await beat(room, number, 10)
    room.time.move(seconds=4)
    await hang_up(room)
    room.time.move(seconds=6)
    await beat(room, number)
    assert await close(room, number) == (20.0, 14.0, 0.0, 6.0)


async def test_after_work_that_ends_after_the_case_is_told_once_however_often_it_is_heard(room: Room):
    number = await call(room)
    room.time.move(seconds=60)
    await hang_up(room)
    assert await close(room, number) == (60.0, 60.0, 0.0, 0.0)
    room.time.move(seconds=45)
    for batch in (over(room, 45)[:1], over(room, 45), over(room, 45)):
        await room.casework.follow_routing.run(batch)
    assert await added(room) == [("after_work", 45.0)]
    [row] = await room.rows("SELECT after_work_seconds FROM casework.contacts")
    assert row["after_work_seconds"] == 45
    await room.casework.reopen.run(number, MARIA)
    assert await close(room, number) == (0.0, 0.0, 0.0, 0.0)


async def test_after_work_that_ends_before_the_case_is_in_its_end(room: Room):
    number = await call(room)
    room.time.move(seconds=60)
    await hang_up(room)
    room.time.move(seconds=15)
    await room.casework.follow_routing.run(over(room, 15))
    assert await close(room, number) == (75.0, 60.0, 0.0, 15.0)
    assert await added(room) == []


async def test_the_after_work_of_a_case_that_lives_again_is_in_its_next_end(room: Room):
    number = await call(room)
    room.time.move(seconds=60)
    await close(room, number)
    await room.casework.reopen.run(number, MARIA)
    room.time.move(seconds=20)
    await room.casework.follow_routing.run(over(room, 20))
    assert await added(room) == []
    assert await close(room, number) == (20.0, 0.0, 0.0, 20.0)


async def test_a_visit_is_from_the_call_up_to_the_leaving(room: Room):
    number = await call(room, channel=Channel.VISIT)
    await beat(room, number, 10, 10, 10, 10)
    room.time.move(minutes=5)
    await hang_up(room)
    room.time.move(minutes=5)
    assert await close(room, number) == (340.0, 340.0, 0.0, 0.0)


async def test_a_mail_is_the_seconds_it_was_open_in_front_and_hers(room: Room):
    number = await room.open("a")
    await beat(room, number, 10, 10, 61, 10)
    await beat(room, number, 10, 10, who=JONAS)
    assert await close(room, number) == (30.0, None, None, None)


async def test_two_pages_of_one_agent_and_a_clock_that_goes_behind_count_no_second_twice(room: Room):
    number = await room.open("a")
    await beat(room, number, *[5] * 12)
    room.time.move(seconds=-8)
    await beat(room, number)
    room.time.move(seconds=8)
    await beat(room, number, 10)
    assert (await close(room, number))[0] == 70.0


async def test_a_mail_that_rests_while_its_agent_talks_is_not_worked_on(room: Room):
    mail = await room.open("a")
    await beat(room, mail, 10)
    phone = await call(room, "b")
    await beat(room, mail, 10, 10)
    await hang_up(room, "b")
    await room.casework.close.run(phone, MARIA, resolution=Resolution.SOLVED)
    await beat(room, mail, 10)
    assert (await close(room, mail))[0] == 20.0
    assert [one["value"]["handling_seconds"] for one in await room.events("case.closed.v1")] == [20.0, 20.0]


@pytest.mark.parametrize("kind", [ContactRequeued, ReturnCallPromised])
async def test_what_was_talked_before_a_call_was_passed_on_stays_counted_once(room: Room, kind: type[Event]):
    number = await call(room)
    room.time.move(seconds=50)
    facts = {"contact_id": contact("a"), "epoch": 2, "at": room.time(), "queue": "bostad", "reason": "transfer"}
    for _ in range(2):
        await room.casework.follow_routing.run([kind(**facts)])
    room.time.move(minutes=30)
    taken = room.accepted("a", epoch=3, agent=JONAS.id, channel=Channel.PHONE)
    await room.casework.follow_routing.run([taken, kind(**facts)])
    room.time.move(seconds=70)
    assert await close(room, number) == (120.0, 70.0, 0.0, 50.0)


async def test_the_same_records_folded_twice_in_any_batches_tell_the_same(room: Room):
    number = await call(room)
    room.time.move(seconds=30)
    left = ContactEnded(contact_id=contact("a"), ended_at=room.time(), reason="hangup", talk_seconds=30)
    room.time.move(seconds=5)
    whole: list[Event] = [
        room.routed("a", channel=Channel.PHONE),
        room.accepted("a", channel=Channel.PHONE),
        *over(room, 5),
    ]
    told = await close(room, number)
    batches: Sequence[Sequence[Event]] = (whole, whole[:3], whole[2:], whole)
    for batch in batches:
        await room.casework.follow_routing.run(batch)
        await room.casework.follow_contacts.run([left])
    assert told[0] == 35.0
    assert await added(room) == [("after_work", 5.0)]


async def test_a_hand_over_tells_its_time_and_the_answer_tells_only_what_came_after(room: Room):
    number = await call(room)
    room.time.move(seconds=40)
    await hang_up(room)
    await room.casework.hand_over.run(number, MARIA, request_id="r1")
    [told] = [one["value"] for one in await room.events("case.handed_over.v1")]
    assert tuple(told[name] for name in PARTS) == (40.0, 40.0, 0.0, 0.0)
    room.time.move(seconds=30)
    await room.casework.follow_routing.run(over(room, 30))
    assert await added(room) == [("after_work", 30.0)]


async def test_nothing_is_counted_on_a_closed_case(room: Room):
    number = await room.open("a")
    await beat(room, number, 10)
    await close(room, number)
    await beat(room, number, 10, 10)
    await room.casework.reopen.run(number, MARIA)
    assert (await close(room, number))[0] == 0.0
