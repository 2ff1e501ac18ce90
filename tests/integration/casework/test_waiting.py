"""A wait for the citizen ends with the rest of its case, by whatever deed: the promise is watched again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.events import ContactBounced
from shared.vocabulary import CaseState, Channel, Resolution
from tests.support.casework import MARIA, Room, contact
from tests.support.handing import walked

pytestmark = pytest.mark.integration

Route = Callable[[Room, str], Awaitable[None]]


async def close(room: Room, number: str, text: str | None = None) -> None:
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, text=text, request_id="c")


async def step(room: Room, number: str) -> None:
    await room.casework.do_step.run(number, MARIA, "s1", "nej")


async def undo(room: Room, number: str) -> None:
    await close(room, number, "Klart.")
    sending = await room.casework.outgoing.sending.run(MARIA.id)
    assert sending is not None
    await room.casework.outgoing.undo.run(number, MARIA, sending.reply_id)


async def bounce(room: Room, number: str) -> None:
    await close(room, number, "Klart.")
    [row] = await room.rows("SELECT message_id FROM casework.mails_out WHERE kind = 'reply'")
    facts = {"recipient": "olle@medborgare.example", "status": "5.1.1", "permanent": True, "bounced_at": room.time()}
    told = ContactBounced(contact_id=contact("x"), channel=Channel.EMAIL, message_id=row["message_id"], **facts)
    await room.casework.follow_contacts.run([told])


async def unmerge(room: Room, number: str) -> None:
    await room.casework.deeds.merge.run(number, await room.open("other"), MARIA)
    room.time.move(days=7)
    await room.casework.deeds.unmerge.run(number, MARIA)


async def reopen(room: Room, number: str) -> None:
    await close(room, number)
    room.time.move(days=7)
    await room.casework.reopen.run(number, MARIA)


@pytest.mark.parametrize("route", [step, undo, bounce, unmerge, reopen])
async def test_whatever_ends_the_rest_ends_the_wait_and_the_promise_is_watched(room: Room, route: Route):
    number = await room.open("a")
    before = (await room.casework.read_case.run(number, MARIA)).due_at
    assert before is not None
    await room.casework.deeds.park.run(number, MARIA, until=room.time() + timedelta(days=2), waiting=True)
    room.time.move(hours=3)
    await route(room, number)
    case = await room.casework.read_case.run(number, MARIA)
    assert case.state is CaseState.OPEN
    assert case.due_at == before + timedelta(hours=3), "the hours that we waited, not those it was closed"
    [row] = await room.rows("SELECT waiting_since, parked_until FROM casework.cases WHERE id = :id", id=case.id)
    assert row == {"waiting_since": None, "parked_until": None}
    room.time.now = max(room.time(), case.due_at) + timedelta(seconds=1)
    await room.casework.watch_deadlines.run()
    missed = [one["value"]["case_id"] for one in await room.events("deadline.missed.v1")]
    assert case.id in missed


async def test_a_late_follow_up_that_is_accepted_before_it_came_opens_a_new_case(room: Room):
    number = await room.open("a")
    await close(room, number)
    old = (await room.casework.read_case.run(number, MARIA)).id
    room.time.move(days=31)
    routed = room.routed("b").model_copy(update={"follows": old})
    await room.casework.follow_routing.run([routed, room.accepted("b")])
    await room.casework.follow_contacts.run([room.followed("b", old)])
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.CLOSED
    fresh = await room.casework.read_case.run(await room.number("b"), MARIA)
    assert (fresh.agent_id, fresh.contact.text) == (MARIA.id, "Det är kallt hemma.")
    assert [(one.number, one.kind) for one in fresh.links] == [(number, "follow_up")]
    assert not await room.events("case.reopened.v1")


async def test_handed_over_it_no_longer_waits_for_the_citizen(room: Room):
    number = await walked(room)
    await room.casework.deeds.park.run(number, MARIA, until=room.time() + timedelta(days=2), waiting=True)
    await room.casework.hand_over.run(number, MARIA, request_id="h", to="bostadsbolag")
    [row] = await room.rows("SELECT state, waiting_since, parked_until FROM casework.cases")
    assert row == {"state": "handed_over", "waiting_since": None, "parked_until": None}
