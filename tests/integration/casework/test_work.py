"""Working a case to its end on the real database: type, steps, notes, close."""

import pytest

from services.casework.domain.case import ObligatoryStepOpenError, WrongStateError
from services.casework.domain.checklist import (
    Back,
    Done,
    NothingToUndoError,
    StepNotNextError,
    UnknownOptionError,
    replayed,
)
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.imports import ImportChecklists
from services.casework.usecases.reply import NoAddressError
from services.casework.usecases.work_case import EmptyTextError, UnknownCaseTypeError
from shared.errors import NotFoundError
from shared.events import Sender
from shared.vocabulary import CaseState, Cause, Channel, Resolution
from tests.support.casework import COLD, LAMP, LENA, MARIA, NO_CHECKLIST, PER, Room, contact
from tests.support.checklists import CHECKLISTS

pytestmark = pytest.mark.integration


async def test_steps_are_walked_with_branches_and_one_can_go_back(room: Room):
    number = await room.open("a")
    await room.casework.do_step.run(number, MARIA, "s1", "nej", "Ingen störning")
    await room.casework.do_step.run(number, MARIA, "s3", "2")
    case = await room.casework.read_case.run(number, MARIA)
    assert case.checklist is not None
    assert case.checklist.now is not None
    assert case.checklist.now.id == "s5"
    assert "{gransvarde_akut}" in case.checklist.now.text
    done = [(step.id, step.option, step.note) for step in case.checklist.steps if step.state == "done"]
    assert done == [("s1", "nej", "Ingen störning"), ("s3", "kallare", "")]
    await room.casework.step_back.run(number, MARIA)
    await room.casework.do_step.run(number, MARIA, "s3", "varmare än {gransvarde_innetemperatur}")
    await room.casework.do_step.run(number, MARIA, "s4")
    case = await room.casework.read_case.run(number, MARIA)
    assert case.checklist is not None
    assert case.checklist.end is not None
    assert (case.checklist.end.kind, case.checklist.end.resolution) == ("close", "lost_av_kc")
    assert len(await room.events("case.step_done.v1")) == 4
    history = await room.rows("SELECT step, option, undone_by FROM casework.run_steps ORDER BY at, id")
    assert [row["step"] for row in history if row["undone_by"]] == ["s3"]
    deeds: list[Done | Back] = []  # what was told is enough to walk the same way again
    for event in await room.events():
        told = event["value"]
        if event["type"] == "case.step_done.v1":
            deeds.append(Done(told["step"], told["option"], by=told["by"]))
        elif event["type"] == "case.step_undone.v1":
            deeds.append(Back(told["step"]))
    async with UnitOfWork(room.engine).read() as work:
        published = await work.runs.version("bostad-kallt", 1)
    assert published is not None
    walked = [(one.step, one.option) for one in replayed(published.checklist, deeds).done]
    assert walked == [(row["step"], row["option"]) for row in history if not row["undone_by"]]


async def test_only_the_next_step_can_be_done_with_one_of_its_answers(room: Room):
    number = await room.open("a")
    with pytest.raises(StepNotNextError):
        await room.casework.do_step.run(number, MARIA, "s3", "kallare")
    with pytest.raises(UnknownOptionError):
        await room.casework.do_step.run(number, MARIA, "s1", "kanske")
    with pytest.raises(UnknownOptionError):
        await room.casework.do_step.run(number, MARIA, "s1")
    with pytest.raises(NothingToUndoError):
        await room.casework.step_back.run(number, MARIA)
    assert not await room.events("case.step_done.v1")


async def test_a_case_without_checklist_has_no_step(room: Room):
    number = await room.open("a", NO_CHECKLIST)
    with pytest.raises(StepNotNextError):
        await room.casework.do_step.run(number, MARIA, "s1")


