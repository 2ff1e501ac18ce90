"""First-contact resolution, honest: decided at close, withdrawn when the citizen was not helped after all."""

from typing import Any

import pytest
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TIMESTAMP

from services.casework.store.first_contact import CAME_BACK
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.imports import ImportChecklists
from shared.events import ContactReceived, ReturnCallPromised
from shared.vocabulary import Channel, Resolution
from tests.support.casework import COLD, LAMP, MARIA, NO_CHECKLIST, Room, contact
from tests.support.checklists import CHECKLISTS

pytestmark = pytest.mark.integration
WITHDRAWN = "case.first_contact_withdrawn.v1"


async def close(room: Room, number: str, resolution: Resolution = Resolution.SOLVED) -> dict[str, Any]:
    """Close a case and return what was told."""
    await room.casework.close.run(number, MARIA, resolution=resolution)
    told: dict[str, Any] = (await room.events("case.closed.v1"))[-1]["value"]
    return told


async def withdrawn(room: Room) -> list[tuple[str, str, str | None]]:
    """Return what was withdrawn: the number, why, and the number of the case that the person came back with."""
    numbers = {row["id"]: row["number"] for row in await room.rows("SELECT id, number FROM casework.cases")}
    told = [one["value"] for one in await room.events(WITHDRAWN)]
    return [(one["case_number"], one["why"], numbers.get(one["by_case"])) for one in told]


async def come(room: Room, name: str, case_type: str | None = COLD, **facts: Any) -> str:
    """A person writes, and the router says what it is about."""
    await room.casework.follow_contacts.run([room.received(name, **facts)])
    await room.casework.follow_routing.run([room.routed(name, case_type)])
    return await room.number(name)


@pytest.mark.parametrize(
    ("resolution", "strict", "wide"),
    [
        (Resolution.SOLVED, True, True),
        (Resolution.SELF_SERVICE, False, True),
        (Resolution.REFERRED, False, False),
        (Resolution.COMES_BACK, False, False),
    ],
)
async def test_the_resolution_decides_strictly_and_widely(room: Room, resolution: Resolution, strict: bool, wide: bool):
    told = await close(room, await room.open("a"), resolution)
    assert (told["first_contact"], told["first_contact_wide"], told["checklist_allows"]) == (strict, wide, True)
    [row] = await room.rows("SELECT first_contact, first_contact_wide FROM casework.cases")
    assert (row["first_contact"], row["first_contact_wide"]) == (strict, wide)


async def test_a_checklist_that_cannot_close_says_so_and_none_says_nothing(room: Room):
    text = CHECKLISTS.read_text()
    only_handover = text.replace("kind: close, resolution: lost_av_kc", "kind: handover, to: bostad, mode: epost")
    assert only_handover != text
    await ImportChecklists(UnitOfWork(room.engine), room.time).run(only_handover.encode())
    assert (await close(room, await room.open("a")))["checklist_allows"] is False
    assert (await close(room, await room.open("b", NO_CHECKLIST)))["checklist_allows"] is None
    number = await room.open("c")
    await room.casework.hand_over.run(number, MARIA, request_id="r1")
    [over] = [one["value"] for one in await room.events("case.handed_over.v1")]
    assert over["checklist_allows"] is False


async def test_who_wrote_twice_before_she_was_answered_has_needed_two_contacts(room: Room):
    number = await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    await room.casework.follow_contacts.run([room.followed("b", case.id)])
    assert (await close(room, number))["first_contact_wide"] is False


async def test_what_was_handed_over_and_came_back_was_not_solved_at_first_contact(room: Room):
    number = await room.open("a")
    made = await room.casework.hand_over.run(number, MARIA, request_id="r1")
    await room.run(f"UPDATE casework.handovers SET state = 'returned' WHERE id = '{made.id}'")  # noqa: S608 - our id
    await room.run("UPDATE casework.cases SET state = 'open'")
    assert (await close(room, number))["first_contact_wide"] is False


