"""What users of other systems suffer from when a matter is handed over (reference/products.md 3.8), and ours does not.

Each test is named after the complaint it answers.
"""

import pytest

from services.casework.usecases.pass_handover import UnknownOfficerError
from shared.errors import NotFoundError
from shared.vocabulary import CaseState, Channel
from tests.support.casework import LENA, MARIA, PER, Room
from tests.support.handing import LINA, SAM, at_once, handed, hire, mails, seen, walked

pytestmark = pytest.mark.integration


async def test_complaint_8_osticket_2683_whoever_hands_over_or_passes_on_keeps_the_case_in_sight(room: Room):
    number = await walked(room)
    made = await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    await room.casework.reassign.run(made.id, LENA, "gata-och-park", "Er gata", "Lena Håll")
    for person in (MARIA, PER, LENA, SAM):
        assert (await room.casework.read_case.run(number, person)).state is CaseState.HANDED_OVER, person.name
        assert (await room.casework.read_handover.run(made.id, person)).unit == "gata-och-park"
        assert [row.number for row in (await room.casework.list_cases.run(person)).items] == [number]
    stranger = LENA.__class__("officer-x", "X", LENA.roles, frozenset({"forskola"}))
    with pytest.raises(NotFoundError):
        await room.casework.read_case.run(number, stranger)


async def test_complaint_8_zammad_2563_after_a_return_the_unit_that_had_it_sees_what_became_of_it(room: Room):
    number = await walked(room)
    made = await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    await room.casework.send_back.run(made.id, LENA, "Lena Håll", "Inte vårt", to="gata-och-park")
    await room.casework.hand_on.run(made.id, MARIA, request_id="press")
    case = await room.casework.read_case.run(number, LENA)
    assert [one.unit for one in case.handovers] == ["bygg-och-plan", "gata-och-park"]
    await room.casework.add_note.run(number, LENA, "Vi har ritningarna om ni behöver dem.")


async def test_complaint_8_zammad_3029_nobody_without_rights_is_given_it_so_it_never_hides(room: Room):
    await hire(room, LINA, SAM)
    number, one = await handed(room)
    with pytest.raises(UnknownOfficerError):
        await room.casework.assign.run(one, PER, "Per Dahl", SAM.id)
    await room.casework.assign.run(one, PER, "Per Dahl", LINA.id)
    await room.casework.reassign.run(one, PER, "gata-och-park", "Er lampa", "Per Dahl")
    _, now = await seen(room, number)
    assert now.assignee is None, "one who does not see the new unit does not keep it from its inbox"
    inbox = await room.casework.read_inbox.run(SAM)
    assert [row.handover.id for row in inbox.waiting] == [one]


async def test_complaint_8_uniticket_108_it_can_be_sent_back_received_or_not(room: Room):
    for name, received in (("a", False), ("b", True)):
        number, one = await handed(room, name)
        if received:
            await room.casework.acknowledge.run(one, PER, "Per Dahl")
        await room.casework.send_back.run(one, PER, "Per Dahl", "Det här är grannkommunens hus")
        case, now = await seen(room, number)
        assert (case.state, now.reason) == (CaseState.OPEN, "Det här är grannkommunens hus")
        assert number in [row.number for row in (await room.casework.read_desk.run(MARIA.id)).cases]


async def test_complaint_8_freescout_1616_it_goes_to_a_unit_that_the_sender_does_not_see(room: Room):
    number, one = await handed(room)
    assert "gata-och-park" not in PER.units
    await room.casework.reassign.run(one, PER, "Gata och park", "Er lampa", "Per Dahl")
    case = await room.casework.read_case.run(number, MARIA)
    assert case.handover is not None
    [_, mail] = await mails(room, "handover")
    assert (case.handover.unit, mail["recipient"]) == ("gata-och-park", "gata-och-park@kommun.example")
    await room.casework.follow_contacts.run([room.followed("b", case.id, text="Hur går det?")])
    after = await room.casework.read_case.run(number, MARIA)
    assert len(after.contacts) == 2, "her answer comes to the case where it is, not to the unit that had it"


