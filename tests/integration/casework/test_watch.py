"""Nobody is forgotten: reminded before, escalated after, once each; never while the clock stands still."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from services.casework.mail import compose
from services.casework.store.bell import Bell
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.unit_terms import ImportUnitTerms
from tests.support.casework import CHILD, MARIA, NO_CHECKLIST, PER, Room
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

TERMS = b"""
unit_terms:
  - unit: Bostadsbolag
    calendar: {closes: "16:00", half_days: {2026-11-27: "12:00"}}
    escalation_address: chef@kommun.example
"""


async def handed(room: Room, name: str = "a") -> tuple[str, str]:
    """Hand a case over on Wednesday at ten: received by Thursday, answered by Friday, both at five."""
    number = await room.open(name, NO_CHECKLIST)
    made = await room.casework.hand_over.run(number, MARIA, request_id=f"r-{name}")
    return number, made.id


async def mails(room: Room, *kinds: str) -> list[dict[str, Any]]:
    query = "SELECT * FROM casework.mails_out WHERE kind = ANY(:kinds) ORDER BY created_at, recipient"
    return await room.rows(query, kinds=list(kinds))


async def missed(room: Room) -> list[tuple[str, str]]:
    return [(one["value"]["kind"], one["value"]["case_number"]) for one in await room.events("deadline.missed.v1")]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def test_a_receipt_that_nobody_gives_is_reminded_of_once_while_there_is_time(room: Room):
    number, _ = await handed(room)
    room.time.now = at("2026-11-26T13:59")
    await room.casework.watch_deadlines.run()
    assert await mails(room, "reminder") == []
    room.time.now = at("2026-11-26T14:01")
    for _ in range(3):
        assert await room.casework.watch_deadlines.run() == 0
    [mail] = await mails(room, "reminder")
    assert mail["recipient"] == "bostadsbolag@kommun.example"
    assert mail["subject"] == f"Påminnelse om ärende {number}: Bostadsbolag"
    assert "Kvittera senast 2026-11-26 kl. 17.00." in mail["body"]
    assert f"/cases/{number}" in mail["body"]
    assert "ska ha svar" not in mail["body"]
    room.time.now = at("2026-11-26T16:01")
    await room.casework.watch_deadlines.run()
    assert len(await mails(room, "reminder", "escalation")) == 2, "to the same address, and another mail"
    for private in ("Olle", "Kallt", "medborgare"):
        assert private not in mail["body"] + mail["subject"]
    sent = compose(mail, "kc@kommun.example", room.time())
    assert sent["Auto-Submitted"] == "auto-generated"
    deeds = await room.rows("SELECT what, facts FROM casework.case_history WHERE what = 'remind_unit'")
    assert [deed["facts"]["promises"] for deed in deeds] == [["acknowledge"]]


async def test_who_has_received_it_is_reminded_of_the_answer_and_so_is_the_unit(room: Room):
    _, handover_id = await handed(room)
    await room.casework.assign.run(handover_id, PER, "Per Dahl", PER.id)
    room.time.now = at("2026-11-26T14:30")
    await room.casework.watch_deadlines.run()
    assert await mails(room, "reminder") == [], "received: nothing to remind of"
    room.time.now = at("2026-11-27T14:30")
    for _ in range(2):
        await room.casework.watch_deadlines.run()
    both = await mails(room, "reminder")
    assert [mail["recipient"] for mail in both] == ["bostadsbolag@kommun.example", "per.dahl@kommun.example"]
    assert all("ska ha svar av Bostadsbolag senast 2026-11-27 kl. 17.00" in mail["body"] for mail in both)


async def test_while_an_officer_is_away_her_substitute_is_reminded(room: Room):
    _, handover_id = await handed(room)
    await room.casework.assign.run(handover_id, PER, "Per Dahl", PER.id)
    await room.run(
        "UPDATE casework.people SET away_until = '2026-12-01T08:00Z', substitute = 'owner-karin-strom' "
        "WHERE id = 'officer-per-dahl'"
    )
    room.time.now = at("2026-11-27T14:30")
    await room.casework.watch_deadlines.run()
    found = [mail["recipient"] for mail in await mails(room, "reminder")]
    assert found == ["bostadsbolag@kommun.example", "karin.strom@kommun.example"]


async def test_a_broken_promise_is_escalated_once_and_rings_at_the_desk_of_whom_it_concerns(room: Room):
    await ImportUnitTerms(UnitOfWork(room.engine)).run(TERMS)
    number, handover_id = await handed(room)
    notices = await mails(room, "notice")
    bell = Bell(room.engine)
    heard: list[str | None] = []

    async def rung() -> bool:
        return MARIA.id in heard

    async def listening() -> bool:
        return heard == [None]

    bell.listen(heard.append)
    ringing = asyncio.create_task(bell.run())
    try:
        await eventually(listening)
        room.time.now = at("2026-11-26T15:01")
        assert await room.casework.watch_deadlines.run() == 1
        assert await room.casework.watch_deadlines.run() == 0
        await eventually(rung)
    finally:
        ringing.cancel()
    [mail] = await mails(room, "escalation")
    assert mail["recipient"] == "chef@kommun.example"
    assert "skulle ha kvitterats senast 2026-11-26 kl. 16.00" in mail["body"]
    assert await mails(room, "notice") == notices, "a receipt that is missing is nothing to write to the citizen about"
    assert await missed(room) == [("acknowledge", number)]
    [deed] = await room.rows("SELECT facts FROM casework.case_history WHERE what = 'escalate'")
    assert deed["facts"] == {"handover_id": handover_id, "unit": "bostadsbolag", "promises": ["acknowledge"]}


async def test_what_the_unit_is_late_with_stands_on_the_desk_of_who_handed_it_over(room: Room):
    number, handover_id = await handed(room)
    room.time.now = at("2026-11-26T16:01")
    assert (await room.casework.read_desk.run(MARIA.id)).late == (), "not told yet"
    await room.casework.watch_deadlines.run()
    [late] = (await room.casework.read_desk.run(MARIA.id)).late
    assert (late.number, late.unit_name, late.unreceived) == (number, "Bostadsbolag", True)
    assert late.due == at("2026-11-26T16:00")
    assert (await room.casework.read_desk.run("agent-jonas-berg")).late == ()
    await room.casework.acknowledge.run(handover_id, PER, "Per Dahl")
    assert (await room.casework.read_desk.run(MARIA.id)).late == (), "received, if late"
    room.time.now = at("2026-11-27T16:01")
    await room.casework.watch_deadlines.run()
    [late] = (await room.casework.read_desk.run(MARIA.id)).late
    assert (late.unreceived, late.due) == (False, at("2026-11-27T16:00"))
    await room.casework.answer.run(handover_id, PER, "Per Dahl", "Ni kan flytta den första.")
    assert (await room.casework.read_desk.run(MARIA.id)).late == ()


async def test_the_citizen_is_told_once_when_the_answer_is_late(room: Room):
    number, handover_id = await handed(room)
    await room.casework.acknowledge.run(handover_id, PER, "Per Dahl")
    before = len(await mails(room, "notice"))
    room.time.now = at("2026-11-27T16:01")
    for _ in range(3):
        await room.casework.watch_deadlines.run()
    told = (await mails(room, "notice"))[before:]
    assert [mail["recipient"] for mail in told] == ["olle@medborgare.example"]
    assert told[0]["in_reply_to"] == "<a@medborgare.example>", "in her own thread"
    assert number in told[0]["body"]
    assert "Ärendet ligger hos Bostadsbolag." in told[0]["body"]
    assert "2026-11-27 kl. 17.00" in told[0]["body"]
    assert await missed(room) == [("answer", number)]
    [mail] = await mails(room, "escalation")
    assert "skulle ha fått svar av Bostadsbolag senast 2026-11-27 kl. 17.00" in mail["body"]


async def test_a_secret_case_is_late_without_saying_which_unit_has_it(room: Room):
    number = await room.open("a", CHILD)
    for step, option in (("s1", "nej"), ("s2", None), ("s3", "ja")):
        await room.casework.do_step.run(number, MARIA, step, option)
    await room.casework.hand_over.run(number, MARIA, request_id="r")
    room.time.move(days=20)
    await room.casework.watch_deadlines.run()
    [late] = [mail for mail in await mails(room, "notice") if "late" in mail["id"]]
    assert "Ärendet ligger hos en verksamhet i kommunen." in late["body"]
    assert "Individ och familj" not in late["body"]


async def test_two_promises_broken_at_once_are_one_mail(room: Room):
    number, _ = await handed(room)
    room.time.move(days=6)
    assert await room.casework.watch_deadlines.run() == 2
    [mail] = await mails(room, "escalation")
    assert "skulle ha kvitterats" in mail["body"]
    assert "skulle ha fått svar" in mail["body"]
    assert await mails(room, "reminder") == [], "too late to remind"
    assert await missed(room) == [("acknowledge", number), ("answer", number)]


async def test_a_clock_that_stands_still_neither_reminds_nor_breaks_and_goes_on_where_it_stopped(room: Room):
    number, handover_id = await handed(room)
    await room.casework.acknowledge.run(handover_id, PER, "Per Dahl")
    room.time.now = at("2026-11-27T13:00")  # three hours are left
    await room.casework.ask_citizen.run(handover_id, PER, "Per Dahl", "Vilken lägenhet gäller det?")
    for moment in ("2026-11-27T14:30", "2026-11-30T09:00"):
        room.time.now = at(moment)
        assert await room.casework.watch_deadlines.run() == 0
    assert await mails(room, "reminder", "escalation") == []
    await room.casework.resume.run(handover_id, PER, "Per Dahl")  # Monday at ten: due at one
    room.time.now = at("2026-11-30T10:30")
    await room.casework.watch_deadlines.run()
    reminders = await mails(room, "reminder")
    assert reminders
    assert all("senast 2026-11-30 kl. 13.00" in mail["body"] for mail in reminders)
    room.time.now = at("2026-11-30T12:01")
    assert await room.casework.watch_deadlines.run() == 1
    assert await missed(room) == [("answer", number)]


async def test_what_is_not_delivered_yet_is_nobodys_to_be_late_with(room: Room):
    await handed(room)
    await room.run("UPDATE casework.handovers SET deliver_at = '2026-12-24T08:00Z', delivered_at = NULL")
    room.time.move(days=6)
    assert await room.casework.watch_deadlines.run() == 0
    assert await mails(room, "reminder", "escalation") == []


async def test_a_case_that_waits_for_the_citizen_is_not_overdue(room: Room):
    number = await room.open("a")
    await room.run("UPDATE casework.cases SET waiting_since = now()")
    room.time.move(days=5)
    assert await room.casework.watch_deadlines.run() == 0
    await room.run("UPDATE casework.cases SET waiting_since = NULL")
    assert await room.casework.watch_deadlines.run() == 1
    assert await room.casework.watch_deadlines.run() == 0
    assert await missed(room) == [("due", number)]


async def test_a_unit_without_any_address_is_still_told_of_at_the_desk(room: Room):
    await handed(room)
    await room.run("UPDATE casework.handovers SET address = ''")
    room.time.move(days=6)
    assert await room.casework.watch_deadlines.run() == 2
    assert await mails(room, "escalation") == []


async def test_the_calendar_of_the_unit_decides_when_it_is_soon(room: Room):
    await ImportUnitTerms(UnitOfWork(room.engine)).run(TERMS)
    number = await room.open("a", NO_CHECKLIST)
    plan = await room.casework.preview_handover.run(number, MARIA)
    assert plan.acknowledge_by == at("2026-11-26T15:00"), "closes at four"
    assert plan.answer_by == at("2026-11-27T11:00"), "closes at noon on that Friday"
    made = await room.casework.hand_over.run(number, MARIA, request_id="r")
    await room.casework.acknowledge.run(made.id, PER, "Per Dahl")
    room.time.now = at("2026-11-27T08:59")
    await room.casework.watch_deadlines.run()
    assert await mails(room, "reminder") == []
    room.time.now = at("2026-11-27T09:01")
    await room.casework.watch_deadlines.run()
    assert len(await mails(room, "reminder")) == 1


async def test_soon_is_counted_in_the_units_own_hours(room: Room):
    await ImportUnitTerms(UnitOfWork(room.engine)).run(TERMS)
    _, handover_id = await handed(room)
    await room.casework.acknowledge.run(handover_id, PER, "Per Dahl")
    await room.run("UPDATE casework.handovers SET answer_by = '2026-11-30T08:00Z'")
    room.time.now = at("2026-11-27T10:30")  # half an hour before the unit closes, and one on Monday
    await room.casework.watch_deadlines.run()
    assert len(await mails(room, "reminder")) == 1


async def test_a_unit_without_a_login_is_reminded_with_its_own_link(room: Room):
    number, _ = await handed(room)
    await room.run("INSERT INTO casework.unit_terms (unit, has_login) VALUES ('bostadsbolag', false)")
    room.time.now = at("2026-11-26T14:30")
    await room.casework.watch_deadlines.run()
    [mail] = await mails(room, "reminder")
    assert f"/cases/{number}" not in mail["body"]
    assert "Gör det här: http://127.0.0.1:8103/" in mail["body"]


async def test_a_calendar_that_was_broken_outside_of_our_doors_stops_nobodys_watch(room: Room):
    await handed(room)
    await room.run("INSERT INTO casework.unit_terms (unit, calendar) VALUES ('bostadsbolag', '{\"opens\": 8}')")
    room.time.move(days=6)
    assert await room.casework.watch_deadlines.run() == 2


async def test_two_watchers_tell_everything_once(room: Room):
    numbers = [(await handed(room, name))[0] for name in "abcdef"]
    room.time.now = at("2026-11-26T14:30")
    await asyncio.gather(*(room.casework.watch_deadlines.run() for _ in range(4)))
    assert len(await mails(room, "reminder")) == len(numbers)
    room.time.now = at("2026-11-26T16:30")
    counts = await asyncio.gather(*(room.casework.watch_deadlines.run() for _ in range(4)))
    assert sum(counts) == len(numbers)
    assert sorted(await missed(room)) == sorted(("acknowledge", number) for number in numbers)
    assert len(await mails(room, "escalation")) == len(numbers)


async def test_more_than_a_batch_is_told_in_one_round(room: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.casework.usecases.watch_deadlines.MOST", 2)
    for name in "abcde":
        await handed(room, name)
    room.time.now = at("2026-11-26T14:30")
    await room.casework.watch_deadlines.run()
    assert len(await mails(room, "reminder")) == 5
    room.time.now = at("2026-11-26T16:30")
    assert await room.casework.watch_deadlines.run() == 5
    assert await room.casework.watch_deadlines.run() == 0


@asynccontextmanager
async def holding(room: Room, sql: str) -> AsyncIterator[None]:
    """Hold what a statement locks until the block ends."""
    async with room.engine.connect() as conn, conn.begin():
        await conn.execute(text(sql))
        yield


async def test_a_case_that_somebody_works_on_is_left_for_the_next_time(room: Room):
    await handed(room)
    room.time.move(days=6)
    async with holding(room, "SELECT 1 FROM casework.cases FOR UPDATE"):
        async with asyncio.timeout(5):
            assert await room.casework.watch_deadlines.run() == 0
    assert await room.casework.watch_deadlines.run() == 2


@pytest.mark.parametrize("moment", ["2026-11-26T14:30", "2026-11-30T09:00"])
async def test_killed_before_the_commit_nothing_is_told_and_the_next_watcher_tells_it_once(room: Room, moment: str):
    await handed(room)
    room.time.now = at(moment)
    told = "SELECT id FROM casework.mails_out WHERE kind IN ('reminder', 'escalation')"
    async with holding(room, "LOCK TABLE casework.case_history IN ACCESS EXCLUSIVE MODE"):
        watcher = asyncio.create_task(room.casework.watch_deadlines.run())

        async def stuck() -> bool:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            return bool(await room.rows(waiting))

        await eventually(stuck)
        watcher.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watcher
    assert await room.rows(told) == []
    assert await missed(room) == []
    for _ in range(2):
        await room.casework.watch_deadlines.run()
    assert len(await room.rows(told)) == 1
    assert len(await missed(room)) == (0 if moment == "2026-11-26T14:30" else 2)


async def test_nothing_is_scanned_whole_to_find_what_is_soon_or_late(room: Room):
    """The watcher runs every ten seconds: it reads the index of what runs, not a year of hand-overs."""
    from services.casework.store import deadlines  # noqa: PLC0415 - its statements

    values = {"at": room.time(), "most": 50, "ends": "[]", "usual": room.time(), "agent": MARIA.id}
    async with room.engine.connect() as conn:
        await conn.execute(text("SET enable_seqscan = off"))
        for statement in (deadlines._LATE, deadlines._SOON, deadlines._LATE_OF):
            wanted = {name: values[name] for name in statement._bindparams}
            plan = (await conn.execute(text(f"EXPLAIN {statement.text}"), wanted)).scalars().all()
            assert not [line for line in plan if "Seq Scan on handovers" in line or "Seq Scan on cases" in line], plan


async def test_a_case_shows_how_its_time_stands_wherever_it_is_listed(room: Room):
    number = await room.open("a")  # due on Friday at ten

    async def lights() -> set[str]:
        [listed] = (await room.casework.list_cases.run(MARIA, number=number)).items
        [mine] = (await room.casework.read_desk.run(MARIA.id)).cases
        case = await room.casework.read_case.run(number, MARIA)
        return {listed.light, mine.light, case.light}

    assert await lights() == {"green"}
    room.time.now = at("2026-11-27T07:30")
    assert await lights() == {"amber"}
    room.time.now = at("2026-11-27T09:01")
    assert await lights() == {"red"}
    await room.run("UPDATE casework.cases SET waiting_since = '2026-11-27T07:00Z'")
    assert await lights() == {""}
