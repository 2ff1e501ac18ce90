"""What comes back finds its case, whatever of ours it was: in words, once, and who must do something hears of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.casework.store.bell import Bell
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.web.deed_words import lines_of
from shared.events import ContactBounced
from shared.vocabulary import CaseState, Resolution
from tests.support.casework import MARIA, Room, contact
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


def came_back(room: Room, message_id: str | None, **more: Any) -> ContactBounced:
    facts = {"recipient": "olle@medborgare.example", "status": "5.1.1", "permanent": True, "bounced_at": room.time()}
    return ContactBounced(contact_id=contact("bounce"), message_id=message_id, **{**facts, **more})


async def mail_of(room: Room, kind: str) -> dict[str, Any]:
    await room.run("UPDATE casework.mails_out SET state = 'sent', sent_at = created_at, next_at = NULL")
    [row] = await room.rows("SELECT * FROM casework.mails_out WHERE kind = :kind", kind=kind)
    return row


@dataclass(slots=True)
class Rings:
    """What is heard at the desks, in order."""

    uow: UnitOfWork
    heard: list[str | None] = field(default_factory=list)

    async def since(self, deed: Awaitable[None]) -> list[str | None]:
        """Return for whom it rang while something was done."""
        self.heard.clear()
        await deed
        async with self.uow.begin() as work:
            work.ring("the end")
        await eventually(lambda: "the end" in self.heard)
        return [one for one in self.heard if one != "the end"]


@pytest.fixture
async def rings(room: Room) -> AsyncIterator[Rings]:
    bell, rings = Bell(room.engine), Rings(UnitOfWork(room.engine))
    bell.listen(rings.heard.append)
    listening = asyncio.create_task(bell.run())
    await eventually(lambda: None in rings.heard)
    yield rings
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def history(room: Room, what: str = "bounced") -> list[str]:
    rows = await room.rows("SELECT facts FROM casework.case_history WHERE what = :what ORDER BY id", what=what)
    return [row["facts"]["what"] for row in rows]


async def test_a_receipt_that_comes_back_stands_in_its_case_and_rings_nobody(room: Room, rings: Rings):
    number = await room.open("a")
    receipt = await mail_of(room, "receipt")
    for _ in range(2):
        told = room.casework.follow_contacts.run([came_back(room, receipt["message_id"])])
        assert await rings.since(told) == []
    case = await room.casework.read_case.run(number, MARIA)
    assert [(one.kind, one.state) for one in case.messages if one.direction == "out"] == [("receipt", "bounced")]
    assert await history(room) == ["receipt"]


async def test_a_hand_over_that_comes_back_tells_who_handed_over_that_the_unit_was_not_reached(
    room: Room, rings: Rings
):
    await room.run("UPDATE casework.units SET handover_address = 'bostad@bolag.example' WHERE id = 'bostadsbolag'")
    number = await room.open("a")
    await room.casework.hand_over.run(number, MARIA, request_id="r1")
    sent = await mail_of(room, "handover")
    told = came_back(room, sent["message_id"], recipient="bostad@bolag.example")
    assert MARIA.id in await rings.since(room.casework.follow_contacts.run([told]))
    case = await room.casework.read_case.run(number, MARIA)
    assert "Överlämningen kom inte fram till verksamhetens adress" in [line.title for line in lines_of(case)]
    assert len(await room.events("case.opened.v1")) == 1


async def test_a_delay_is_said_and_is_no_failure(room: Room):
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, "Hej.")
    sent = await mail_of(room, "reply")
    late = came_back(room, sent["message_id"], status="4.4.1", permanent=False)
    await room.casework.follow_contacts.run([late])
    [reply] = [one for one in (await room.casework.read_case.run(number, MARIA)).messages if one.kind == "reply"]
    assert reply.delivery is not None
    assert (reply.state, reply.delivery.state, reply.delivery.why) == ("sent", "sent", "later")
    await room.casework.follow_contacts.run([came_back(room, sent["message_id"], status="4.4.7")])
    await room.casework.follow_contacts.run([late])
    [reply] = [one for one in (await room.casework.read_case.run(number, MARIA)).messages if one.kind == "reply"]
    assert reply.state == "bounced"
    assert await history(room) == ["reply"]


async def test_a_report_that_names_no_mail_says_perhaps_of_the_only_one_that_went_there(room: Room):
    number = await room.open("a")
    await mail_of(room, "receipt")
    forged = came_back(room, None, recipient="Olle@medborgare.example")
    for status in ("5.1.1", "5.2.2", None):
        await room.casework.follow_contacts.run([forged.model_copy(update={"status": status})])
    await room.casework.follow_contacts.run([came_back(room, None, permanent=False)])
    [message] = [one for one in (await room.casework.read_case.run(number, MARIA)).messages if one.kind == "receipt"]
    assert message.delivery is not None
    assert (message.state, message.delivery.state, message.delivery.why) == ("sent", "sent", "perhaps")
    assert (await history(room), await history(room, "doubted")) == ([], ["receipt"])


async def test_a_forged_report_opens_no_closed_case_and_rings_nobody_but_one_that_names_the_reply_does(
    room: Room, rings: Rings
):
    number = await room.open("a")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, text="Hej.")
    sent = await mail_of(room, "reply")
    await room.run("DELETE FROM casework.mails_out WHERE kind = 'receipt'")
    told = room.casework.follow_contacts.run([came_back(room, None), came_back(room, None)])
    assert await rings.since(told) == []
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.CLOSED
    assert (await history(room), await history(room, "doubted")) == ([], ["reply"])
    await room.casework.follow_contacts.run([came_back(room, sent["message_id"])])
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.OPEN
    assert await history(room) == ["reply"]


async def test_of_a_hand_over_a_report_that_names_no_mail_says_perhaps(room: Room):
    await room.run("UPDATE casework.units SET handover_address = 'bostad@bolag.example' WHERE id = 'bostadsbolag'")
    number = await room.open("a")
    await room.casework.hand_over.run(number, MARIA, request_id="r1")
    await mail_of(room, "handover")
    await room.casework.follow_contacts.run([came_back(room, None, recipient="bostad@bolag.example")])
    lines = [line.title for line in lines_of(await room.casework.read_case.run(number, MARIA))]
    assert "Ett mejl till verksamheten kom kanske inte fram" in lines


async def test_of_several_mails_a_report_that_names_none_is_nobodys(room: Room):
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, "Hej.")
    await mail_of(room, "reply")
    await room.casework.follow_contacts.run([came_back(room, None), came_back(room, None, recipient=None)])
    assert (await history(room), await history(room, "doubted")) == ([], [])


async def test_a_storm_of_bounces_of_one_mail_is_one_line_in_its_case(room: Room):
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, "Hej.")
    sent = await mail_of(room, "reply")
    storm = [came_back(room, sent["message_id"]).model_copy(update={"contact_id": contact(f"b{n}")}) for n in range(50)]
    await room.casework.follow_contacts.run(storm)
    assert await history(room) == ["reply"]
    assert len(await room.rows("SELECT id FROM casework.cases")) == 1