async def test_what_had_rested_was_not_solved_at_first_contact(room: Room):
    number = await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    async with UnitOfWork(room.engine).begin() as work:
        await work.history.write(case.id, room.time(), by=MARIA.id, by_name=MARIA.name, what="park")
    assert (await close(room, number))["first_contact_wide"] is False


async def test_a_call_back_that_she_chose_while_waiting_is_her_first_contact_all_the_same(room: Room):
    number = await room.open("a", channel=Channel.PHONE)
    promised = ReturnCallPromised(contact_id=contact("a"), epoch=2, at=room.time(), queue="bostad")
    await room.casework.follow_routing.run([promised, room.accepted("a", epoch=3)])
    assert (await close(room, number))["first_contact"] is True


async def test_complaint_10_a_reopened_case_was_no_first_contact_resolution_whoever_reopens_it(room: Room):
    by_agent, by_citizen = await room.open("a"), await room.open("b", person_key="2026:eva")
    for number in (by_agent, by_citizen):
        await close(room, number)
    case = await room.casework.read_case.run(by_citizen, MARIA)
    room.time.move(days=2)
    await room.casework.reopen.run(by_agent, MARIA)
    again = room.followed("c", case.id, person_key="2026:eva")
    for _ in range(2):
        await room.casework.follow_contacts.run([again])
    assert await withdrawn(room) == [(by_agent, "reopened", None), (by_citizen, "reopened", None)]
    assert (await close(room, by_agent))["first_contact"] is False
    await room.casework.reopen.run(by_agent, MARIA)
    assert len(await withdrawn(room)) == 2
    rows = await room.rows("SELECT reopened FROM casework.cases ORDER BY number")
    assert [row["reopened"] for row in rows] == [2, 1]


async def test_what_did_not_count_is_not_withdrawn(room: Room):
    number = await room.open("a")
    await close(room, number, Resolution.REFERRED)
    await room.casework.reopen.run(number, MARIA)
    await close(room, number, Resolution.REFERRED)
    await come(room, "b")
    assert await withdrawn(room) == []


async def test_complaint_10_the_same_person_back_on_the_same_type_within_seven_days_was_not_helped(room: Room):
    number = await room.open("a")
    await close(room, number)
    room.time.move(days=6, hours=23)
    again = await come(room, "b")
    for _ in range(2):
        await room.casework.follow_routing.run([room.routed("b")])
    await come(room, "c")
    assert await withdrawn(room) == [(number, "came_back", again)]
    [row] = await room.rows(
        "SELECT first_contact, first_contact_withdrawn_why AS why FROM casework.cases WHERE number = :n", n=number
    )
    assert (row["first_contact"], row["why"]) == (True, "came_back")


async def test_a_case_that_was_solved_widely_is_withdrawn_too(room: Room):
    number = await room.open("a")
    await close(room, number, Resolution.SELF_SERVICE)
    room.time.move(hours=1)
    again = await come(room, "b")
    assert await withdrawn(room) == [(number, "came_back", again)]


@pytest.mark.parametrize("how", ["later", "other person", "other type", "nobody known", "no type"])
async def test_nobody_else_and_nothing_else_withdraws(room: Room, how: str):
    nobody: dict[str, Any] = {"person_key": None}
    await close(room, await room.open("a", **nobody if how == "nobody known" else {}))
    room.time.move(**{"days": 7, "seconds": 1} if how == "later" else {"days": 1})
    facts = {"other person": {"person_key": "2026:eva"}, "nobody known": nobody}.get(how, {})
    await come(room, "b", {"other type": LAMP, "no type": None}.get(how, COLD), **facts)
    assert await withdrawn(room) == []


async def test_a_unit_may_have_other_days(room: Room):
    await room.run("INSERT INTO casework.unit_terms (unit, repeat_days) VALUES ('bostadsbolag', 14)")
    number = await room.open("a")
    await close(room, number)
    room.time.move(days=13)
    again = await come(room, "b")
    assert await withdrawn(room) == [(number, "came_back", again)]


