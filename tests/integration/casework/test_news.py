"""What is new to an agent until she has read it, and what can be read with the database alone."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from services.casework.domain.incident import Said
from services.casework.store.tables import checklist_versions
from services.casework.usecases.read_news import differences
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import COLD, MARIA, Room

pytestmark = pytest.mark.integration
JONAS = replace(MARIA, id="agent-jonas-berg", name="Jonas Berg")
KARIN = Person("owner-karin-strom", "Karin Ström", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
ANNA = replace(MARIA, id="admin-anna-falk", roles=frozenset({Role.LEAD}))


async def kinds(room: Room, person: Person = MARIA) -> list[str]:
    return [one.kind for one in await room.casework.day.read_news.run(person)]


async def test_what_changed_and_what_is_disturbed_is_new_until_each_has_read_it(room: Room):
    day = room.casework.day
    assert await kinds(room) == await kinds(room, JONAS) == []
    room.time.move(minutes=1)
    said = Said("Ingen värme", "Vi byter en pump.", "bostadsbolag", case_types=(COLD,))
    incident = await room.casework.incidents.open.run(ANNA, said, "r")
    room.time.move(minutes=1)
    async with room.engine.begin() as conn:
        mine = checklist_versions.c.current & (checklist_versions.c.case_type == COLD)
        await conn.execute(update(checklist_versions).where(mine).values(published_at=room.time()))
    assert await kinds(room) == ["checklist", "opened"]
    [changed, opened] = await day.read_news.run(MARIA)
    assert (opened.title, opened.link) == ("Ingen värme", f"/incidents/{incident}")
    assert "kallt" in changed.title
    for _ in range(2):
        await day.read_news.mark(MARIA, [changed.id])
    assert (await kinds(room), await kinds(room, JONAS)) == (["opened"], ["checklist", "opened"])
    await day.read_news.mark(MARIA, [opened.id])
    assert await kinds(room) == []
    room.time.move(days=40)
    assert await kinds(room, JONAS) == []


async def test_an_answer_to_her_report_is_new_to_who_reported_it_until_she_has_read_it(room: Room):
    gaps, day = room.casework.gaps, room.casework.day
    assert await kinds(room) == await kinds(room, JONAS) == []
    number = await room.open("a")
    one, two = [await gaps.report.run(number, MARIA, text) for text in ("Fel nummer", "Saknar golvvärme")]
    await gaps.answer.run(one, KARIN, "Rättat i version 2.")
    room.time.move(minutes=1)
    await gaps.answer.run(two, KARIN, "Det är inte vårt.", declined=True)
    news = await day.read_news.run(MARIA)
    assert [(item.kind, item.text) for item in news] == [
        ("declined", "Det är inte vårt. (Karin Ström)"),
        ("answered", "Rättat i version 2. (Karin Ström)"),
    ]
    assert await kinds(room, JONAS) == []
    await day.read_news.mark(JONAS, [item.id for item in news])  # another's reading is hers alone
    await day.read_news.mark(MARIA, [news[0].id])
    assert await kinds(room) == ["answered"]
    assert [item.id for item in await gaps.read.unseen(MARIA)] == [one]  # read is read, at the desk too
    await gaps.read.saw(MARIA)
    assert await kinds(room) == []


async def test_differences_name_the_steps_that_came_changed_and_went(room: Room):
    async with room.casework.close.uow.read() as work:
        version = next(one for one in await work.versions.listed(None) if one.checklist.case_type == COLD)
    old = version.checklist
    first, second, *rest = old.steps
    new = replace(old, steps=(replace(first, text="Nytt ord"), *rest, replace(second, id="s99", text="Ett till")))
    assert differences(old, new) == (("Ett till",), ("Nytt ord",), (second.text,))
    assert differences(old, old) == ((), (), ())


async def test_every_live_checklist_and_every_number_is_read_from_the_database_alone(room: Room):
    whole = await room.casework.day.read_fallback.run()
    [live] = await room.rows("SELECT count(*) AS n FROM casework.checklist_versions WHERE current")
    assert len(whole.checklists) == live["n"] > 10
    assert ("ÅFA, felanmälan" in dict(whole.numbers)) == bool(whole.numbers)
    [cold] = (await room.casework.day.read_fallback.run("kallt inne")).checklists
    assert next(step.ways[0] for step in cold.steps if step.id == "s1")[1] in {step.id for step in cold.steps}
    assert {name for name, _ in cold.ends}
