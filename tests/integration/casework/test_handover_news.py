"""What a unit and its officers hear by mail, on the real database: that something has happened, never what was said."""

from typing import Any

import pytest

from shared.events import Sender
from tests.support.casework import MARIA, PER, Room
from tests.support.handing import EVA, LINA, handed, hire, mails, secret, seen

pytestmark = pytest.mark.integration


async def _writes(room: Room, number: str, name: str = "b", text: str = "Sovrummet", **facts: Any) -> None:
    case = await room.casework.read_case.run(number, MARIA)
    await room.casework.follow_contacts.run([room.followed(name, case.id, text=text, **facts)])


async def test_when_the_citizen_writes_the_unit_and_the_officer_hear_it_without_her_words(room: Room):
    number, one = await handed(room)
    await hire(room, LINA)
    await room.casework.assign.run(one, PER, "Per Dahl", LINA.id)
    [hers] = await mails(room, "news")
    assert (hers["recipient"], "Ärende" in hers["subject"]) == ("officer-lina-ek@kommun.example", True)
    assert "Invånaren ska ha svar senast 2026-11-27 kl. 17.00" in hers["body"]
    await _writes(room, number)
    told = (await mails(room, "news"))[1:]
    assert {mail["recipient"] for mail in told} == {"bostadsbolag@kommun.example", "officer-lina-ek@kommun.example"}
    for mail in told:
        assert f"Invånaren har skrivit i ärende {number}" in mail["body"]
        assert "Sovrummet" not in mail["body"] + mail["subject"]
        assert f"http://127.0.0.1:8103/cases/{number}" in mail["body"]


async def test_read_again_it_is_told_once(room: Room):
    number, _ = await handed(room)
    for _ in range(2):
        await _writes(room, number)
    assert len(await mails(room, "news")) == 1


async def test_a_unit_without_a_login_gets_its_own_link(room: Room):
    number, one = await handed(room)
    await room.run("INSERT INTO casework.unit_terms (unit, has_login) VALUES ('bostadsbolag', false)")
    await _writes(room, number)
    [mail] = await mails(room, "news")
    assert "http://127.0.0.1:8103/h/" in mail["body"]
    await room.run("INSERT INTO casework.unit_terms (unit, has_login) VALUES ('bygg-och-plan', false)")
    await room.casework.reassign.run(one, PER, "bygg-och-plan", "Er", "Per Dahl")
    assert "http://127.0.0.1:8103/h/" in (await mails(room, "handover"))[-1]["body"]


async def test_robots_the_unit_itself_and_what_is_over_are_not_told_of(room: Room):
    number, one = await handed(room)
    await room.casework.ask_citizen.run(one, PER, "Per Dahl", "Vilket rum?")
    await _writes(room, number, "b", "Jag är borta", automatic=True)
    await _writes(room, number, "c", "Vi åker dit", sender=Sender(name="Jour", email="Bostadsbolag@kommun.example"))
    _, now = await seen(room, number)
    assert now.paused_at is not None, "the unit's own answer to our mail is not the citizen's"
    await room.casework.answer.run(one, PER, "Per Dahl", "Klart")
    await _writes(room, number, "d", "Tack")
    assert not await mails(room, "news")


async def test_a_substitute_hears_in_place_of_one_who_is_away(room: Room):
    number, one = await handed(room)
    await hire(room, LINA, EVA)
    await room.casework.assign.run(one, PER, "Per Dahl", LINA.id)
    back = room.time().replace(year=2027)
    await room.casework.set_away.run(LINA, back, EVA.id)
    await _writes(room, number)
    assert {mail["recipient"] for mail in (await mails(room, "news"))[1:]} == {
        "bostadsbolag@kommun.example",
        "officer-eva-ny@kommun.example",
    }


async def test_who_takes_it_herself_needs_no_mail_about_it(room: Room):
    _, one = await handed(room)
    await room.casework.assign.run(one, PER, "Per Dahl", PER.id)
    assert not await mails(room, "news")


async def test_taken_back_after_its_delivery_the_unit_hears_it(room: Room):
    number, one = await handed(room)
    await room.casework.withdraw.run(one, MARIA, "Det löste sig")
    [mail] = await mails(room, "news")
    assert (mail["recipient"], f"tagit tillbaka ärende {number}" in mail["body"]) == (
        "bostadsbolag@kommun.example",
        True,
    )
    [told] = await room.events("handover.withdrawn.v1")
    assert told["value"]["handover_id"] == one


async def test_passed_on_it_is_delivered_to_the_next(room: Room):
    _, one = await handed(room)
    await room.casework.reassign.run(one, PER, "bygg-och-plan", "Er", "Per Dahl")
    [told] = await room.events("handover.delivered.v1")
    assert (told["value"]["to"], told["value"]["by"]) == ("bygg-och-plan", PER.id)


async def test_a_secret_case_is_not_told_of_by_name(room: Room):
    number = await secret(room)
    await room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    await _writes(room, number, text="Han slog igen")
    [mail] = await mails(room, "news")
    assert "slog" not in mail["body"] + mail["subject"]
    assert "Olle" not in mail["body"] + mail["subject"]


async def test_that_the_citizen_wrote_is_told_also_when_the_units_own_mail_comes_right_behind(room: Room):
    number, _ = await handed(room)
    case = await room.casework.read_case.run(number, MARIA)
    own = Sender(name="Jour", email="bostadsbolag@kommun.example")
    await room.casework.follow_contacts.run(
        [room.followed("b", case.id, text="Sovrummet"), room.followed("c", case.id, text="Vi åker dit", sender=own)]
    )
    assert [mail["recipient"] for mail in await mails(room, "news")] == ["bostadsbolag@kommun.example"]
