"""Who a case is about: several addresses, representatives, nobody known, protected identities; never guessed."""

import itertools

import pytest

from services.casework.domain.incident import Said
from services.casework.usecases.answer_incident import Answer
from services.casework.usecases.people import About, PersonFactsError
from services.casework.usecases.protection import HIDDEN
from shared.errors import ForbiddenError, NotFoundError
from shared.events import Sender
from shared.vocabulary import Channel, PersonRole, Resolution, Role
from shared.web.access import Person
from tests.support.casework import LENA, MARIA, PER, Room, contact

pytestmark = pytest.mark.integration

JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))
OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))
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


async def test_from_whom_a_protected_identity_is_hidden_can_neither_lift_it_nor_become_its_agent(room: Room):
    number, other = await room.open("a"), await room.open("b")
    deeds, mine = room.casework.deeds, About(PersonRole.CITIZEN, name="Olle Ek")
    row_id = await deeds.add_person.run(number, MARIA, mine)
    await deeds.protect.run(number, MARIA, protected=True)
    for refused in (
        deeds.protect.run(number, JONAS, protected=False),
        deeds.remove_person.run(number, JONAS, row_id),
        deeds.park.run(number, JONAS),
        deeds.follow_up.run(number, JONAS, "one"),
        deeds.split.run(number, JONAS, contact("a"), "two"),
        deeds.preview_merge.run(other, number, JONAS),
        deeds.merge.run(other, number, JONAS),
        deeds.merge.run(number, other, JONAS),
    ):
        with pytest.raises(ForbiddenError):
            await refused
    await deeds.merge.run(other, number, MARIA)
    with pytest.raises(ForbiddenError):
        await deeds.unmerge.run(other, JONAS)
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    with pytest.raises(ForbiddenError):
        await room.casework.reopen.run(number, JONAS)
    assert (await room.casework.read_case.run(number, JONAS)).hidden
    await deeds.protect.run(number, MARIA, protected=False)


async def test_what_was_handed_over_of_one_who_is_protected_is_read_where_it_lies_and_by_her_agent(room: Room):
    """Fields, words, notes on steps and why it rests: any of it may say who she is and where."""
    number = await room.open("a", text="Gömda vägen 1 är kall.")
    await room.casework.deeds.protect.run(number, MARIA, protected=True)
    plan = await room.casework.preview_handover.run(number, JONAS, to="bygg-och-plan")
    assert {one.value for one in plan.fields} <= {HIDDEN, ""}
    assert plan.tells == HIDDEN
    assert "Gömda" in repr(await room.casework.preview_handover.run(number, MARIA, to="bygg-och-plan"))
    made = await room.casework.hand_over.run(
        number, MARIA, request_id="r", to="bygg-och-plan", message="Bor på Gömda vägen 1"
    )
    await room.casework.send_back.run(made.id, LENA, "Lena Håll", "Gömda vägen är inte vår.")
    seen = {reader: await room.casework.read_handover.run(made.id, reader) for reader in (MARIA, PER, LENA, JONAS)}
    assert [reader for reader, view in seen.items() if "Gömda" in repr(view)] == [MARIA, PER, LENA]
    assert (seen[JONAS].message, seen[JONAS].reason, seen[JONAS].end_text) == (HIDDEN, HIDDEN, "")
    await room.casework.deeds.park.run(number, MARIA, why="Ringer om Gömda vägen")
    case = await room.casework.read_case.run(number, JONAS)
    assert "Gömda" not in repr(case)
    assert case.handover is not None
    assert case.handover.message == case.parked_why == HIDDEN
    assert "Gömda" in repr((await room.casework.read_case.run(number, MARIA)).handovers)


async def test_anonymous_holds_for_letters_lists_addresses_and_the_mail_as_it_came(room: Room):
    number = await room.open("a", fields={"Rum": "12"}, original_key="a/original")
    await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.ANONYMOUS))
    await room.casework.reply.run(number, MARIA, "Svar utan namn")
    plan = await room.casework.preview_handover.run(number, MARIA)
    values = {one.name: one.value for one in plan.fields}
    assert (values["namn"], values["telefon_eller_e_post"], plan.tells) == ("", "", HIDDEN)
    assert "Det är kallt" in values["beskrivning"]
    assert [row.sender for row in (await room.casework.list_cases.run(MARIA, number=number)).items] == [""]
    assert [row.sender for row in (await room.casework.read_desk.run(MARIA.id)).cases] == [""]
    with pytest.raises(NotFoundError):
        await room.casework.read_file.run(number, contact("a"), None, MARIA)
    made = await room.casework.hand_over.run(number, MARIA, request_id="r")
    mails = await room.rows("SELECT body FROM casework.mails_out WHERE kind = 'handover'")
    case = await room.casework.read_case.run(number, MARIA)
    view = await room.casework.read_handover.run(made.id, PER)
    inbox = await room.casework.read_inbox.run(PER)
    assert len(mails) == len(inbox.waiting) == 1
    assert "olle" not in repr((mails, case, view, inbox)).lower()
    assert {one.delivery.recipient for one in case.messages if one.delivery} == {HIDDEN}
    assert case.contact.original_key is None


