"""Two who have the same case open see each other, until one has left; nobody is told of a case that is not hers."""

import asyncio
from dataclasses import replace

import pytest

from services.casework.store.bell import Bell
from services.casework.usecases.readers import LASTS
from shared.errors import NotFoundError
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import MARIA, PER, Room
from tests.support.wait import eventually

pytestmark = pytest.mark.integration
JONAS = replace(MARIA, id="agent-jonas-berg", name="Jonas Berg")
ELSEWHERE = Person("officer-x", "Ulla Ström", frozenset({Role.OFFICER}), frozenset({"bygg-och-plan"}))


async def test_they_see_each_other_as_long_as_both_read(room: Room):
    seen, number = room.casework.day.readers, await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    assert await seen.here(case.id, MARIA) == ()
    assert await seen.here(case.id, MARIA) == ()
    assert await seen.here_at(number, PER) == (MARIA.name,)
    assert await seen.here_at(number, JONAS) == (MARIA.name, PER.name)
    assert await seen.others(number, MARIA) == (JONAS.name, PER.name)
    room.time.move(seconds=LASTS.total_seconds() - 1)
    assert await seen.here_at(number, PER) == (JONAS.name, MARIA.name)
    room.time.move(seconds=1)
    assert await seen.others(number, MARIA) == (PER.name,)
    assert await seen.here(case.id, MARIA) == (PER.name,)
    with pytest.raises(NotFoundError):
        await seen.here_at(number, ELSEWHERE)
    with pytest.raises(NotFoundError):
        await seen.others(number, ELSEWHERE)
    kept = await room.rows("SELECT person FROM casework.case_readers ORDER BY person")
    assert [one["person"] for one in kept] == sorted([MARIA.id, PER.id])  # who had left is forgotten


async def test_who_comes_is_told_at_once_at_the_others_and_only_once(room: Room):
    seen, number = room.casework.day.readers, await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    rung: list[str | None] = []
    bell = Bell(room.engine)
    bell.listen(rung.append)
    ringing = asyncio.create_task(bell.run())
    try:

        async def listening() -> bool:
            return None in rung

        await eventually(listening)
        await seen.here(case.id, MARIA)
        for _ in range(2):
            await seen.here(case.id, PER)
        await seen.here(case.id, JONAS)

        async def told() -> bool:
            return len(rung) >= 4

        await eventually(told)
        assert sorted(filter(None, rung)) == sorted(f"~reading:{one}" for one in (MARIA.id, MARIA.id, PER.id))
    finally:
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)


async def test_many_who_open_and_leave_at_once_stand_in_nobodys_way(room: Room):
    seen, number = room.casework.day.readers, await room.open("a")
    case = await room.casework.read_case.run(number, MARIA)
    people = [replace(MARIA, id=f"agent-{one}", name=f"Agent {one:02}") for one in range(12)]
    for _ in range(3):
        await asyncio.gather(*(seen.here(case.id, one) for one in people for _ in range(2)))
        assert len(await seen.others(number, MARIA)) == 6
        room.time.move(seconds=LASTS.total_seconds() + 1)
    assert await seen.others(number, MARIA) == ()
