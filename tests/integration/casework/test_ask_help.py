"""An agent asks the team leader for help: seen by the leaders of her case's unit, answered, ended, over by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.casework.usecases.ask_help import LASTS
from shared.errors import ConflictError, ForbiddenError, NotFoundError
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import MARIA, Room

pytestmark = pytest.mark.integration
OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))
ELSEWHERE = Person("lead-x", "Ulla Ström", frozenset({Role.LEAD}), frozenset({"bygg-och-plan"}))
JONAS = replace(MARIA, id="agent-jonas-berg", name="Jonas Berg")


async def whats(room: Room, number: str) -> list[str]:
    case = await room.casework.read_case.run(number, MARIA)
    return [one.what for one in case.history if one.what.startswith("help")]


async def test_she_asks_the_leader_answers_and_the_history_says_so(room: Room):
    day, number = room.casework.day, await room.open("a")
    asked = await day.ask_help.run(number, MARIA, " Hon säger att jouren inte svarar. ")
    assert await day.ask_help.run(number, MARIA, "igen") == asked
    [seen] = await day.read_help.run(OSKAR)
    assert (seen.number, seen.agent_name, seen.text) == (number, "Maria Lind", "Hon säger att jouren inte svarar.")
    assert "kallt" in seen.question
    assert await day.read_help.run(ELSEWHERE) == ()
    with pytest.raises(NotFoundError):
        await day.answer_help.run(seen.id, ELSEWHERE, "Hej", "r0")
    for _ in range(2):
        await day.answer_help.run(seen.id, OSKAR, "Ring 0123 i stället.", "r1")
        await day.answer_help.offer(seen.id, OSKAR)
    mine = await day.read_help.of_case((await room.casework.read_case.run(number, MARIA)).id, MARIA)
    assert mine is not None
    assert [(one.by_name, one.body) for one in mine.lines] == [("Oskar Vik", "Ring 0123 i stället.")]
    assert (mine.taker, mine.taker_name) == (OSKAR.id, "Oskar Vik")
    for _ in range(2):
        await day.end_help.run(number, MARIA)
    assert await day.read_help.run(OSKAR) == ()
    assert await whats(room, number) == ["help_asked", "help_answered", "help_offered", "help_ended"]
    with pytest.raises(ConflictError):
        await day.answer_help.run(seen.id, OSKAR, "För sent", "r2")
    again = await day.ask_help.run(number, MARIA, "")
    assert (again.id != seen.id, again.lines) == (True, ())


async def test_it_is_over_by_itself_when_its_time_is_up_or_the_case_is_no_longer_hers(room: Room):
    day, number = room.casework.day, await room.open("a")
    first = await day.ask_help.run(number, MARIA, "")
    room.time.move(seconds=(LASTS - timedelta(seconds=1)).total_seconds())
    await day.answer_help.run(first.id, OSKAR, "Strax", "r")
    room.time.move(seconds=LASTS.total_seconds() - 1)
    assert len(await day.read_help.run(OSKAR)) == 1
    room.time.move(seconds=1)
    assert await day.read_help.run(OSKAR) == ()
    second = await day.ask_help.run(number, MARIA, "")
    assert second.id != first.id
    await room.casework.deeds.park.run(number, MARIA, until=room.time() + timedelta(hours=2), why="", waiting=False)
    assert len(await day.read_help.run(OSKAR)) == 1
    await room.run("UPDATE casework.cases SET agent_id = 'agent-jonas-berg'")
    assert await day.read_help.run(OSKAR) == ()


async def test_only_who_has_the_case_asks_and_a_protected_person_is_not_shown_to_leaders_elsewhere(room: Room):
    day, number = room.casework.day, await room.open("a")
    with pytest.raises(ConflictError):
        await day.ask_help.run(number, JONAS, "")
    await room.run("UPDATE casework.cases SET protected = true")
    asked = await day.ask_help.run(number, MARIA, "Anna Ek bor på Storgatan 1")
    [seen] = await day.read_help.run(OSKAR)
    assert seen.text == "•••"
    with pytest.raises(ForbiddenError):
        await day.answer_help.run(asked.id, OSKAR, "Hej", "r")
    with pytest.raises(ForbiddenError):
        await day.end_help.run(number, OSKAR)
    await day.end_help.run(number, MARIA)