async def test_confirming_is_said_once_and_correcting_switches_the_checklist(room: Room):
    number = await room.open("a")
    await room.casework.do_step.run(number, MARIA, "s1", "nej")
    await room.casework.classify.run(number, MARIA, COLD)
    await room.casework.classify.run(number, MARIA, COLD)
    await room.casework.classify.run(number, MARIA, LAMP)
    case = await room.casework.read_case.run(number, MARIA)
    assert case.checklist is not None
    assert (case.checklist.id, case.checklist.can_go_back) == ("gata-lampa", False)
    told = [(one["value"]["how"], one["value"]["previous"]) for one in await room.events("case.classified.v1")]
    assert told == [("set", None), ("confirmed", None), ("corrected", COLD)]
    with pytest.raises(UnknownCaseTypeError):
        await room.casework.classify.run(number, MARIA, "ct-nothing")


async def test_a_run_keeps_the_version_it_began_with(room: Room):
    number = await room.open("a")
    await room.casework.do_step.run(number, MARIA, "s1", "nej")
    changed = CHECKLISTS.read_text().replace("Är alla element kalla", "Är alla element iskalla")
    counts = await ImportChecklists(UnitOfWork(room.engine), room.time).run(changed.encode())
    assert counts.changed == 1
    await room.casework.follow_contacts.run([room.received("b")])
    await room.casework.follow_routing.run([room.routed("b")])
    old = await room.casework.read_case.run(number, MARIA)
    new = await room.casework.read_case.run(await room.number("b"), MARIA)
    assert old.checklist is not None
    assert new.checklist is not None
    assert (old.checklist.version, new.checklist.version) == (1, 2)
    assert old.checklist.now is not None
    assert old.checklist.now.text.startswith("Är alla element kalla")


async def test_an_obligatory_step_ahead_blocks_the_close_until_it_is_done_or_left_behind(room: Room):
    text = CHECKLISTS.read_text()
    obliged = text.replace(
        '{id: s4, type: inform, text: "Förklara vilken',
        '{id: s4, obligatory: true, type: inform, text: "Förklara vilken',
    )
    await ImportChecklists(UnitOfWork(room.engine), room.time).run(obliged.encode())
    number = await room.open("a")
    with pytest.raises(ObligatoryStepOpenError):
        await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    await room.casework.do_step.run(number, MARIA, "s1", "nej")
    await room.casework.do_step.run(number, MARIA, "s3", "1")
    with pytest.raises(ObligatoryStepOpenError):
        await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    await room.casework.do_step.run(number, MARIA, "s4")
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    other = await room.open("b")
    await room.casework.do_step.run(other, MARIA, "s1", "ja")
    await room.casework.close.run(other, MARIA, resolution=Resolution.SOLVED)


async def test_closing_tells_what_the_router_and_stats_need(room: Room):
    number = await room.open("a")
    for _ in range(4):
        await room.casework.beat.run(number, MARIA)
        room.time.move(seconds=10)
    room.time.move(minutes=5)
    await room.casework.beat.run(number, MARIA)
    await room.casework.close.run(
        number, MARIA, resolution=Resolution.SOLVED, cause=Cause.NOT_ON_WEB, text="Så här gör du."
    )
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    [event] = [one["value"] for one in await room.events("case.closed.v1")]
    assert (event["contact_id"], event["epoch"], event["channel"]) == (contact("a"), 1, "email")
    assert (event["handling_seconds"], event["first_contact"], event["cause"]) == (30.0, True, "hittade_inte_pa_webben")
    assert event["checklist"] == {"id": "bostad-kallt", "version": 1}
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.state, case.resolution) == (CaseState.CLOSED, "lost_av_kc")
    assert [one.text for one in case.messages if one.kind == "reply"] == ["Så här gör du."]
    with pytest.raises(WrongStateError):
        await room.casework.close.run(number, MARIA, resolution=Resolution.REFERRED)


async def test_a_call_has_taken_at_least_the_time_it_was_connected(room: Room):
    await room.casework.follow_contacts.run([room.received("a", Channel.PHONE)])
    await room.casework.follow_routing.run(
        [room.routed("a", channel=Channel.PHONE), room.accepted("a", channel=Channel.PHONE)]
    )
    room.time.move(seconds=95)
    await room.casework.close.run(await room.number("a"), MARIA, resolution=Resolution.SELF_SERVICE)
    [event] = [one["value"] for one in await room.events("case.closed.v1")]
    assert (event["handling_seconds"], event["first_contact"]) == (95.0, False)


