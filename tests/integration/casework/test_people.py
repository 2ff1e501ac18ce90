"""Who a case is about: several addresses, representatives, nobody known, protected identities; never guessed."""

import pytest

from services.casework.usecases.people import About, PersonFactsError
from shared.errors import NotFoundError
from shared.events import Sender
from shared.vocabulary import Channel, PersonRole, Role
from shared.web.access import Person
from tests.support.casework import LENA, MARIA, PER, Room, contact

pytestmark = pytest.mark.integration

JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))
SHARED = {"person_key": "2026:shared", "sender": Sender(phone="+46701740606")}


async def call(room: Room, name: str, **facts: object) -> str:
    await room.casework.follow_contacts.run([room.received(name, Channel.PHONE, **facts)])
    taken = [room.routed(name, channel=Channel.PHONE), room.accepted(name, channel=Channel.PHONE)]
    await room.casework.follow_routing.run(taken)
    [row] = (await room.casework.list_cases.run(MARIA, contact_id=contact(name))).items
    return row.number


async def test_complaint_14_a_number_that_five_people_share_chooses_none_of_them(room: Room):
    """zammad#2143: five matched, and one was taken."""
    numbers = []
    for turn in range(5):
        numbers.append(await call(room, f"p{turn}", **SHARED))
        await room.casework.deeds.add_person.run(numbers[-1], MARIA, About(PersonRole.CITIZEN, name=f"Person {turn}"))
        room.time.move(minutes=1)
    sixth = await room.casework.read_case.run(await call(room, "p5", **SHARED), MARIA)
    assert sorted(row.number for row in sixth.earlier) == sorted(numbers)
    assert (sixth.people, sixth.links, sixth.merged_into) == ((), (), None)
    assert sixth.contact.sender_name is None
    assert len(sixth.contacts) == 1


async def test_complaint_14_two_mails_from_one_address_are_two_cases_until_somebody_says_otherwise(room: Room):
    """chatwoot#2811: merged by themselves, wrongly."""
    first, second = await room.open("a"), await room.open("b")
    assert first != second
    cases = [await room.casework.read_case.run(number, MARIA) for number in (first, second)]
    assert [len(case.contacts) for case in cases] == [1, 1]
    assert not await room.events("case.merged.v1")


async def test_complaint_14_a_person_has_several_addresses_and_representatives_have_a_mandate(room: Room):
    """chatwoot#258: one address each."""
    number = await room.open("a")
    add = room.casework.deeds.add_person
    said = [
        About(PersonRole.CITIZEN, name="Olle Ek", email="olle@medborgare.example"),
        About(PersonRole.CITIZEN, name="Olle Ek", email="olle.ek@arbete.example", phone="070/174 06 05"),
        About(PersonRole.REPRESENTATIVE, name="Bo Ek", phone="070-174 06 07", note="Fullmakt 2026-11-01"),
    ]
    for turn, about in enumerate(said):
        for _ in "ab":
            await add.run(number, MARIA, about, f"request-{turn}")
        room.time.move(minutes=1)
    case = await room.casework.read_case.run(number, MARIA)
    assert [(one.role, one.email, one.note) for one in case.people] == [
        ("citizen", "olle@medborgare.example", ""),
        ("citizen", "olle.ek@arbete.example", ""),
        ("representative", "", "Fullmakt 2026-11-01"),
    ]
    await room.casework.deeds.remove_person.run(number, MARIA, case.people[0].id)
    assert len((await room.casework.read_case.run(number, MARIA)).people) == 2
    with pytest.raises(NotFoundError):
        await room.casework.deeds.remove_person.run(number, MARIA, case.people[0].id)
    assert "olle" not in str(await room.rows("SELECT facts::text FROM casework.case_history"))


@pytest.mark.parametrize(
    ("about", "fields"),
    [
        (About(PersonRole.CITIZEN), ["/name"]),
        (About(PersonRole.CITIZEN, name="x" * 201), ["/name"]),
        (About(PersonRole.CITIZEN, name="Bo", email="bo", phone="ring mig"), ["/email", "/phone"]),
        (About(PersonRole.REPRESENTATIVE, name="Bo"), ["/note"]),
        (About(PersonRole.ANONYMOUS, name="Bo"), ["/role"]),
    ],
)
async def test_what_is_said_of_a_person_fits_together(room: Room, about: About, fields: list[str]):
    number = await room.open("a")
    with pytest.raises(PersonFactsError) as refused:
        await room.casework.deeds.add_person.run(number, MARIA, about)
    assert [error.pointer for error in refused.value.errors] == fields


async def test_nothing_is_shown_of_one_who_is_anonymous_and_nothing_is_needed(room: Room):
    await room.open("before")
    number = await room.open("a")
    await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.ANONYMOUS))
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.anonymous, case.hidden, case.earlier, case.reply_to) == (True, True, (), "•••")
    assert "olle" not in repr(case).lower()
    await room.casework.reply.run(number, MARIA, "Svar utan namn")
    mails = await room.rows("SELECT recipient FROM casework.mails_out WHERE kind = 'reply'")
    assert [row["recipient"] for row in mails] == ["olle@medborgare.example"]


async def test_a_protected_identity_is_shown_to_its_unit_and_its_agent_and_to_nobody_else(room: Room):
    number = await room.open("a", fields={"Adress": "Gömda vägen 1"})
    await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.CITIZEN, name="Olle Ek"))
    await room.casework.deeds.protect.run(number, MARIA, protected=True)
    for reader in (MARIA, PER):
        case = await room.casework.read_case.run(number, reader)
        assert (case.hidden, case.contact.sender_name) == (False, "Olle Ek")
    elsewhere = await room.casework.read_case.run(number, JONAS)
    assert (elsewhere.hidden, elsewhere.protected, elsewhere.people) == (True, True, ())
    assert "olle ek" not in repr(elsewhere).lower()
    assert "Gömda" not in repr(elsewhere)
    with pytest.raises(NotFoundError):
        await room.casework.read_file.run(number, contact("a"), None, JONAS)
    with pytest.raises(NotFoundError):
        await room.casework.read_case.run(number, LENA)
    assert [row.sender for row in (await room.casework.list_cases.run(JONAS, number=number)).items] == [""]
    await room.casework.deeds.protect.run(number, MARIA, protected=False)
    assert (await room.casework.read_case.run(number, JONAS)).contact.sender_name == "Olle Ek"
