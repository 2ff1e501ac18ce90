"""Handing over, on the real database: what goes, once per request, what the receiver does, and broken promises."""

from datetime import UTC, datetime

import pytest

from services.casework.domain.case import WrongStateError
from services.casework.domain.handover import HandoverOverError, NoReceiverError
from services.casework.usecases.work_case import EmptyTextError
from shared.errors import NotFoundError
from shared.vocabulary import CaseState, Channel
from tests.support.casework import CHILD, COLD, LENA, MARIA, NO_CHECKLIST, PER, Room, contact

pytestmark = pytest.mark.integration


async def _walked(room: Room) -> str:
    """Return a case that its checklist leads to Bostadsbolag/Felanmälan."""
    number = await room.open("a")
    for step, option in (("s1", "nej"), ("s3", "kallare"), ("s5", "nej")):
        await room.casework.do_step.run(number, MARIA, step, option)
    return number


async def _handed(room: Room) -> tuple[str, str]:
    number = await _walked(room)
    made = await room.casework.hand_over.run(number, MARIA, request_id="r1", message="Kan ni titta?")
    return number, made.id


async def test_a_preview_says_what_goes_and_what_is_missing_and_changes_nothing(room: Room):
    number = await _walked(room)
    before = await room.events()
    plan = await room.casework.preview_handover.run(number, MARIA, given={"adress": "Norra torget 20"})
    values = {field.name: field.value for field in plan.fields}
    assert (plan.to, plan.unit, plan.address) == (
        "Bostadsbolag/Felanmälan",
        "bostadsbolag",
        "bostadsbolag@kommun.example",
    )
    assert (values["namn"], values["telefon_eller_e_post"]) == ("Olle Ek", "olle@medborgare.example")
    assert (values["adress"], values["inkom_via"]) == ("Norra torget 20", "Mejl")
    assert values["beskrivning"] == "Kallt\nDet är kallt hemma."
    assert plan.missing == ("lägenhetsnummer", "uppmätt_temperatur", "vilka_rum", "tillträde")
    assert plan.acknowledge_by == datetime(2026, 11, 26, 16, tzinfo=UTC)
    assert plan.answer_by == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert await room.events() == before


async def test_a_hand_over_is_made_once_per_request(room: Room):
    number, handover_id = await _handed(room)
    again = await room.casework.hand_over.run(number, MARIA, request_id="r1")
    assert again.id == handover_id
    with pytest.raises(WrongStateError):
        await room.casework.hand_over.run(number, MARIA, request_id="r2")
    [event] = [one["value"] for one in await room.events("case.handed_over.v1")]
    assert (event["contact_id"], event["epoch"], event["to"]) == (contact("a"), 1, "bostadsbolag")
    [mail] = await room.rows("SELECT * FROM casework.mails_out WHERE kind = 'handover'")
    assert mail["recipient"] == "bostadsbolag@kommun.example"
    for text in (
        number,
        "Kan ni titta?",
        "Det är kallt hemma.",
        "Kvittera senast 2026-11-26 kl. 17.00",
        "Norra torget",
    ):
        assert (text in mail["body"]) == (text != "Norra torget")


async def test_the_inbox_shows_it_to_its_unit_alone(room: Room):
    number, handover_id = await _handed(room)
    [row] = (await room.casework.read_inbox.run(PER)).waiting
    assert (row.handover.id, row.case.number, row.handover.late) == (handover_id, number, False)
    assert not (await room.casework.read_inbox.run(LENA)).waiting
    with pytest.raises(NotFoundError):
        await room.casework.acknowledge.run(handover_id, LENA, "Lena Håll")


async def test_acknowledged_progressed_and_answered(room: Room):
    number, handover_id = await _handed(room)
    for _ in range(2):
        await room.casework.acknowledge.run(handover_id, PER, "Per Dahl", "FA-17")
    await room.casework.progress.run(handover_id, PER, "Per Dahl", performer="Rörmokarna AB", text="Kommer torsdag")
    case = await room.casework.read_case.run(number, MARIA)
    assert case.handover is not None
    assert (case.handover.acknowledged_by, case.handover.external_ref) == ("Per Dahl", "FA-17")
    assert (case.handover.progress, case.handover.performer) == ("Kommer torsdag", "Rörmokarna AB")
    await room.casework.answer.run(handover_id, PER, "Per Dahl", "Elementet är lagat.")
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, case.resolution) == (CaseState.CLOSED, "overlamnad")
    assert [one.text for one in case.messages if one.kind == "reply"] == ["Elementet är lagat."]
    kinds = [event["type"] for event in await room.events()][-5:]
    assert kinds == [
        "case.handed_over.v1",
        "handover.acknowledged.v1",
        "handover.progressed.v1",
        "handover.answered.v1",
        "case.closed.v1",
    ]
    assert "Per Dahl" not in str(await room.events())
    with pytest.raises(HandoverOverError):
        await room.casework.send_back.run(handover_id, PER, "Per Dahl", "För sent")


