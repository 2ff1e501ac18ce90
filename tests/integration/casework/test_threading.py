"""Which case a mail gets into that no token places, and what comes too often: on the real database, each once."""

import asyncio
from typing import Any

import pytest

from services.casework.domain.burst import CAPPED, MOST, Burst
from services.casework.domain.case import case_id_of
from shared.events import Sender
from shared.vocabulary import CaseState, Resolution
from tests.support.casework import MARIA, Room, contact

pytestmark = pytest.mark.integration

STRANGER = Sender(name="Bo", email="bo@medborgare.example")
ROBOT = Sender(email="larm@pump.example")


async def _case_of(room: Room, name: str) -> dict[str, Any]:
    [row] = await room.rows(
        "SELECT k.*, c.flags, c.linked_case, c.done_at FROM casework.contacts AS c "
        "JOIN casework.cases AS k ON k.id = c.case_id WHERE c.id = :id",
        id=contact(name),
    )
    return row


async def _links(room: Room) -> list[tuple[str, str, str]]:
    return [
        (row["case_id"], row["other_id"], row["kind"]) for row in await room.rows("SELECT * FROM casework.case_links")
    ]


async def test_a_number_in_the_subject_follows_up_when_its_sender_has_written_in_that_case(room: Room):
    number = await room.open("a")
    again = room.received("b", tagged_case=number, sender=Sender(email=" OLLE@medborgare.example"), text="Och nu?")
    for _ in range(2):
        await room.casework.follow_contacts.run([again])
    case = await room.casework.read_case.run(number, MARIA)
    assert [one.text for one in case.messages if one.direction == "in"] == ["Det är kallt hemma.", "Och nu?"]
    assert len(await room.events("case.opened.v1")) == 1
    assert await _links(room) == []
    assert (await _case_of(room, "b"))["flags"] == ["by_number"]


async def test_products_3_5_a_stranger_who_quotes_a_number_gets_a_case_of_his_own_with_a_link(room: Room):
    number = await room.open("a")
    strange = room.received("b", tagged_case=number, sender=STRANGER, text="Vad har Olle skrivit?")
    for _ in range(2):
        await room.casework.follow_contacts.run([strange])
    case = await room.casework.read_case.run(number, MARIA)
    assert len(case.contacts) == 1
    own = await _case_of(room, "b")
    assert own["id"] == case_id_of(contact("b"))
    assert await _links(room) == [(own["id"], case_id_of(contact("a")), "related")]
    assert own["linked_case"] == number
    assert [one.number for one in case.links] == [own["number"]]


async def test_a_mail_of_several_senders_opens_nobodys_case_by_its_number(room: Room):
    number = await room.open("a")
    facts: dict[str, Any] = {"tagged_case": number, "flags": ("several_senders",)}
    await room.casework.follow_contacts.run(
        [room.received("b", sender=Sender(email="olle@medborgare.example"), **facts)]
    )
    own = await _case_of(room, "b")
    assert (own["id"], own["linked_case"]) == (case_id_of(contact("b")), number)


async def test_who_uses_anothers_token_gets_a_case_of_his_own_with_a_link(room: Room):
    number = await room.open("a")
    facts: dict[str, Any] = {"linked_case": case_id_of(contact("a")), "flags": ("token_mismatch",)}
    await room.casework.follow_contacts.run([room.received("b", sender=STRANGER, **facts)])
    own = await _case_of(room, "b")
    assert (own["id"], own["linked_case"]) == (case_id_of(contact("b")), number)
    assert await _links(room) == [(own["id"], case_id_of(contact("a")), "related")]


@pytest.mark.parametrize("facts", [{"tagged_case": "KC-2026-999999"}, {"linked_case": "00000000-none"}])
async def test_a_case_that_is_not_there_links_nothing(room: Room, facts: dict[str, Any]):
    await room.casework.follow_contacts.run([room.received("a", **facts)])
    assert await _links(room) == []
    assert (await _case_of(room, "a"))["number"] == "KC-2026-000001"


