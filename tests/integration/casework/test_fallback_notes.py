"""Notes taken while nothing answered become cases with their own time: once each, closed if nothing is left to do."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.casework.usecases.fallback_notes import LONGEST_AGO, NotedAway
from services.casework.usecases.work_case import EmptyTextError
from shared.vocabulary import CaseState, Channel
from tests.support.casework import COLD, MARIA, Room

pytestmark = pytest.mark.integration
JONAS = replace(MARIA, id="agent-jonas-berg", name="Jonas Berg")


async def test_a_note_becomes_one_case_with_the_time_when_it_was_written(room: Room):
    take_in, at = room.casework.day.take_in_note, room.time() - timedelta(hours=2)
    note = NotedAway(" Elementen är kalla. ", at, Channel.VISIT, "Anna Ek", "070-174 06 05", COLD)
    first = await take_in.run(MARIA, note, "key-1")
    assert await take_in.run(JONAS, note, "key-1") == first
    assert not first.closed
    case = await room.casework.read_case.run(first.number, MARIA)
    assert (case.state, case.case_type, case.unit, case.agent_id) == (CaseState.OPEN, COLD, "bostadsbolag", MARIA.id)
    assert (case.opened_at, case.contact.received_at, case.notes[0].at) == (at, at, at)
    assert (case.contact.sender_name, case.contact.sender_phone) == ("Anna Ek", "070-174 06 05")
    assert (case.contact.flags, case.notes[0].text) == (("fallback",), "Elementen är kalla.")
    assert [one.what for one in case.history] == ["noted_away"]
    assert [row.number for row in (await room.casework.read_desk.run(MARIA.id)).cases] == [first.number]
    assert len(await room.rows("SELECT id FROM casework.contacts")) == 1
    [opened] = await room.events("case.opened.v1")
    assert opened["value"]["opened_at"].startswith(at.isoformat()[:19])


async def test_done_closes_it_as_of_then_and_an_obligatory_step_or_no_type_leaves_it_open(room: Room):
    take_in, at = room.casework.day.take_in_note, room.time() - timedelta(hours=1)
    done = NotedAway("Fick svar.", at, case_type=COLD, done=True)
    closed = await take_in.run(MARIA, done, "key-1")
    assert closed.closed
    assert await take_in.run(MARIA, done, "key-1") == closed
    case = await room.casework.read_case.run(closed.number, MARIA)
    assert (case.state, case.resolution, case.closed_at) == (CaseState.CLOSED, "lost_av_kc", at)
    for key, kind in (("key-2", ""), ("key-3", "ct-finns-inte")):
        untyped = await take_in.run(MARIA, replace(done, case_type=kind), key)
        assert not untyped.closed
    obliged = "UPDATE casework.checklist_versions SET body = jsonb_set(body, '{steps,0,obligatory}', 'true')"
    await room.rewrite(obliged)
    assert not (await take_in.run(MARIA, done, "key-4")).closed
    with pytest.raises(EmptyTextError):
        await take_in.run(MARIA, replace(done, words=" "), "key-5")


async def test_a_wrong_clock_loses_no_note_and_two_tabs_take_it_in_once(room: Room):
    take_in, now = room.casework.day.take_in_note, room.time()
    for key, at in (("a", now + timedelta(minutes=1)), ("b", now - LONGEST_AGO - timedelta(days=1))):
        made = await take_in.run(MARIA, NotedAway("Hej", at), key)
        assert (await room.casework.read_case.run(made.number, MARIA)).opened_at == now
    both = await asyncio.gather(*(take_in.run(one, NotedAway("Hej", now), "c") for one in (MARIA, JONAS, MARIA)))
    assert len({one.number for one in both}) == 1
    assert len(await room.rows("SELECT id FROM casework.cases")) == 3