async def test_returned_it_is_the_centres_again_and_can_be_handed_over_anew(room: Room):
    number, handover_id = await _handed(room)
    with pytest.raises(EmptyTextError):
        await room.casework.send_back.run(handover_id, PER, "Per Dahl", " ")
    await room.casework.send_back.run(handover_id, PER, "Per Dahl", "Inte vårt hus")
    case = await room.casework.read_case.run(number, MARIA)
    assert case.state is CaseState.OPEN
    [returned] = await room.events("handover.returned.v1")
    said = (returned["value"]["by"], returned["value"]["reason"])
    assert said == (PER.id, "wrong_place"), "no name, no words on a kept topic"
    assert [row.number for row in (await room.casework.read_desk.run(MARIA.id)).cases] == [number]
    made = await room.casework.hand_over.run(number, MARIA, request_id="r2", to="gata-och-park")
    assert made.id != handover_id
    case = await room.casework.read_case.run(number, MARIA)
    assert [(one.state, one.unit, one.to) for one in case.handovers] == [
        ("returned", "bostadsbolag", "Bostadsbolag/Felanmälan"),
        ("sent", "gata-och-park", "Gata och park"),
    ]


async def test_reassigned_it_must_be_acknowledged_anew(room: Room):
    _, handover_id = await _handed(room)
    await room.casework.acknowledge.run(handover_id, PER, "Per Dahl")
    await room.casework.reassign.run(handover_id, PER, "Bygg och plan/Rådgivning", "Ert hus")
    [row] = (await room.casework.read_inbox.run(LENA)).waiting
    assert (row.handover.to, row.handover.acknowledged_at) == ("Bygg och plan/Rådgivning", None)
    mails = await room.rows(
        "SELECT recipient FROM casework.mails_out WHERE kind = 'handover' ORDER BY created_at, recipient"
    )
    assert {mail["recipient"] for mail in mails} == {"bostadsbolag@kommun.example", "bygg-och-plan@kommun.example"}


async def test_a_secret_case_goes_without_anybodys_words(room: Room):
    number = await room.open("a", CHILD, text="Min granne slår sitt barn", subject="Oro")
    for step, option in (("s1", "nej"), ("s2", None), ("s3", "ja")):
        await room.casework.do_step.run(number, MARIA, step, option)
    await room.casework.hand_over.run(number, MARIA, request_id="r1")
    [mail] = await room.rows("SELECT body, subject FROM casework.mails_out WHERE kind = 'handover'")
    assert "granne" not in mail["body"] + mail["subject"]
    assert "skickas inte med mejl" in mail["body"]


async def test_without_checklist_it_goes_to_the_cases_own_unit(room: Room):
    number = await room.open("a", NO_CHECKLIST)
    plan = await room.casework.preview_handover.run(number, MARIA)
    assert (plan.unit, plan.to) == ("bostadsbolag", "Bostadsbolag")


async def test_a_unit_without_address_receives_nothing(room: Room):
    number = await room.open("a")
    await room.run("UPDATE casework.units SET handover_address = '' WHERE id = 'bostadsbolag'")
    with pytest.raises(NoReceiverError):
        await room.casework.hand_over.run(number, MARIA, request_id="r1")


async def test_broken_promises_are_told_once(room: Room):
    number, _ = await _handed(room)
    await room.casework.follow_contacts.run([room.received("b", Channel.E_SERVICE)])
    await room.casework.follow_routing.run([room.routed("b", COLD, Channel.E_SERVICE)])
    assert await room.casework.watch_deadlines.run() == 0
    room.time.move(days=1, hours=9)
    assert await room.casework.watch_deadlines.run() == 1
    room.time.move(days=5)
    assert await room.casework.watch_deadlines.run() == 2
    assert await room.casework.watch_deadlines.run() == 0
    told = [(one["value"]["kind"], one["value"]["case_number"]) for one in await room.events("deadline.missed.v1")]
    assert told == [("acknowledge", number), ("answer", number), ("due", await room.number("b"))]
    [row] = (await room.casework.read_inbox.run(PER)).waiting
    assert row.handover.late


async def test_a_follow_up_of_a_handed_over_case_stays_with_its_receiver(room: Room):
    number, _ = await _handed(room)
    case = await room.casework.read_case.run(number, MARIA)
    await room.casework.follow_contacts.run([room.followed("b", case.id, text="Hur går det?")])
    await room.casework.follow_routing.run([room.accepted("b")])
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, case.contact.id) == (CaseState.HANDED_OVER, contact("b"))
    assert [row.number for row in (await room.casework.read_desk.run(MARIA.id)).cases] == [number]


async def test_what_comes_back_to_an_agent_who_is_away_is_her_substitutes(room: Room):
    number = await room.open("a")
    made = await room.casework.hand_over.run(number, MARIA, request_id="r1")
    substitute = "agent-jonas-berg"
    await room.run(
        f"UPDATE casework.people SET away_until = '2026-12-24', substitute = '{substitute}' WHERE id = '{MARIA.id}'"  # noqa: S608 - our ids
    )
    await room.casework.send_back.run(made.id, PER, PER.name, "Hör inte hemma hos oss.")
    assert (await room.casework.read_case.run(number, MARIA)).agent_id == substitute
