"""Finding cases on the real database: what is found, by whom, in which order, and that the index never lags behind."""

import asyncio
from typing import Any

import pytest

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.people import About
from services.casework.usecases.reindex import Reindex
from shared.errors import NotFoundError
from shared.events import ContactPurged, Sender
from shared.vocabulary import PersonRole, Resolution
from tests.support.casework import COLD, LAMP, LENA, MARIA, PER, Room, contact

pytestmark = pytest.mark.integration

GORAN = Sender(name="Göran Åkesson", email="goran.akesson@medborgare.example", phone="+46701740612")
GORAN_PLAIN = Sender(name="Goran Akesson", email="ga@medborgare.example", phone="+46701740613")


async def hits(room: Room, text: str, person: Any = MARIA, **more: Any) -> list[str]:
    return [hit.case.number for hit in (await room.casework.search_cases.run(person, text, **more)).hits]


async def docs(room: Room) -> dict[str, set[str]]:
    rows = await room.rows("SELECT case_id, words FROM casework.search_docs")
    return {row["case_id"]: set(row["words"]) for row in rows}


async def test_a_case_is_found_by_whatever_is_remembered_of_it(room: Room):
    number = await room.open("a", sender=GORAN, subject="Kallt", text="Elementet i sovrummet är kallt")
    await room.open("b", sender=Sender(name="Eva Lind", email="eva@medborgare.example"), subject="Nyckel", text="Borta")
    await room.casework.add_note.run(number, MARIA, "Ringt jouren, dnr KS 2026/441")
    await room.casework.reply.run(number, MARIA, "Montören kommer på torsdag")
    made = await room.casework.hand_over.run(number, MARIA, request_id="1", to="bostadsbolag")
    await room.casework.acknowledge.run(made.id, PER, PER.name, external_ref="AFA-77812")
    for text in (
        *(number, "2026-1", "000001", "göran", "GORAN", "åkesson göran", "akeson", "070-174 06 12", "0612", "40612"),
        *(
            "goran.akesson@medborgare.example",
            "sovrum",
            "elementet kallt",
            "jouren",
            "ks 2026-441",
            "montören",
            "77812",
        ),
    ):
        assert await hits(room, text) == [number], text
    assert await hits(room, "göran nyckel") == []


async def test_as_written_comes_first_then_the_newest(room: Room):
    plain = await room.open("a", sender=GORAN_PLAIN, subject="", text="")
    dotted = await room.open("b", sender=GORAN, subject="", text="")
    room.time.move(days=1)
    newer = await room.open("c", sender=GORAN_PLAIN, subject="", text="")
    assert await hits(room, "åkesson") == [dotted, newer, plain]
    view = await room.casework.search_cases.run(MARIA, "åkesson", limit=1)
    pages = [view.hits[0].case.number]
    while view.next:
        view = await room.casework.search_cases.run(MARIA, "åkesson", limit=1, cursor=view.next)
        pages += [hit.case.number for hit in view.hits]
    assert pages == [dotted, newer, plain]
    with pytest.raises(NotFoundError):
        await hits(room, "åkesson", cursor="nonsense")


async def test_a_unit_sees_its_own_what_was_handed_to_it_and_nothing_else(room: Room):
    cold = await room.open("cold", COLD, text="gemensamt ord")
    lamp = await room.open("lamp", LAMP, text="gemensamt ord")
    await room.casework.classify.run(lamp, MARIA, LAMP)
    assert set(await hits(room, "gemensamt")) == {cold, lamp}
    assert await hits(room, "gemensamt", PER) == [cold]
    assert await hits(room, "gemensamt", LENA) == []
    await room.casework.hand_over.run(lamp, MARIA, request_id="1", to="bygg-och-plan")
    assert await hits(room, "gemensamt", LENA) == [lamp]
    assert [row.number for row in (await room.casework.list_cases.run(LENA)).items] == [lamp]


async def test_protected_identity_is_found_by_its_unit_and_its_agent_alone(room: Room):
    number = await room.open("a", sender=GORAN)
    await room.run("UPDATE casework.cases SET protected = true")
    assert await hits(room, "åkesson") == [number]
    assert await hits(room, "åkesson", PER) == [number]
    await room.run("UPDATE casework.cases SET agent_id = 'agent-sara-ek'")
    assert await hits(room, "åkesson") == await hits(room, number) == []
    assert (await room.casework.list_cases.run(MARIA, text="åkesson")).items == ()
    assert (await room.casework.list_cases.run(MARIA)).items == ()


async def test_protected_identity_is_not_found_by_a_unit_that_had_a_hand_over_of_it(room: Room):
    number = await room.open("a", sender=GORAN)
    made = await room.casework.hand_over.run(number, MARIA, request_id="1", to="bygg-och-plan")
    assert await hits(room, "åkesson", LENA) == [number]
    await room.run("UPDATE casework.cases SET protected = true")
    for sent_back in (False, True):
        if sent_back:
            await room.casework.send_back.run(made.id, LENA, LENA.name, "Inte vårt")
        for text in ("åkesson", "göran", "0612", "åkessn", number):
            assert await hits(room, text, LENA) == [], text
        assert (await room.casework.list_cases.run(LENA)).items == ()
    assert await hits(room, "åkesson", PER) == [number]


