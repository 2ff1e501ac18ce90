"""What can wait is delivered when its unit wants it, on the real database; and what was made is taken back."""

from datetime import UTC, datetime

import pytest

from services.casework.domain.handover import HandoverOverError, HandoverStateError
from services.casework.usecases.work_case import EmptyTextError
from shared.errors import NotFoundError
from shared.vocabulary import CaseState
from tests.support.casework import LENA, MARIA, PER, Room
from tests.support.handing import at_once, handed, history, mails, secret, seen, walked

pytestmark = pytest.mark.integration

AT_13 = datetime(2026, 11, 25, 12, tzinfo=UTC)


async def _picks(room: Room, *times: str) -> None:
    listed = ",".join(f"'{one}'" for one in times)
    await room.run(
        f"INSERT INTO casework.unit_terms (unit, delivery_times) VALUES ('bostadsbolag', ARRAY[{listed}])"  # noqa: S608 - a test's own
    )


async def test_until_its_time_it_is_in_no_inbox_and_no_mail_and_the_receipt_counts_from_then(room: Room):
    await _picks(room, "08:30", "13:00")
    number = await walked(room)
    plan = await room.casework.preview_handover.run(number, MARIA)
    assert plan.deliver_at == AT_13
    one = (await room.casework.hand_over.run(number, MARIA, request_id="r", message="Kan ni titta?")).id
    _, now = await seen(room, number)
    assert (now.state, now.deliver_at, now.delivered_at) == ("sent", AT_13, None)
    assert now.acknowledge_by == datetime(2026, 11, 27, 16, tzinfo=UTC), "after noon counts as come in tomorrow"
    assert not (await room.casework.read_inbox.run(PER)).waiting
    assert not await mails(room, "handover")
    assert await mails(room, "notice"), "the citizen is told at once"
    for deed in (room.casework.acknowledge, room.casework.answer):
        with pytest.raises(HandoverStateError) as refused:
            await deed.run(one, PER, "Per Dahl")
        assert refused.value.detail.format(**refused.value.params).endswith("verksamheten får den kl. 13.00.")
    assert await room.casework.deliver_handovers.run() == 0
    room.time.now = AT_13
    assert await room.casework.deliver_handovers.run() == 1
    assert await room.casework.deliver_handovers.run() == 0
    [mail] = await mails(room, "handover")
    assert (mail["recipient"], "Kan ni titta?" in mail["body"]) == ("bostadsbolag@kommun.example", True)
    assert "Det är kallt hemma." in mail["body"]
    [row] = (await room.casework.read_inbox.run(PER)).waiting
    assert (row.handover.id, row.handover.delivered_at) == (one, AT_13)
    [told] = await room.events("handover.delivered.v1")
    assert (told["value"]["to"], told["value"]["by"]) == ("bostadsbolag", "clock")
    assert [what for what, *_ in await history(room)][-1] == "deliver"


async def test_without_picked_times_or_when_it_is_urgent_it_is_there_at_once(room: Room):
    number, _ = await handed(room)
    _, now = await seen(room, number)
    assert (now.deliver_at, now.delivered_at) == (None, room.time())
    await _picks(room, "13:00")
    await room.rewrite(
        'UPDATE casework.checklist_versions SET body = replace(body::text, \'"priority": "normal"\', '
        '\'"priority": "urgent"\')::jsonb'
    )
    plan = await room.casework.preview_handover.run(await walked(room, "b"), MARIA)
    assert (plan.priority, plan.deliver_at) == ("urgent", None)


async def test_two_processes_deliver_each_once(room: Room):
    await _picks(room, "13:00")
    for name in "abcdef":
        await handed(room, name)
    room.time.now = AT_13
    done = await at_once(*(room.casework.deliver_handovers.run() for _ in range(4)))
    assert sum(done) == 6
    assert len(await mails(room, "handover")) == len(await room.events("handover.delivered.v1")) == 6


