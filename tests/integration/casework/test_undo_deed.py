"""A close or a hand-over at the desk taken back within its seconds, and told, once, when they are over."""

from typing import Any

import pytest

from services.casework import wiring
from services.casework.usecases.casework import Casework
from services.casework.usecases.undo_deed import DeedGoneError
from shared.errors import NotFoundError
from shared.vocabulary import CaseState, Channel, Resolution
from tests.support.casework import MARIA, PER, Room, contact
from tests.support.handing import at_once, mails, walked

pytestmark = pytest.mark.integration
ENDS = ("case.closed.v1", "case.handed_over.v1", "case.reopened.v1")


async def ends(room: Room) -> list[str]:
    return [one["type"] for one in await room.events() if one["type"] in ENDS]


async def row(room: Room, number: str) -> dict[str, Any]:
    sql = "SELECT k.*, c.done_at FROM casework.cases k JOIN casework.contacts c ON c.id = k.current_contact"
    found = (await room.rows(f"{sql} WHERE k.number = :n", n=number))[0]
    return {name: value for name, value in found.items() if name not in {"version", "changed_at"}}


async def close(room: Room, number: str, **more: Any) -> str:
    """Close it as the desk does; return the deed's id."""
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, undoable=True, **more)
    return await strip(room, "close")


async def dies_before_its_commit(casework: Casework) -> None:
    async with casework.outgoing.tell_deeds.uow.begin() as work:
        assert len(await work.undos.due(casework.outgoing.tell_deeds.clock(), 10)) == 1
        raise RuntimeError


async def strip(room: Room, kind: str) -> str:
    shown = await room.casework.outgoing.sending.run(MARIA.id)
    assert shown is not None
    assert shown.kind == kind
    return shown.reply_id


async def test_a_close_taken_back_never_was_and_the_next_one_counts_as_the_first(room: Room):
    outgoing, number = room.casework.outgoing, await room.open("a")
    before = await row(room, number)
    undo = await close(room, number, text="Vi kommer i dag.", request_id="r")
    assert (await row(room, number))["state"] == "closed"
    room.time.move(seconds=9)
    assert await outgoing.tell_deeds.run() == 0
    with pytest.raises(NotFoundError):
        await outgoing.undo_deed.run(number, PER, undo)
    for _ in range(2):
        assert await outgoing.undo_deed.run(number, MARIA, undo)
    assert await row(room, number) == before
    assert await outgoing.sending.run(MARIA.id) is None
    assert [one["state"] for one in await mails(room, "reply")] == ["undone"]
    assert (await outgoing.draft.run(number, MARIA)).text == "Vi kommer i dag."
    room.time.move(seconds=60)
    assert await outgoing.tell_deeds.run() == 0
    assert await ends(room) == []
    await close(room, number)
    room.time.move(seconds=10)
    assert sorted(await at_once(outgoing.tell_deeds.run(), outgoing.tell_deeds.run())) == [0, 1]
    [closed] = await room.events("case.closed.v1")
    assert closed["value"]["first_contact"]
    said = [one.what for one in (await room.casework.read_case.run(number, MARIA)).history]
    assert [one for one in said if "clos" in one] == ["close", "undo_close", "close"]


async def test_a_hand_over_taken_back_leaves_nothing_at_the_unit_and_nothing_goes_out(room: Room):
    outgoing, number = room.casework.outgoing, await walked(room)
    before = await row(room, number)
    await room.casework.hand_over.run(number, MARIA, request_id="r", undoable=True)
    undo = await strip(room, "hand_over")
    room.time.move(seconds=9)
    due = await room.rows(
        "SELECT kind FROM casework.mails_out WHERE next_at <= :now AND kind <> 'receipt'", now=room.time()
    )
    assert due == []
    await outgoing.undo_deed.run(number, MARIA, undo)
    assert await row(room, number) == before
    assert await room.rows("SELECT * FROM casework.handovers") == []
    kinds = await room.rows("SELECT DISTINCT state FROM casework.mails_out WHERE kind IN ('handover', 'notice')")
    assert [one["state"] for one in kinds] == ["undone"]
    assert await ends(room) == []
    made = await room.casework.hand_over.run(number, MARIA, request_id="r2", undoable=True)
    room.time.move(seconds=10)
    assert await outgoing.tell_deeds.run() == 1
    assert await ends(room) == ["case.handed_over.v1"]
    with pytest.raises(DeedGoneError):
        await outgoing.undo_deed.run(
            number, MARIA, (await room.rows("SELECT id FROM casework.undos ORDER BY at DESC"))[0]["id"]
        )
    due = await room.rows(
        "SELECT kind FROM casework.mails_out WHERE next_at <= :now AND state = 'queued'", now=room.time()
    )
    assert {one["kind"] for one in due} >= {"handover", "notice"}
    assert (await room.casework.read_handover.run(made.id, PER)).id == made.id


async def test_whoever_goes_on_with_the_case_ends_the_time_and_the_close_is_told_first(room: Room):
    number = await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    undo = await close(room, number)
    await room.casework.follow_contacts.run([room.followed("b", case.id)])
    assert (await ends(room))[:1] == ["case.closed.v1"]
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.OPEN
    with pytest.raises(DeedGoneError):
        await room.casework.outgoing.undo_deed.run(number, MARIA, undo)
    room.time.move(seconds=11)
    assert await room.casework.outgoing.tell_deeds.run() == 0
    assert (await ends(room)).count("case.closed.v1") == 1


async def test_who_talks_with_somebody_else_gets_the_case_back_beside_the_talk(room: Room):
    number = await room.open("a")
    undo = await close(room, number)
    await room.casework.follow_contacts.run([room.received("b", Channel.PHONE, person_key="2026:eva")])
    talk = [room.routed("b", channel=Channel.PHONE), room.accepted("b", channel=Channel.PHONE)]
    await room.casework.follow_routing.run(talk)
    assert not await room.casework.outgoing.undo_deed.run(number, MARIA, undo)
    after = await row(room, number)
    assert (after["state"], after["agent_id"], after["done_at"] is None) == ("open", MARIA.id, False)
    assert [one.live for one in (await room.casework.read_desk.run(MARIA.id)).cases] == [True, False]


async def test_a_process_that_dies_after_the_close_has_told_nothing_and_another_one_does(room: Room):
    number = await room.open("a")
    await close(room, number)
    other = wiring.build(room.settings, room.engine, room.time)
    await other.router.close()
    assert await other.outgoing.tell_deeds.run() == 0
    assert await ends(room) == []
    room.time.move(seconds=10)
    with pytest.raises(RuntimeError):
        await dies_before_its_commit(other)
    assert await other.outgoing.tell_deeds.run() == 1
    assert await ends(room) == ["case.closed.v1"]
    assert (await room.events("case.closed.v1"))[0]["value"]["contact_id"] == contact("a")
