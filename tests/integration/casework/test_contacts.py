"""Contacts become cases, on the real database: in any order, any number of times, each once."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from services.casework.domain.case import case_id_of
from shared.events import (
    AlarmCleared,
    AlarmRaised,
    ContactBounced,
    ContactEnded,
    ContactPurged,
    ContactRequeued,
    Sender,
)
from shared.vocabulary import CaseState, Channel, Resolution
from tests.support.casework import COLD, LAMP, MARIA, Room, contact

pytestmark = pytest.mark.integration


async def test_a_mail_opens_a_case_at_arrival_and_is_classified_when_routed(room: Room):
    await room.casework.follow_contacts.run([room.received("a")])
    await room.casework.follow_routing.run([room.routed("a")])
    case = await room.casework.read_case.run(await room.number("a"), MARIA)
    assert case.number == "KC-2026-000001"
    assert (case.case_type, case.classified_how, case.unit) == (COLD, "set", "bostadsbolag")
    assert case.checklist is not None
    assert (case.checklist.id, case.checklist.version) == ("bostad-kallt", 1)
    assert [event["type"] for event in await room.events()] == ["case.opened.v1", "case.classified.v1"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_facts_of_a_contact_come_in_any_order(room: Room, order: tuple[int, ...]):
    takes = [
        lambda: room.casework.follow_contacts.run([room.received("a")]),
        lambda: room.casework.follow_routing.run([room.routed("a")]),
        lambda: room.casework.follow_routing.run([room.accepted("a")]),
    ]
    for index in order:
        await takes[index]()
    case = await room.casework.read_case.run(await room.number("a"), MARIA)
    assert (case.agent_id, case.case_type, case.contact.text) == (MARIA.id, COLD, "Det är kallt hemma.")
    assert (case.unit, case.entrance, case.contact.epoch) == ("bostadsbolag", "bostad-mejl", 1)
    assert len(await room.events("case.opened.v1")) == 1
    assert len(await room.events("case.classified.v1")) == 1


async def test_everything_twice_is_everything_once(room: Room):
    names = [f"c{number}" for number in range(30)]
    for _ in range(2):
        await room.casework.follow_contacts.run([room.received(name) for name in names])
        await room.casework.follow_routing.run([room.routed(name) for name in names])
        await room.casework.follow_routing.run([room.accepted(name) for name in names])
    assert len(await room.events("case.opened.v1")) == 30
    numbers = [row["number"] for row in await room.rows("SELECT number FROM casework.cases ORDER BY number")]
    assert numbers == [f"KC-2026-{number:06d}" for number in range(1, 31)]
    assert len({event["event_id"] for event in await room.events()}) == len(await room.events())


async def test_both_topics_at_once_neither_block_nor_double(room: Room):
    names = [f"c{number}" for number in range(200)]
    received = [room.received(name, Channel.E_SERVICE, sender=Sender()) for name in names]
    routed = [room.routed(name, channel=Channel.E_SERVICE) for name in names]
    batches = [room.casework.follow_contacts.run(received[at : at + 40]) for at in range(0, 200, 20)]
    batches += [room.casework.follow_routing.run(routed[at : at + 40]) for at in range(0, 200, 20)]
    await asyncio.gather(*batches)
    assert len(await room.events("case.opened.v1")) == 200
    assert len(await room.events("case.classified.v1")) == 200


async def test_a_call_opens_its_case_only_when_it_is_taken(room: Room):
    call = room.received("a", Channel.PHONE, entrance="bostad-nummer", sender=Sender(phone="+46701740605"))
    await room.casework.follow_contacts.run([call])
    assert not await room.events("case.opened.v1")
    await room.casework.follow_routing.run([room.accepted("a", channel=Channel.PHONE)])
    case = await room.casework.read_case.run(await room.number("a"), MARIA)
    assert case.greeting == "Välkommen till ÅFA, du pratar med Maria. Hur kan jag hjälpa dig?"
    assert (case.agent_id, case.contact.sender_phone) == (MARIA.id, "+46701740605")


async def test_a_caller_who_hangs_up_leaves_no_case(room: Room):
    await room.casework.follow_contacts.run([room.received("a", Channel.PHONE)])
    ended = ContactEnded(contact_id=contact("a"), ended_at=room.time(), reason="hangup")
    await room.casework.follow_contacts.run([ended])
    assert not await room.rows("SELECT 1 FROM casework.cases")


async def test_an_older_epoch_undoes_nothing(room: Room):
    number = await room.open("a")
    requeued = ContactRequeued(contact_id=contact("a"), epoch=1, at=room.time(), queue="bostad", reason="break")
    await room.casework.follow_routing.run([requeued])
    assert (await room.casework.read_case.run(number, MARIA)).agent_id is None
    await room.casework.follow_routing.run([room.accepted("a", epoch=3, agent="agent-jonas-berg")])
    await room.casework.follow_routing.run([requeued, room.accepted("a", epoch=1)])
    assert (await room.casework.read_case.run(number, MARIA)).agent_id == "agent-jonas-berg"


async def test_an_accept_that_is_heard_of_after_the_end_reopens_nothing(room: Room):
    await room.casework.follow_contacts.run([room.received("a")])
    number = await room.number("a")
    accepted = room.accepted("a")
    room.time.move(seconds=5)
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    await room.casework.follow_routing.run([accepted])
    case = await room.casework.read_case.run(number, MARIA)
    assert case.state is CaseState.CLOSED
    assert case.resolution == "lost_av_kc"
    assert not await room.events("case.reopened.v1")


async def test_a_follow_up_joins_its_case_and_wakes_a_closed_one(room: Room):
    number = await room.open("a")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    await room.casework.follow_contacts.run([room.followed("b", case_id_of(contact("a")), text="Fortfarande kallt")])
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, len(case.contacts), case.resolution) == (CaseState.OPEN, 2, None)
    assert [one.text for one in case.messages if one.direction == "in"] == ["Det är kallt hemma.", "Fortfarande kallt"]
    assert case.contact.id == contact("b")
    assert len(await room.events("case.reopened.v1")) == 1
    assert len(await room.events("case.opened.v1")) == 1


async def test_a_follow_up_while_the_agent_works_leaves_her_contact_current(room: Room):
    number = await room.open("a")
    await room.casework.follow_contacts.run([room.followed("b", case_id_of(contact("a")))])
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.contact.id, len(case.contacts)) == (contact("a"), 2)
    assert not await room.events("case.reopened.v1")


async def test_a_follow_up_of_a_case_nobody_knows_is_a_new_case(room: Room):
    await room.casework.follow_contacts.run([room.followed("b", "00000000-0000-0000-0000-000000000000")])
    assert (await room.casework.read_case.run(await room.number("b"), MARIA)).state is CaseState.OPEN


async def test_a_type_that_the_catalogue_does_not_know_is_kept_without_checklist(room: Room):
    await room.casework.follow_contacts.run([room.received("a")])
    await room.casework.follow_routing.run([room.routed("a", "ct-unknown")])
    case = await room.casework.read_case.run(await room.number("a"), MARIA)
    assert (case.case_type, case.checklist, case.question) == ("ct-unknown", None, "")


async def test_no_candidates_leave_the_case_without_type(room: Room):
    await room.casework.follow_contacts.run([room.received("a")])
    await room.casework.follow_routing.run([room.routed("a", None)])
    case = await room.casework.read_case.run(await room.number("a"), MARIA)
    assert (case.case_type, case.due_at) == (None, room.time() + timedelta(days=2))


async def test_a_correction_by_the_agent_is_not_undone_by_the_router(room: Room):
    number = await room.open("a")
    await room.casework.classify.run(number, MARIA, LAMP)
    await room.casework.follow_routing.run([room.routed("a")])
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.case_type, case.classified_how, case.unit) == (LAMP, "corrected", "gata-och-park")


async def test_purging_erases_the_contact_and_its_lonely_case(room: Room):
    number = await room.open("a")
    await room.casework.add_note.run(number, MARIA, "Olle fryser")
    await room.casework.reply.run(number, MARIA, "Hej Olle")
    purged = ContactPurged(contact_id=contact("a"), purged_at=room.time(), reason="retention")
    await room.casework.follow_contacts.run([purged])
    await room.casework.follow_contacts.run([room.received("a")])
    tables = (
        "contacts",
        "cases",
        "messages",
        "notes",
        "mails_out",
        "run_steps",
        "handovers",
        "drafts",
        "receipt_marks",
    )
    for table in tables:
        for row in await room.rows(f"SELECT * FROM casework.{table}"):  # noqa: S608 - our own names
            assert "olle" not in str(row).lower(), table
    case = await room.casework.read_case.run(number, MARIA)
    assert case.contact.purged
    assert case.number == number


async def test_purging_a_contact_nobody_knew_keeps_it_away(room: Room):
    await room.casework.follow_contacts.run(
        [ContactPurged(contact_id=contact("a"), purged_at=room.time(), reason="wish"), room.received("b")]
    )
    await room.casework.follow_contacts.run([room.received("a")])
    assert [row["contact_id"] for row in await room.rows("SELECT contact_id FROM casework.cases")] == [contact("b")]


async def test_a_bounce_marks_our_mail(room: Room):
    number = await room.open("a")
    await room.casework.reply.run(number, MARIA, "Hej")
    [mail] = await room.rows("SELECT message_id FROM casework.mails_out WHERE kind = 'reply'")
    bounce = ContactBounced(
        contact_id=contact("x"), message_id=mail["message_id"], recipient="olle@medborgare.example",
        status="5.1.1", bounced_at=room.time(),
    )  # fmt: skip
    await room.casework.follow_contacts.run([bounce])
    case = await room.casework.read_case.run(number, MARIA)
    assert [(one.state, one.problem) for one in case.messages if one.kind == "reply"] == [("bounced", "5.1.1")]


async def test_case_numbers_of_a_new_year_begin_anew(room: Room):
    await room.casework.follow_contacts.run([room.received("a")])
    room.time.move(days=60)
    await room.casework.follow_contacts.run([room.received("b")])
    assert await room.number("b") == "KC-2027-000001"


async def test_a_nul_in_a_mail_is_no_obstacle(room: Room):
    await room.casework.follow_contacts.run([room.received("a", text="Kall\x00t", subject="\x00")])
    assert (await room.casework.read_case.run(await room.number("a"), MARIA)).contact.text == "Kallt"


async def test_alarms_are_on_until_they_are_cleared_in_either_order(room: Room):
    raised = [
        AlarmRaised(
            alarm_id=name, series={"unit": "bostadsbolag"}, since=room.time(), count=31, expected=4, low=1, high=9,
            odds=1000, text=f"Ovanligt många {name}", at=room.time(),
        )
        for name in ("a1", "a2")
    ]  # fmt: skip
    cleared = AlarmCleared(alarm_id="a2", series={"unit": "bostadsbolag"}, at=room.time())
    await room.casework.follow_load.run([cleared, *raised])
    await room.casework.follow_load.run([*raised, cleared])
    [alarm] = await room.casework.read_alarms.run()
    assert (alarm.id, alarm.text) == ("a1", "Ovanligt många a1")
    await room.casework.follow_load.run([AlarmCleared(alarm_id="a1", series={}, at=room.time())])
    assert not await room.casework.read_alarms.run()