async def test_a_secret_one_is_delivered_without_anybodys_words(room: Room):
    number = await secret(room)
    await room.run("INSERT INTO casework.unit_terms (unit, delivery_times) VALUES ('bygg-och-plan', ARRAY['13:00'])")
    await room.rewrite(
        "UPDATE casework.checklist_versions SET body = regexp_replace(body::text, 'urgent|high', 'normal', 'g')::jsonb"
    )
    made = await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    assert made.deliver_at == AT_13
    room.time.now = AT_13
    await room.casework.deliver_handovers.run()
    [mail] = await mails(room, "handover")
    assert "granne" not in mail["body"] + mail["subject"]


async def test_taken_back_before_anybody_has_received_it(room: Room):
    await _picks(room, "13:00")
    number, one = await handed(room)
    with pytest.raises(EmptyTextError):
        await room.casework.withdraw.run(one, MARIA, " ")
    await room.casework.withdraw.run(one, MARIA, "Olle ringde, det var inget fel")
    case, now = await seen(room, number)
    assert (case.state, case.agent_id, now.state, now.ended_by) == (CaseState.OPEN, MARIA.id, "withdrawn", "Maria Lind")
    room.time.now = AT_13
    assert await room.casework.deliver_handovers.run() == 0
    assert not await mails(room, "handover")
    with pytest.raises(HandoverOverError) as refused:
        await room.casework.acknowledge.run(one, PER, "Per Dahl")
    assert refused.value.params["who"] == "Maria Lind"
    room.time.move(days=9)
    await room.casework.watch_deadlines.run()
    assert {one["value"]["kind"] for one in await room.events("deadline.missed.v1")} <= {"due"}
    assert (await room.casework.hand_over.run(number, MARIA, request_id="again")).id != one


async def test_what_somebody_has_received_is_sent_back_and_not_taken_back(room: Room):
    _, one = await handed(room)
    room.time.move(minutes=32)
    await room.casework.acknowledge.run(one, PER, "Per Dahl")
    with pytest.raises(HandoverStateError) as refused:
        await room.casework.withdraw.run(one, MARIA, "Ångrar mig")
    said = refused.value.detail.format(**refused.value.params)
    assert said == "Per Dahl tog emot den kl. 10.32. Be verksamheten skicka tillbaka den."


async def test_passed_on_it_does_not_wait_once_more(room: Room):
    await room.run("INSERT INTO casework.unit_terms (unit, delivery_times) VALUES ('bygg-och-plan', ARRAY['08:00'])")
    _, one = await handed(room)
    await room.casework.reassign.run(one, PER, "bygg-och-plan", "Ert hus", "Per Dahl")
    assert [row.handover.id for row in (await room.casework.read_inbox.run(LENA)).waiting] == [one]


async def test_a_unit_sees_nothing_before_delivery_nor_what_was_taken_back_before_it(room: Room):
    await room.run("INSERT INTO casework.unit_terms (unit, delivery_times) VALUES ('bygg-och-plan', ARRAY['13:00'])")
    number = await walked(room)
    one = (await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")).id

    async def nothing() -> None:
        for look in (room.casework.read_case.run(number, LENA), room.casework.read_handover.run(one, LENA)):
            with pytest.raises(NotFoundError):
                await look
        assert not (await room.casework.search_cases.run(LENA, "kallt")).hits
        assert not (await room.casework.list_cases.run(LENA)).items
        assert not (await room.casework.read_inbox.run(LENA)).ended

    await nothing()
    assert (await room.casework.read_handover.run(one, PER)).id == one, "it is from a case of his unit"
    await room.casework.withdraw.run(one, MARIA, "Det var inget fel")
    await nothing()
    await room.casework.hand_over.run(number, MARIA, request_id="again", to="bygg-och-plan")
    room.time.now = AT_13
    assert await room.casework.deliver_handovers.run() == 1
    assert (await room.casework.read_case.run(number, LENA)).number == number
    assert [hit.case.number for hit in (await room.casework.search_cases.run(LENA, "kallt")).hits] == [number]