async def test_who_wrote_before_the_case_was_closed_has_not_come_back(room: Room):
    number = await room.open("a")
    written: ContactReceived = room.received("b")
    room.time.move(minutes=5)
    await close(room, number)
    await room.casework.follow_contacts.run([written])
    await room.casework.follow_routing.run([room.routed("b")])
    assert await withdrawn(room) == []


async def test_an_agent_who_says_what_it_is_about_says_that_it_came_back(room: Room):
    number = await room.open("a")
    await close(room, number)
    room.time.move(days=1)
    later = await come(room, "b", LAMP)
    await room.casework.follow_routing.run([room.accepted("b")])
    assert await withdrawn(room) == []
    await room.casework.classify.run(later, MARIA, COLD)
    assert await withdrawn(room) == [(number, "came_back", later)]


async def test_a_caller_who_is_known_only_after_the_case_has_its_type_came_back_as_well(room: Room):
    number = await room.open("a")
    await close(room, number)
    room.time.move(days=1)
    await room.casework.follow_routing.run(
        [room.routed("b", channel=Channel.PHONE), room.accepted("b", channel=Channel.PHONE)]
    )
    assert await withdrawn(room) == []
    await room.casework.follow_contacts.run([room.received("b", Channel.PHONE)])
    assert await withdrawn(room) == [(number, "came_back", await room.number("b"))]


async def test_a_hundred_who_come_back_in_one_batch_are_found_by_one_statement_and_its_index(room: Room):
    numbers = []
    for one in range(20):
        numbers.append(await room.open(f"a{one}", person_key=f"2026:p{one}"))
        await close(room, numbers[-1])
    room.time.move(days=1)
    await room.casework.follow_contacts.run([room.received(f"b{one}", person_key=f"2026:p{one}") for one in range(20)])
    await room.casework.follow_routing.run([room.routed(f"b{one}") for one in range(20)])
    assert sorted(number for number, _, _ in await withdrawn(room)) == sorted(numbers)
    events = [one["event_id"] for one in await room.events(WITHDRAWN)]
    assert len(set(events)) == 20


async def test_who_came_back_is_found_among_many_without_reading_them_all(room: Room):
    many = (
        "INSERT INTO casework.cases (id, number, contact_id, current_contact, state, channel, entrance, unit, "
        "person_key, case_type, opened_at, closed_at, changed_at, first_contact, first_contact_wide) "
        "SELECT 'k' || n, 'KC-2025-' || n, 'c' || n, 'c' || n, 'closed', 'email', '', 'bostadsbolag', "
        "'2026:p' || n % 9000, 't' || n % 100, '2026-11-20', '2026-11-20', '2026-11-20', true, true "
        "FROM generate_series(1, 30000) AS n"
    )
    contacts = (
        "INSERT INTO casework.contacts (id, case_id) SELECT 'c' || n, 'k' || n FROM generate_series(1, 30000) AS n"
    )
    for statement in (many, contacts, "ANALYZE casework.cases", "ANALYZE casework.contacts"):
        await room.run(statement)
    asked = {"ids": [f"k{n}" for n in range(1, 101)], "at": room.time(), "why": "came_back", "days": 7}
    async with room.engine.connect() as conn:
        plan = "\n".join((await conn.execute(explained(), asked)).scalars())
        await conn.rollback()
    assert "Seq Scan on cases" not in plan, plan
    assert "Seq Scan on contacts" not in plan, plan


def explained() -> TextClause:
    """The statement, to be explained instead of run."""
    types = (bindparam("at", type_=TIMESTAMP(timezone=True)), bindparam("ids", type_=ARRAY(TEXT)))
    return text(f"EXPLAIN {CAME_BACK.text}").bindparams(*types)