async def test_a_protected_persons_case_is_never_opened_by_a_number(room: Room):
    number = await room.open("a")
    await room.run("UPDATE casework.cases SET protected = true")
    await room.casework.follow_contacts.run([room.received("b", tagged_case=number)])
    assert (await _case_of(room, "b"))["id"] == case_id_of(contact("b"))
    assert len(await _links(room)) == 1


async def test_a_number_follows_the_case_that_the_named_one_has_become_part_of(room: Room):
    first, second = await room.open("a"), await room.open("b")
    await room.run(
        f"UPDATE casework.cases SET merged_into = '{case_id_of(contact('b'))}', state = 'closed' "  # noqa: S608 - ours
        f"WHERE number = '{first}'"
    )
    await room.casework.follow_contacts.run([room.received("c", tagged_case=first)])
    assert (await _case_of(room, "c"))["number"] == second


async def test_chatwoot_15869_a_new_matter_in_an_old_thread_is_read_there_or_opens_a_case_that_follows_it_up(
    room: Room,
):
    """Lately closed, it lives again and an agent can split it; closed long ago, it is a case of its own."""
    number = await room.open("a")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    room.time.move(days=29)
    await room.casework.follow_contacts.run([room.followed("b", case_id_of(contact("a")), text="Sopor, nu")])
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.OPEN
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    room.time.move(days=31)
    late = room.followed("c", case_id_of(contact("a")), text="Bygglov, nu")
    tagged = room.received("d", tagged_case=number, text="Bygglov igen")
    await room.casework.follow_contacts.run([late, tagged])
    assert (await room.casework.read_case.run(number, MARIA)).state is CaseState.CLOSED
    kinds = {(row[0], row[2]) for row in await _links(room)}
    assert kinds == {(case_id_of(contact(name)), "follow_up") for name in "cd"}


async def test_a_contact_that_was_taken_before_it_was_heard_of_keeps_its_case_and_is_linked(room: Room):
    number = await room.open("a")
    await room.casework.follow_routing.run([room.accepted("b")])
    await room.casework.follow_contacts.run([room.received("b", tagged_case=number)])
    own = await _case_of(room, "b")
    assert own["id"] == case_id_of(contact("b"))
    assert await _links(room) == [(own["id"], case_id_of(contact("a")), "related")]


async def test_what_a_machine_sends_too_often_gathers_on_one_case_and_nothing_is_lost(room: Room):
    names = [f"m{number}" for number in range(MOST[Burst.MACHINE] + 4)]
    events = [room.received(name, automatic=True, sender=ROBOT, message_id=f"<{name}@x>") for name in names]
    await room.casework.follow_contacts.run(events[:3])
    await room.casework.follow_contacts.run(events[3:])
    await room.casework.follow_contacts.run(events)
    assert len(await room.events("case.opened.v1")) == MOST[Burst.MACHINE]
    over = [await _case_of(room, name) for name in names[MOST[Burst.MACHINE] :]]
    assert {one["id"] for one in over} == {case_id_of(contact(names[0]))}
    assert all(CAPPED in one["flags"] and one["done_at"] for one in over)
    told = await room.events("case.contact_set_aside.v1")
    assert {one["value"]["why"] for one in told} == {CAPPED}
    assert len(told) == 4


async def test_after_an_hour_without_any_counting_begins_anew(room: Room):
    for number in range(MOST[Burst.MACHINE] + 1):
        await room.casework.follow_contacts.run([room.received(f"m{number}", automatic=True, sender=ROBOT)])
    room.time.move(minutes=61)
    await room.casework.follow_contacts.run([room.received("later", automatic=True, sender=ROBOT)])
    assert (await _case_of(room, "later"))["id"] == case_id_of(contact("later"))