async def test_a_reopened_case_reports_only_the_new_time_and_is_no_first_contact(room: Room):
    number = await room.open("a")
    await room.casework.beat.run(number, MARIA)
    room.time.move(seconds=10)
    await room.casework.beat.run(number, MARIA)
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    room.time.move(hours=1)
    case = await room.casework.read_case.run(number, MARIA)
    await room.casework.follow_contacts.run([room.followed("b", case.id)])
    await room.casework.beat.run(number, MARIA)
    room.time.move(seconds=20)
    await room.casework.beat.run(number, MARIA)
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    told = [
        (one["value"]["handling_seconds"], one["value"]["first_contact"]) for one in await room.events("case.closed.v1")
    ]
    assert told == [(10.0, True), (20.0, False)]


async def test_notes_are_locked_once_and_drafts_are_kept(room: Room):
    number = await room.open("a")
    await room.casework.save_draft.run(number, MARIA, "Norra torget 20")
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.draft, case.draft_saved_at) == ("Norra torget 20", room.time())
    for _ in range(2):
        await room.casework.add_note.run(number, MARIA, "Norra torget 20, lgh 1203", "request-1")
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.draft, [(one.author_name, one.text) for one in case.notes]) == (
        "",
        [("Maria Lind", "Norra torget 20, lgh 1203")],
    )
    with pytest.raises(EmptyTextError):
        await room.casework.add_note.run(number, MARIA, "  \x00 ")


async def test_nobody_can_be_answered_without_an_address(room: Room):
    number = await room.open("a", sender=Sender(phone="+46701740605"))
    with pytest.raises(NoAddressError):
        await room.casework.reply.run(number, MARIA, "Hej")
    assert (await room.casework.read_case.run(number, MARIA)).reply_to is None


async def test_a_person_of_another_unit_sees_nothing(room: Room):
    number = await room.open("a")
    assert (await room.casework.read_case.run(number, PER)).number == number
    for look in (room.casework.read_case.run(number, LENA), room.casework.add_note.run(number, LENA, "Hej")):
        with pytest.raises(NotFoundError):
            await look
    assert not (await room.casework.list_cases.run(LENA)).items
    assert not (await room.casework.list_cases.run(LENA, contact_id=contact("a"))).items


async def test_the_list_is_paged_and_searched(room: Room):
    for name in ("a", "b", "c"):
        await room.open(name, subject=f"Ärende {name} 100 %")
        room.time.move(minutes=1)
    first = await room.casework.list_cases.run(MARIA, limit=2)
    rest = await room.casework.list_cases.run(MARIA, limit=2, cursor=first.next)
    assert [row.number[-1] for row in (*first.items, *rest.items)] == ["3", "2", "1"]
    assert rest.next is None
    found = await room.casework.list_cases.run(MARIA, text="ärende B 100 %")
    assert [row.subject for row in found.items] == ["Ärende b 100 %"]
    assert not (await room.casework.list_cases.run(MARIA, text="ärende b 200")).items
    with pytest.raises(NotFoundError):
        await room.casework.list_cases.run(MARIA, cursor="nonsense")


async def test_the_desk_shows_what_an_agent_holds(room: Room):
    number = await room.open("a")
    desk = await room.casework.read_desk.run(MARIA.id)
    assert [row.number for row in desk.cases] == [number]
    await room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    desk = await room.casework.read_desk.run(MARIA.id)
    assert (desk.cases, desk.done_today) == ((), 1)


async def test_a_gap_is_reported_to_the_owner(room: Room):
    number = await room.open("a")
    await room.casework.gaps.report.run(number, MARIA, "Säger inget om golvvärme", "s3")
    [event] = await room.events("knowledge.gap_reported.v1")
    assert (event["value"]["step"], event["value"]["checklist"]["id"]) == ("s3", "bostad-kallt")