async def test_complaint_8_gemma_1795_any_unit_or_function_of_it_can_be_asked(room: Room):
    for name, to, unit, label in (
        ("a", "bygg-och-plan", "bygg-och-plan", "Bygg och plan"),
        ("b", "Bygg och plan/Rådgivning", "bygg-och-plan", "Bygg och plan/Rådgivning"),
        ("c", "Kundtjänst kväll", "bostadsbolag", "Kundtjänst kväll"),
    ):
        number = await walked(room, name)
        await room.casework.hand_over.run(number, MARIA, request_id="r", to=to)
        _, now = await seen(room, number)
        assert (now.unit, now.to) == (unit, label)


async def test_complaint_8_gemma_1798_the_unit_hears_of_it_with_what_it_needs_to_call_the_citizen(room: Room):
    number, one = await handed(room)
    [mail] = await mails(room, "handover")
    for text in (number, "Olle Ek", "olle@medborgare.example", "Det är kallt hemma.", f"/cases/{number}"):
        assert text in mail["body"]
    [row] = (await room.casework.read_inbox.run(PER)).waiting
    assert row.handover.id == one


async def test_complaint_8_gemma_1801_what_is_older_than_agreed_is_reminded_of_and_told(room: Room):
    number, one = await handed(room)
    await room.casework.acknowledge.run(one, PER, "Per Dahl")
    room.time.move(days=5)
    assert await room.casework.watch_deadlines.run() == 1
    [told] = await room.events("deadline.missed.v1")
    assert (told["value"]["kind"], told["value"]["case_number"]) == ("answer", number)
    assert [row.handover.late for row in (await room.casework.read_inbox.run(PER)).working] == [True]
    assert (await seen(room, number))[1].late


async def test_complaint_8_ita_512_passing_on_is_whole_or_not_at_all(room: Room):
    number, one = await handed(room)
    await room.run("UPDATE casework.units SET handover_address = '' WHERE id = 'gata-och-park'")
    [failed] = await at_once(room.casework.reassign.run(one, PER, "gata-och-park", "Er", "Per Dahl"))
    assert isinstance(failed, Exception)
    _, now = await seen(room, number)
    assert (now.unit, now.state, len(await mails(room, "handover"))) == ("bostadsbolag", "sent", 1)
    await room.casework.reassign.run(one, PER, "bygg-och-plan", "Er", "Per Dahl")
    assert [row.handover.id for row in (await room.casework.read_inbox.run(LENA)).waiting] == [one]
    assert not (await room.casework.read_inbox.run(PER)).waiting


async def test_complaint_8_ita_514_who_did_what_when_is_written_down_for_every_deed(room: Room):
    number, one = await handed(room)
    await room.casework.acknowledge.run(one, PER, "Per Dahl")
    await room.casework.progress.run(one, PER, "Jourhavande", text="På väg")
    await room.casework.reassign.run(one, PER, "bygg-och-plan", "Er", "Per Dahl")
    await room.casework.send_back.run(one, LENA, "Lena Håll", "Inte vårt")
    rows = await room.rows(
        "SELECT by, by_name, what, facts->>'handover_id' AS one FROM casework.case_history ORDER BY id"
    )
    assert [(row["by"], row["by_name"], row["what"]) for row in rows] == [
        (MARIA.id, "Maria Lind", "hand_over"),
        (PER.id, "Per Dahl", "acknowledge"),
        (PER.id, "Jourhavande", "progress"),
        (PER.id, "Per Dahl", "reassign"),
        (LENA.id, "Lena Håll", "return"),
    ]
    assert {row["one"] for row in rows} == {one}
    assert number


async def test_complaint_8_ita_413_the_agent_sees_how_it_goes_without_asking(room: Room):
    number, one = await handed(room)
    await room.casework.progress.run(one, PER, "Per Dahl", performer="Rörmokarna AB", text="Kommer torsdag")
    await room.casework.follow_contacts.run([room.received("b", Channel.EMAIL, text="Hur går det?")])
    await room.casework.follow_routing.run([room.routed("b"), room.accepted("b")])
    again = await room.casework.read_case.run(await room.number("b"), MARIA)
    assert [row.number for row in again.earlier] == [number], "one press away when the citizen is here again"
    _, now = await seen(room, number)
    assert (now.performer, now.progress) == ("Rörmokarna AB", "Kommer torsdag")