async def test_a_list_keeps_the_words_of_one_who_is_protected_from_whom_she_is_hidden_from(room: Room):
    number, other = await room.open("a", subject="Gömda vägen 1"), await room.open("b")
    await room.casework.deeds.protect.run(number, MARIA, protected=True)
    for reader, subject in ((MARIA, "Gömda vägen 1"), (PER, "Gömda vägen 1"), (JONAS, "")):
        [row] = (await room.casework.list_cases.run(reader, number=number)).items
        assert (row.subject, row.sender) == (subject, "")
        listed = {one.number: one.subject for one in (await room.casework.list_cases.run(reader)).items}
        assert listed.get(number, "") == subject
        earlier = (await room.casework.read_case.run(other, reader)).earlier
        assert [one.number for one in earlier] == [number] * bool(subject)


async def test_the_mark_of_a_case_that_goes_on_holds_for_what_has_become_part_of_it(room: Room):
    numbers = [await room.open(name) for name in "abcd"]
    deeds = room.casework.deeds
    for one, into in itertools.pairwise(numbers[:3]):
        await deeds.merge.run(one, into, MARIA)
    marks = "SELECT protected FROM casework.cases ORDER BY number"
    for protected in (True, False, True):
        await deeds.protect.run(numbers[2], MARIA, protected=protected)
        assert [row["protected"] for row in await room.rows(marks)] == [protected] * 3 + [False]
    await deeds.merge.run(numbers[3], numbers[2], MARIA)
    assert [row["protected"] for row in await room.rows(marks)] == [True] * 4


async def test_no_side_door_names_one_who_is_protected(room: Room):
    number = await room.open("a")
    data, name = b"x", "brev.txt"
    await room.casework.outgoing.files.run(number, MARIA, name, "text/plain", data)
    await room.casework.reply.run(number, MARIA, "Hej Olle Ek, hälsar Maria")
    await room.casework.deeds.protect.run(number, MARIA, protected=True)
    [file] = next(one.files for one in (await room.casework.read_case.run(number, MARIA)).messages if one.files)
    assert (await room.casework.outgoing.sent_file.run(number, file.id, MARIA)).data == data
    with pytest.raises(NotFoundError):
        await room.casework.outgoing.sent_file.run(number, file.id, JONAS)
    draft = await room.casework.outgoing.draft.run(number, JONAS)
    assert draft.other is not None
    assert draft.templates
    assert "Olle" not in repr(draft)
    assert "Olle" in repr(await room.casework.outgoing.draft.run(number, PER))


async def test_the_page_of_an_incident_says_who_calls_instead_of_whom(room: Room):
    incidents, numbers = room.casework.incidents, [await call(room, name, **SHARED) for name in "abc"]
    said = Said("Vattenläcka", "Vattnet är borta.", "bostadsbolag")
    leak = await incidents.open.run(OSKAR, said)
    for number in numbers:
        await incidents.link.run(leak, number, MARIA)
    await room.casework.deeds.protect.run(numbers[0], MARIA, protected=True)
    await room.casework.deeds.add_person.run(numbers[1], MARIA, About(PersonRole.ANONYMOUS))
    await incidents.answer_all.run(leak, OSKAR, Answer("Nu är det lagat."))
    for reader, hidden in ((OSKAR, [True, True, False]), (MARIA, [False, True, False])):
        view = await incidents.read.run(leak, reader)
        for rows in (view.cases, view.calls):
            shown = {row.number: row for row in rows}
            assert [shown[number].hidden for number in numbers] == hidden
            assert [not shown[number].phone for number in numbers] == hidden


async def test_a_late_answer_of_one_who_is_hidden_opens_a_case_where_she_is_as_hidden(room: Room):
    number = await room.open("a")
    home, deeds = (await room.casework.read_case.run(number, MARIA)).id, room.casework.deeds
    for about in (About(PersonRole.CITIZEN, name="Olle Ek"), About(PersonRole.ANONYMOUS)):
        await deeds.add_person.run(number, MARIA, about)
    await deeds.protect.run(number, MARIA, protected=True)
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    room.time.move(days=31)
    await room.casework.follow_contacts.run([room.followed("mail", home)])
    await room.casework.follow_contacts.run([room.followed("call", home, channel=Channel.PHONE)])
    await room.casework.follow_routing.run([room.accepted("call", channel=Channel.PHONE)])
    for name in ("mail", "call"):
        for reader in (MARIA, JONAS):
            case = await room.casework.read_case.run(await room.number(name), reader)
            assert (case.protected, case.anonymous or case.people == (), case.hidden) == (True, True, True), name
            assert reader is MARIA or "olle" not in repr(case).lower()
            assert len(await room.rows("SELECT 1 FROM casework.case_people WHERE case_id = :id", id=case.id)) == 2


async def test_a_hidden_person_who_names_her_case_from_her_own_address_gets_one_where_she_is_as_hidden(room: Room):
    number = await room.open("a")
    await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.ANONYMOUS))
    await room.casework.deeds.protect.run(number, MARIA, protected=True)
    strange = Sender(name="Bo", email="bo@medborgare.example")
    await room.casework.follow_contacts.run(
        [room.received("hers", tagged_case=number), room.received("his", tagged_case=number, sender=strange)]
    )
    hers, his = [await room.casework.read_case.run(await room.number(name), JONAS) for name in ("hers", "his")]
    assert (hers.number != number, hers.protected, hers.hidden, "olle" in repr(hers).lower()) == (
        True,
        True,
        True,
        False,
    )
    assert (his.protected, his.anonymous, his.contact.sender_name) == (False, False, "Bo")
    assert (await room.casework.read_case.run(hers.number, PER)).anonymous