async def test_a_case_that_is_closed_gathers_no_more(room: Room):
    for number in range(MOST[Burst.MACHINE] + 1):
        await room.casework.follow_contacts.run([room.received(f"m{number}", automatic=True, sender=ROBOT)])
    await room.run("UPDATE casework.cases SET state = 'closed', closed_at = opened_at")
    for name in ("new", "newer"):
        await room.casework.follow_contacts.run([room.received(name, automatic=True, sender=ROBOT)])
    assert {(await _case_of(room, name))["id"] for name in ("new", "newer")} == {
        case_id_of(contact(name)) for name in ("new", "newer")
    }


async def test_a_storm_of_bounces_of_other_peoples_mail_is_a_few_cases(room: Room):
    events = [
        room.received(
            f"b{number}",
            automatic=True,
            flags=("bounce_unknown",),
            sender=Sender(email=f"mailer-daemon@mx{number}.example"),
        )
        for number in range(40)
    ]
    await asyncio.gather(*(room.casework.follow_contacts.run(events[at : at + 10]) for at in range(0, 40, 10)))
    assert len(await room.events("case.opened.v1")) == MOST[Burst.RETURNED]
    assert len(await room.rows("SELECT id FROM casework.contacts WHERE case_id IS NOT NULL")) == 40


async def test_a_thread_that_never_ends_is_flagged_and_the_unit_is_not_told_each_time(room: Room):
    number = await room.open("a")
    await room.run("UPDATE casework.units SET handover_address = 'bostad@bolag.example' WHERE id = 'bostadsbolag'")
    await room.casework.hand_over.run(number, MARIA, request_id="r1")
    home = case_id_of(contact("a"))
    for at in range(MOST[Burst.THREAD] + 3):
        await room.casework.follow_contacts.run([room.followed(f"f{at}", home, text=f"Och {at}")])
    news = await room.rows("SELECT id FROM casework.mails_out WHERE kind = 'news'")
    assert len(news) == MOST[Burst.THREAD]
    flagged = await room.rows(
        "SELECT id FROM casework.contacts WHERE :flag = ANY(flags) AND case_id = :home", flag=CAPPED, home=home
    )
    assert len(flagged) == 3


async def test_the_same_words_over_and_over_gather_and_other_words_do_not(room: Room):
    most = MOST[Burst.SAME]
    await room.casework.follow_contacts.run([room.received(f"s{number}") for number in range(most + 5)])
    assert len(await room.events("case.opened.v1")) == most
    other = [room.received(f"o{number}", text=f"Ärende {number}") for number in range(most + 5)]
    await room.casework.follow_contacts.run(other)
    assert len(await room.events("case.opened.v1")) == 2 * most + 5


async def test_zammad_539_old_mail_is_taken_in_without_a_word_to_anybody(room: Room):
    number = await room.open("a")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    await room.run("DELETE FROM casework.mails_out")
    quiet: dict[str, Any] = {"flags": ("quiet",), "sender": STRANGER}
    olds = [room.received(f"q{at}", **quiet) for at in range(3)]
    await room.casework.follow_contacts.run([*olds, room.followed("f", case_id_of(contact("a")), flags=("quiet",))])
    assert await room.rows("SELECT id FROM casework.mails_out") == []
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, len(case.contacts)) == (CaseState.CLOSED, 2)
    assert len(await room.events("case.opened.v1")) == 4


async def test_what_gathers_never_goes_on_to_the_case_that_the_gathering_one_has_become_part_of(room: Room):
    """Strangers' reports would stand in the citizen's case; a case closed after the merge would take them too."""
    hers = await room.open("hers")
    bounce: dict[str, Any] = {"automatic": True, "flags": ("bounce_unknown",), "sender": Sender(email="md@mx.example")}
    for at in range(MOST[Burst.RETURNED] + 1):
        await room.casework.follow_contacts.run([room.received(f"b{at}", **bounce)])
    await room.casework.deeds.merge.run(await room.number("b0"), hers, MARIA)
    for name in ("new", "newer"):
        await room.casework.follow_contacts.run([room.received(name, **bounce)])
    assert {name: (await _case_of(room, name))["id"] for name in ("new", "newer")} == {
        name: case_id_of(contact(name)) for name in ("new", "newer")
    }