async def test_a_state_narrows_what_is_found(room: Room):
    number = await room.open("a", LAMP, sender=GORAN)
    assert await hits(room, "åkesson", state="closed") == []
    await room.casework.close.run(number, MARIA, resolution=Resolution("felringd"))
    assert await hits(room, "åkesson", state="closed") == [number]


async def test_what_is_erased_is_found_no_more_and_its_words_are_forgotten(room: Room):
    await room.open("a", sender=GORAN, subject="Sällsyntord", text="")
    await room.open("b", sender=Sender(name="Eva Lind", email="eva@medborgare.example"), text="Elementet")
    await room.casework.follow_contacts.run([ContactPurged(contact_id=contact("a"), purged_at=room.time(), reason="t")])
    assert await hits(room, "åkesson") == await hits(room, "sällsyntord") == await hits(room, "0612") == []
    words = {row["word"] for row in await room.rows("SELECT word FROM casework.search_words")}
    assert not {"göran", "åkesson", "sällsyntord"} & words
    assert {"eva", "elementet"} <= words


async def test_what_is_kept_is_what_a_rebuild_makes(room: Room):
    """After all that changes words, a rebuild finds nothing to change, and nothing is left marked."""
    one = await room.open("a", sender=GORAN, fields={"Fastighet": "Tallen 4"})
    two = await room.open("b", LAMP, sender=GORAN_PLAIN)
    await room.casework.follow_contacts.run([room.followed("c", (await _id(room, one)), text="Fortfarande kallt")])
    await room.casework.do_step.run(one, MARIA, "s1", "nej", "Antecknat ord")
    await room.casework.classify.run(two, MARIA, COLD)
    await room.casework.add_note.run(one, MARIA, "En anteckning")
    await room.casework.reply.run(two, MARIA, "Ett svar")
    made = await room.casework.hand_over.run(two, MARIA, request_id="1", to="bygg-och-plan", message="Överlämnat ord")
    await room.casework.progress.run(made.id, LENA, LENA.name, text="Planerat ord", external_ref="DNR-9")
    await room.run("UPDATE casework.contacts SET subject = 'Ändrat utanför' WHERE sender_name LIKE 'Goran%'")
    assert await room.casework.catch_up.run() == 1
    kept = await docs(room)
    assert "ändrat" in kept[await _id(room, two)]
    assert {"tallen", "antecknat", "anteckning", "fortfarande"} <= kept[await _id(room, one)]
    assert {"svar", "överlämnat", "planerat", "dnr", "@unit:bygg-och-plan"} <= kept[await _id(room, two)]
    await room.run("DELETE FROM casework.search_docs")
    await room.run("DELETE FROM casework.search_words")
    assert [done async for done, _ in Reindex(UnitOfWork(room.engine)).run()] == [2]
    assert await docs(room) == kept
    assert await hits(room, "planrat") == [two]
    assert await room.rows("SELECT * FROM casework.search_marks") == []


async def test_cases_of_before_the_search_are_indexed_by_the_running_service(room: Room):
    number = await room.open("a", sender=GORAN)
    await room.run("DELETE FROM casework.search_docs")
    await room.run("INSERT INTO casework.search_marks (by, case_id) SELECT 0, id FROM casework.cases")
    assert await hits(room, "åkesson") == []
    assert await room.casework.catch_up.run() == 1
    assert await hits(room, "åkesson") == [number]
    await room.run("UPDATE casework.search_docs SET made = 0, words = '{}'")
    assert await room.casework.catch_up.begin() == 1
    await room.casework.catch_up.run()
    assert await hits(room, "åkesson") == [number]


async def test_two_who_write_in_one_case_at_once_lose_no_word(room: Room):
    number = await room.open("a", sender=GORAN)
    await asyncio.gather(*(room.casework.add_note.run(number, MARIA, f"unikt{'abcdefgh'[n]}") for n in range(8)))
    for n in range(8):
        assert await hits(room, f"unikt{'abcdefgh'[n]}") == [number]


async def _id(room: Room, number: str) -> str:
    return str((await room.rows("SELECT id FROM casework.cases WHERE number = :number", number=number))[0]["id"])


async def test_why_a_case_was_found_does_not_say_who_is_anonymous(room: Room):
    number = await room.open("a", sender=GORAN, text="Elementet är kallt")
    await room.casework.reply.run(number, MARIA, "Hej Göran, montören kommer")
    await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.CITIZEN, name="Göran Åkesson"))
    for anonymous in (False, True):
        if anonymous:
            await room.casework.deeds.add_person.run(number, MARIA, About(PersonRole.ANONYMOUS))
        for text in ("elementet", "göran", "goran.akesson@medborgare.example", "0612"):
            [hit] = (await room.casework.search_cases.run(MARIA, text)).hits
            said = repr(hit).lower()
            assert any(one in said for one in ("göran", "akesson", "0612")) is not anonymous, text
    [hit] = (await room.casework.search_cases.run(MARIA, "elementet")).hits
    assert hit.why[0].kind == "text"
