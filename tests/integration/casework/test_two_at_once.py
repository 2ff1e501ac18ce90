"""Two agents act on one case at once, over two connections: one wins, the other is told; nothing is lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.casework.domain.case import ChangedMeanwhileError, WrongStateError
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.opening import open_cases
from shared.errors import DomainError
from shared.vocabulary import CaseState, Resolution, Role
from shared.web.access import Person
from tests.support.casework import LAMP, MARIA, Room, contact

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))
ROUNDS = 12

Act = Callable[[Room, str, Person, int, str], Awaitable[Any]]


async def close(room: Room, number: str, person: Person, seen: int, key: str) -> None:
    await room.casework.close.run(number, person, resolution=Resolution.SOLVED, text="Hej", request_id=key, seen=seen)


async def hand_over(room: Room, number: str, person: Person, seen: int, key: str) -> None:
    await room.casework.hand_over.run(number, person, request_id=key, to="bostadsbolag", seen=seen)


async def classify(room: Room, number: str, person: Person, seen: int, _key: str) -> None:
    await room.casework.classify.run(number, person, LAMP, seen)


async def park(room: Room, number: str, person: Person, seen: int, _key: str) -> None:
    await room.casework.deeds.park.run(number, person, seen=seen)


ACTS: tuple[Act, ...] = (close, hand_over, classify, park)
EVENTS = ("case.closed.v1", "case.handed_over.v1", "case.parked.v1", "case.classified.v1")


async def told(room: Room, case_id: str) -> int:
    """How many decisive things were told of a case after it had been opened."""
    events = [one for one in await room.events() if one["type"] in EVENTS and one["value"]["case_id"] == case_id]
    return len([one for one in events if one["value"].get("how") != "set"])


async def test_of_two_who_act_at_once_one_wins_and_the_other_is_told(room: Room):
    chance = random.Random(5)
    for turn in range(ROUNDS):
        name = f"round-{turn}"
        number = await room.open(name)
        case = await room.casework.read_case.run(number, MARIA)
        pair = [chance.choice(ACTS), chance.choice(ACTS)]
        answers = await asyncio.gather(
            *(act(room, number, who, case.version, who.id) for act, who in zip(pair, (MARIA, JONAS), strict=True)),
            return_exceptions=True,
        )
        lost = [one for one in answers if isinstance(one, BaseException)]
        assert len(lost) == 1, (pair, answers)
        assert isinstance(lost[0], ChangedMeanwhileError), (pair, answers)
        winner = (MARIA, JONAS)[answers.index(None)] if None in answers else None
        said = lost[0].detail.format(**lost[0].params)
        assert " av " in said, said
        if winner is not None:
            assert winner.name in said, said
        assert await told(room, case.id) == 1, (pair, answers)


async def test_whoever_did_not_say_what_she_saw_never_ends_a_case_twice(room: Room):
    for turn in range(ROUNDS // 2):
        number = await room.open(f"blind-{turn}")
        ends = [
            room.casework.close.run(number, MARIA, resolution=Resolution.SOLVED, request_id="m"),
            room.casework.close.run(number, JONAS, resolution=Resolution.REFERRED, request_id="j"),
            room.casework.hand_over.run(number, JONAS, request_id="h", to="bostadsbolag"),
        ]
        answers = await asyncio.gather(*ends, return_exceptions=True)
        refused = [one for one in answers if isinstance(one, WrongStateError)]
        assert len(refused) == 2, answers
        assert all("kl." in one.detail for one in refused)
        case_id = (await room.casework.read_case.run(number, MARIA)).id
        assert await told(room, case_id) == 1
        names = {one.params["name"] for one in refused}
        assert len(names) == 1


async def test_notes_and_people_of_two_at_once_are_all_there(room: Room):
    number = await room.open("a")
    writes = [
        room.casework.add_note.run(number, who, f"{who.name} {turn}") for who in (MARIA, JONAS) for turn in range(8)
    ]
    await asyncio.gather(*writes)
    case = await room.casework.read_case.run(number, MARIA)
    assert {one.text for one in case.notes} == {f"{who.name} {turn}" for who in (MARIA, JONAS) for turn in range(8)}


async def test_two_merges_against_each_other_leave_one_case_that_goes_on(room: Room):
    for turn in range(ROUNDS // 2):
        first, second = await room.open(f"a{turn}"), await room.open(f"b{turn}")
        answers = await asyncio.gather(
            room.casework.deeds.merge.run(first, second, MARIA),
            room.casework.deeds.merge.run(second, first, JONAS),
            return_exceptions=True,
        )
        assert [one for one in answers if one is not None and not isinstance(one, DomainError)] == []
        assert answers.count(None) == 1, answers
        states = [(await room.casework.read_case.run(number, MARIA)).state for number in (first, second)]
        assert sorted(states) == [CaseState.CLOSED, CaseState.OPEN]
        goes_on = (first, second)[states.index(CaseState.OPEN)]
        assert len((await room.casework.read_case.run(goes_on, MARIA)).contacts) == 2


async def test_a_reminder_and_an_agent_at_once_leave_one_state(room: Room):
    for turn in range(ROUNDS // 2):
        number = await room.open(f"p{turn}")
        until = await room.casework.deeds.park.run(number, MARIA)
        room.time.now = until
        await asyncio.gather(
            room.casework.deeds.wake.run(),
            room.casework.deeds.wake.run(),
            room.casework.close.run(number, JONAS, resolution=Resolution.SOLVED),
        )
        case = await room.casework.read_case.run(number, MARIA)
        assert case.state is CaseState.CLOSED
        whats = [one.what for one in case.history]
        assert whats.count("remind") <= 1
        assert whats[-1] == "close"


async def test_numbers_are_drawn_without_a_lock_and_never_used_twice(room: Room):
    uow = UnitOfWork(room.engine)

    async def drawn(names: list[str]) -> list[str]:
        await room.casework.follow_contacts.run([room.received(name) for name in names])
        rows = await room.rows("SELECT number FROM casework.cases")
        return [row["number"] for row in rows]

    batches = [[f"c{batch}-{turn}" for turn in range(10)] for batch in range(4)]
    await asyncio.gather(*(drawn(names) for names in batches))
    numbers = [row["number"] for row in await room.rows("SELECT number FROM casework.cases")]
    assert len(numbers) == len(set(numbers)) == 40
    assert {len(number) for number in numbers} == {len("KC-2026-000001")}
    async with uow.begin() as held:  # a transaction that has drawn and not committed keeps nobody waiting
        await held.contacts.arrive([])
        row = {**(await held.contacts.get(contact("c0-0")) or {}), "id": "held", "case_id": None, "follows": None}
        await open_cases(held, [row], room.time())
        await asyncio.wait_for(drawn(["late"]), 20)
    numbers = [row["number"] for row in await room.rows("SELECT number FROM casework.cases")]
    assert len(numbers) == len(set(numbers)) == 42
    room.time.move(days=40)
    await drawn(["next year"])
    [first] = [
        row["number"] for row in await room.rows("SELECT number FROM casework.cases WHERE number LIKE 'KC-2027%'")
    ]
    assert first == "KC-2027-000001"
