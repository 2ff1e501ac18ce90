"""What the receiver says, on the real database: how it goes, who has it, back with a reason, answers to either."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.casework.domain.handover import HandoverOverError, NoReceiverError
from services.casework.usecases.handover_parts import NotReceiverError
from services.casework.usecases.misrouted import BadPeriodError
from services.casework.usecases.pass_handover import BadAwayError, OfficerAwayError, UnknownOfficerError
from services.casework.usecases.receive_handover import PlannedInPastError, UnknownUnitError
from services.casework.usecases.work_case import EmptyTextError
from shared.errors import NotFoundError
from shared.events import Attachment
from shared.originals import Originals, attachment_key, original_key
from shared.vocabulary import CaseState, ReturnReason
from tests.support.casework import LENA, MARIA, PER, Room, contact
from tests.support.handing import EVA, LINA, SAM, handed, hire, history, mails, rung, secret, seen, walked

pytestmark = pytest.mark.integration


async def test_how_it_goes_rings_the_agent_and_is_never_planned_for_the_past(room: Room):
    number, one = await handed(room)
    with pytest.raises(PlannedInPastError) as refused:
        await room.casework.progress.run(one, PER, "Per Dahl", planned_for=room.time() - timedelta(minutes=1))
    assert [fault.pointer for fault in refused.value.errors] == ["/planned_for"]
    planned = room.time() + timedelta(days=1)
    said: dict[str, Any] = {"performer": "Rörmokarna AB", "text": "Byter ventil", "external_ref": "FA-9"}
    deed = room.casework.progress.run(one, PER, "Per Dahl", planned_for=planned, **said)
    assert await rung(room, deed) == {MARIA.id}
    room.time.move(days=2)
    await room.casework.progress.run(one, PER, "Per Dahl", planned_for=planned, text="Klart i morgon")
    _, now = await seen(room, number)
    assert (now.planned_for, now.performer, now.progress) == (planned, "Rörmokarna AB", "Klart i morgon")
    assert (now.state, now.acknowledged_by, now.external_ref) == ("acknowledged", "Per Dahl", "FA-9")
    assert [what for what, *_ in await history(room)] == ["hand_over", "progress", "progress"]


async def test_only_the_unit_that_has_it_acts_and_the_others_read_along(room: Room):
    number = await walked(room)
    made = await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    with pytest.raises(NotReceiverError):
        await room.casework.acknowledge.run(made.id, PER, "Per Dahl")
    assert (await room.casework.read_handover.run(made.id, PER)).unit == "bygg-och-plan"
    await room.casework.acknowledge.run(made.id, LENA, "Lena Håll")


async def _told(room: Room, controller: str) -> tuple[str, str]:
    """Hand a case with a mail, a file, a reply and a note to bygg-och-plan; return its number and the sent file."""
    stored, original = attachment_key(contact("a"), 1, "hyra.txt"), original_key(contact("a"))
    for key in (stored, original):
        await Originals(room.settings.originals).put(key, b"x", content_type="text/plain")
    file = Attachment(name="hyra.txt", content_type="text/plain", size=1, store_key=stored)
    number = await walked(room, text="Sovrummet är kallt", attachments=[file], original_key=original)
    await room.casework.outgoing.files.run(number, MARIA, "svar.txt", "text/plain", b"y")
    await room.casework.reply.run(number, MARIA, "Montören kommer")
    await room.casework.add_note.run(number, MARIA, "Ringt jouren")
    await room.run(f"UPDATE casework.units SET controller = '{controller}' WHERE id = 'bygg-och-plan'")  # noqa: S608 - a test's own
    await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    [sent] = next(one.files for one in (await room.casework.read_case.run(number, MARIA)).messages if one.files)
    return number, sent.id


async def test_another_legal_person_reads_what_was_handed_over_and_nothing_that_was_said(room: Room):
    number, sent = await _told(room, "Byggnämnden")
    case = await room.casework.read_case.run(number, LENA)
    assert (case.messages, case.notes, case.contact.text, case.contact.full_text) == ((), (), "", "")
    assert (case.contact.attachments, case.contact.original_key) == ((), None)
    assert case.contact.sender_name == "Olle Ek", "names go along"
    assert case.handover
    assert {one.name: one.value for one in case.handover.fields}["namn"] == "Olle Ek"
    for file in (
        room.casework.read_file.run(number, contact("a"), 1, LENA),
        room.casework.read_file.run(number, contact("a"), None, LENA),
        room.casework.outgoing.sent_file.run(number, sent, LENA),
    ):
        with pytest.raises(NotFoundError):
            await file
    for words in ("montören", "jouren", "sovrummet"):
        found = (await room.casework.search_cases.run(LENA, words)).hits
        assert words not in repr([hit.why for hit in found]).lower()
    for reader in (MARIA, PER):
        case = await room.casework.read_case.run(number, reader)
        assert (len(case.notes), case.contact.text) == (1, "Sovrummet är kallt")
        assert {one.text for one in case.messages} >= {"Montören kommer", "Sovrummet är kallt"}


async def test_a_unit_of_the_same_controller_reads_the_whole_case(room: Room):
    number, sent = await _told(room, "")
    case = await room.casework.read_case.run(number, LENA)
    assert (len(case.notes), case.contact.text) == (1, "Sovrummet är kallt")
    assert {one.text for one in case.messages} >= {"Montören kommer", "Sovrummet är kallt"}
    assert (await room.casework.read_file.run(number, contact("a"), 1, LENA)).data == b"x"
    assert (await room.casework.outgoing.sent_file.run(number, sent, LENA)).data == b"y"


async def test_presumed_secrecy_opens_the_case_to_no_other_legal_person(room: Room):
    number = await secret(room)
    await room.run("UPDATE casework.units SET controller = 'Byggnämnden' WHERE id = 'bygg-och-plan'")
    await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    case = await room.casework.read_case.run(number, LENA)
    assert (case.messages, case.contact.text) == ((), "")


async def test_assigned_to_an_officer_of_the_unit(room: Room):
    number, one = await handed(room)
    await hire(room, LINA, SAM)
    for officer in (SAM.id, MARIA.id, "nobody"):
        with pytest.raises(UnknownOfficerError):
            await room.casework.assign.run(one, PER, "Per Dahl", officer)
    given = await room.casework.assign.run(one, PER, "Per Dahl", LINA.id)
    assert (given.officer, given.name, given.substitute_for) == (LINA.id, "Lina Ek", None)
    _, now = await seen(room, number)
    assert (now.assignee, now.acknowledged_by) == (LINA.id, "Per Dahl")
    [told] = await room.events("handover.assigned.v1")
    assert (told["value"]["officer"], told["value"]["substitute_for"]) == (LINA.id, None)


async def test_what_is_given_to_one_who_is_away_goes_to_her_substitute_and_that_is_said(room: Room):
    _, one = await handed(room)
    await hire(room, LINA, EVA)
    back = room.time() + timedelta(days=3)
    await room.casework.set_away.run(LINA, back, EVA.id)
    given = await room.casework.assign.run(one, PER, "Per Dahl", LINA.id)
    assert (given.officer, given.substitute_for) == (EVA.id, "Lina Ek")
    [told] = await room.events("handover.assigned.v1")
    assert (told["value"]["officer"], told["value"]["substitute_for"]) == (EVA.id, LINA.id)
    await room.casework.set_away.run(EVA, back, PER.id)
    assert (await room.casework.assign.run(one, PER, "Per Dahl", LINA.id)).officer == PER.id, "hers in turn"
    await room.casework.set_away.run(PER, back, LINA.id)
    with pytest.raises(OfficerAwayError) as refused:
        await room.casework.assign.run(one, PER, "Per Dahl", LINA.id)
    assert refused.value.params == {"name": "Lina Ek", "when": "10.00 (2026-11-28)"}
    room.time.move(days=4)
    assert (await room.casework.assign.run(one, PER, "Per Dahl", LINA.id)).substitute_for is None


async def test_away_only_for_a_time_to_come_and_with_a_colleague(room: Room):
    await hire(room, LINA, SAM)
    later = room.time() + timedelta(days=1)
    for until, substitute, pointer in (
        (room.time(), None, "/until"),
        (later, LINA.id, "/substitute"),
        (later, SAM.id, "/substitute"),
        (later, MARIA.id, "/substitute"),
    ):
        with pytest.raises(BadAwayError) as refused:
            await room.casework.set_away.run(LINA, until, substitute)
        assert [fault.pointer for fault in refused.value.errors] == [pointer]
    await room.casework.set_away.run(LINA, later, PER.id)
    await room.casework.set_away.run(LINA, None)
    [row] = await room.rows("SELECT away_until, substitute FROM casework.people WHERE id = :id", id=LINA.id)
    assert row == {"away_until": None, "substitute": None}


async def test_passed_on_it_is_received_anew_and_answered_by_the_time_that_was_promised(room: Room):
    number, one = await handed(room)
    _, before = await seen(room, number)
    await room.casework.acknowledge.run(one, PER, "Per Dahl")
    room.time.move(days=2)
    await room.casework.watch_deadlines.run()
    await room.casework.reassign.run(one, PER, "gata-och-park", "Lampan är vår, resten er", "Per Dahl")
    _, now = await seen(room, number)
    assert now.answer_by == before.answer_by == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert now.acknowledge_by == before.answer_by, "by the next day's end, but never after the citizen's answer"
    assert (now.state, now.acknowledged_at, now.unit) == ("sent", None, "gata-och-park")
    [_, mail] = await mails(room, "handover")
    assert (mail["recipient"], "Lampan är vår" in mail["body"]) == ("gata-och-park@kommun.example", True)
    assert [row.handover.id for row in (await room.casework.read_inbox.run(SAM)).waiting] == [one]


async def test_a_secret_case_passed_on_goes_without_anybodys_words_too(room: Room):
    number = await secret(room)
    made = await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    await room.casework.reassign.run(made.id, LENA, "gata-och-park", "Fel", "Lena Håll")
    for mail in await mails(room, "handover"):
        assert "granne" not in mail["body"] + mail["subject"]


async def test_sent_back_with_a_code_and_the_unit_it_belongs_to_and_handed_on_with_one_press(room: Room):
    number, one = await handed(room)
    for to in ("bostadsbolag", "Finns inte"):
        with pytest.raises(UnknownUnitError):
            await room.casework.send_back.run(one, PER, "Per Dahl", "Nej", to=to)
    await room.casework.send_back.run(
        one, PER, "Per Dahl", "Det är kommunens lampa", code=ReturnReason.WRONG_TYPE, to="Gata och park"
    )
    case, now = await seen(room, number)
    assert (now.return_code, now.return_to, now.return_to_name) == ("wrong_type", "gata-och-park", "Gata och park")
    assert (case.state, now.reason) == (CaseState.OPEN, "Det är kommunens lampa")
    [told] = [event["value"] for event in await room.events("handover.returned.v1")]
    assert (told["reason"], told["to"], told["unit"]) == ("wrong_type", "gata-och-park", "bostadsbolag")
    assert told["checklist"]["version"] == 1
    assert "lampa" not in str(told)
    made = [await room.casework.hand_on.run(one, MARIA, request_id="press") for _ in "ab"]
    assert made[0].id == made[1].id != one
    case, now = await seen(room, number)
    assert (case.state, now.unit, now.id) == (CaseState.HANDED_OVER, "gata-och-park", made[0].id)


async def test_a_return_that_names_nobody_cannot_be_handed_on_by_one_press(room: Room):
    _, one = await handed(room)
    await room.casework.send_back.run(one, PER, "Per Dahl", "Vet inte vems")
    with pytest.raises(NoReceiverError):
        await room.casework.hand_on.run(one, MARIA, request_id="press")


async def test_an_answer_to_the_agent_opens_the_case_at_her_desk_and_she_closes_it(room: Room):
    number, one = await handed(room)
    with pytest.raises(EmptyTextError):
        await room.casework.answer.run(one, PER, "Per Dahl", " ", to="agent")
    await room.casework.answer.run(one, PER, "Per Dahl", "Säg att vi kommer på torsdag.", to="agent")
    case, now = await seen(room, number)
    assert (case.state, case.agent_id, case.closed_at) == (CaseState.OPEN, MARIA.id, None)
    assert (now.state, now.answer_to, now.end_text) == ("answered", "agent", "Säg att vi kommer på torsdag.")
    assert not await mails(room, "reply"), "the agent tells her"
    assert [row.number for row in (await room.casework.read_desk.run(MARIA.id)).cases] == [number]
    [told] = await room.events("handover.answered.v1")
    assert told["value"]["to"] == "agent"
    assert not await room.events("case.closed.v1")


async def test_a_case_without_an_agent_comes_back_to_the_one_who_handed_it_over(room: Room):
    number, one = await handed(room)
    await room.run("UPDATE casework.cases SET agent_id = NULL")
    await room.casework.send_back.run(one, PER, "Per Dahl", "Inte vårt")
    assert [row.number for row in (await room.casework.read_desk.run(MARIA.id)).cases] == [number]


async def test_what_has_ended_says_who_ended_it_and_when(room: Room):
    _, one = await handed(room)
    await hire(room, LINA)
    room.time.move(minutes=32)
    await room.casework.answer.run(one, LINA, "Lina Ek", "Klart")
    with pytest.raises(HandoverOverError) as refused:
        await room.casework.send_back.run(one, PER, "Per Dahl", "Inte vårt")
    assert refused.value.detail.format(**refused.value.params) == "Lina Ek svarade redan kl. 10.32."


async def test_misrouted_shares_per_checklist_count_what_came_back_as_misplaced(room: Room):
    ids = [(await handed(room, name))[1] for name in "abcd"]
    begin, end = room.time() - timedelta(hours=1), room.time() + timedelta(hours=1)
    await room.casework.send_back.run(ids[0], PER, "Per", "Fel hus", code=ReturnReason.WRONG_PLACE)
    await room.casework.send_back.run(ids[1], PER, "Per", "Något annat", code=ReturnReason.WRONG_TYPE)
    await room.casework.send_back.run(ids[2], PER, "Per", "Adress saknas", code=ReturnReason.INCOMPLETE)
    [row] = await room.casework.read_misrouted.run(MARIA, begin, end)
    assert (row.version, row.sent, row.wrong_place, row.wrong_type, row.share) == (1, 4, 1, 1, 0.5)
    case, _ = await seen(room, await room.number("a"))
    assert case.checklist is not None
    assert row.checklist == case.checklist.id
    assert not await room.casework.read_misrouted.run(LENA, begin, end), "her units got none of them"
    assert not await room.casework.read_misrouted.run(MARIA, end, end + timedelta(days=1))
    for first, last in ((end, begin), (begin, begin + timedelta(days=401))):
        with pytest.raises(BadPeriodError):
            await room.casework.read_misrouted.run(MARIA, first, last)


async def test_the_same_answer_or_return_again_changes_nothing(room: Room):
    for name in "ab":
        number, one = await handed(room, name)
        for _ in range(2):
            if name == "a":
                await room.casework.answer.run(one, PER, "Per Dahl", "Klart")
            else:
                await room.casework.send_back.run(one, PER, "Per Dahl", "Inte vårt")
        with pytest.raises(HandoverOverError):
            await room.casework.answer.run(one, PER, "Per Dahl", "Något annat")
        await seen(room, number)
    assert len(await mails(room, "reply")) == len(await room.events("handover.answered.v1")) == 1
    assert len(await room.events("handover.returned.v1")) == 1


async def test_what_one_unit_has_planned_is_no_news_of_the_next_one(room: Room):
    number, one = await handed(room)
    planned = room.time() + timedelta(days=1)
    said: dict[str, Any] = {"performer": "Rörmokarna AB", "text": "Kommer i morgon", "external_ref": "FA-9"}
    await room.casework.progress.run(one, PER, "Per Dahl", planned_for=planned, **said)
    await room.casework.reassign.run(one, PER, "Jouren", "Kväll", "Per Dahl")
    _, now = await seen(room, number)
    assert (now.unit, now.planned_for, now.external_ref) == ("bostadsbolag", planned, "FA-9"), (
        "within the unit it stands"
    )
    await room.casework.reassign.run(one, PER, "gata-och-park", "Er", "Per Dahl")
    _, now = await seen(room, number)
    assert (now.planned_for, now.performer, now.progress, now.external_ref) == (None, "", "", None)
    assert (await history(room))[-1][2]["external_ref"] == "FA-9", "and can be found again"


async def test_what_comes_back_to_one_who_has_left_is_at_nobodys_desk_and_not_lost(room: Room):
    number, one = await handed(room)
    await room.run(f"UPDATE casework.people SET active = false WHERE id = '{MARIA.id}'")  # noqa: S608 - our id
    await room.casework.send_back.run(one, PER, "Per Dahl", "Inte vårt")
    case, _ = await seen(room, number)
    assert (case.state, case.agent_id) == (CaseState.OPEN, None)


async def test_passed_on_to_another_legal_person_the_conversation_stays_and_the_disclosure_is_noted(room: Room):
    await room.run("UPDATE casework.units SET controller = 'Byggnämnden' WHERE id = 'bygg-och-plan'")
    number, one = await handed(room, text="Det är iskallt hos oss")
    await room.casework.reply.run(number, MARIA, "Vi ber värden titta", "k")
    await room.casework.reassign.run(one, PER, "bygg-och-plan", "Ert hus", "Per Dahl")
    first, second = await mails(room, "handover")
    assert "Det som skrivits:" in first["body"]
    assert "Det som skrivits:" not in second["body"]
    _, now = await seen(room, number)
    assert [(kept.name, kept.why) for kept in now.withheld] == [("det_som_skrivits", "other_controller")]
    [facts] = [facts for what, _, facts in await history(room) if what == "reassign"]
    assert facts["disclosed_to"] == "Byggnämnden"
    assert "namn" in facts["disclosed"]
    assert "Olle" not in str(facts)


async def test_under_secrecy_the_agents_own_words_go_by_no_mail_and_are_read_in_the_case(room: Room):
    number = await secret(room)
    words = "Pojken heter Kim"
    made = await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan", message=words)
    await room.casework.reassign.run(made.id, LENA, "gata-och-park", "Mamman är Eva", "Lena Håll")
    letters = await mails(room, "handover")
    assert len(letters) == 2
    for mail in letters:
        assert "Det finns ett meddelande från kontaktcenter att läsa i ärendet." in mail["body"]
        assert not {"Kim", "Eva"} & set(mail["body"].split())
    assert (await room.casework.read_handover.run(made.id, SAM)).message == words
