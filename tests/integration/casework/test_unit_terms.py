"""The terms of a unit: taken in whole or not at all, read by everybody, set by an administrator, and what they do."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.casework.__main__ import cli
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.unit_terms import ImportUnitTerms
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import MARIA, SEED, Room
from tests.support.wait import eventually
from tests.support.web import known_as

pytestmark = pytest.mark.integration

ANNA = Person("admin-anna-falk", "Anna Falk", frozenset({Role.ADMIN}), frozenset({"*"}))
DOOR = "/api/v1/units/bygg-och-plan/terms"


async def test_the_seed_of_terms_is_taken_in_and_a_second_time_changes_nothing(room: Room):
    data = (SEED / "unit-terms.yaml").read_bytes()
    act = ImportUnitTerms(UnitOfWork(room.engine))
    counts = await act.run(data)
    assert counts.read == counts.changed > 4
    assert (await act.run(data)).changed == 0
    planners = await room.casework.read_unit_terms.run("bygg-och-plan", ANNA)
    assert planners.calendar["half_days"]["2027-03-25"] == "12:00"
    assert planners.calendar["closed"] == ["2027-05-07"], "YAML's days are texts"
    assert planners.has_login
    waste = await room.casework.read_unit_terms.run("avfall-och-atervinning", ANNA)
    assert (waste.has_login, waste.webhook_url) == (False, "")
    unsaid = await room.casework.read_unit_terms.run("bostadsbolag", ANNA)
    assert (unsaid.calendar, unsaid.delivery_times, unsaid.has_login, unsaid.repeat_days) == ({}, (), True, 7)


async def test_terms_with_an_error_leave_everything_as_it_was_and_every_error_has_its_line(room: Room):
    data = b"""unit_terms:
  - unit: Bostadsbolag
    calendar: {closes: 16:00}
  - unit: Ingen
    calendar:
      opens: tidigt
      closed: [i maj]
  - unit: Bostadsbolag
    delivery_times: ["09:00", "22:00"]
    webhook_url: http://example.se
    escalation_address: chefen
    has_login: kanske
    repeat_days: many
    sender: x
"""
    with pytest.raises(RejectedFileError) as refused:
        await ImportUnitTerms(UnitOfWork(room.engine)).run(data)
    assert [error.line for error in refused.value.found] == [4, 6, 7, 8, 9, 10, 11, 12, 13, 14]
    assert all(
        "Ingen" in error.text or "Bostadsbolag" in error.text or error.line == 7 for error in refused.value.found
    )
    assert await room.rows("SELECT * FROM casework.unit_terms") == []


def test_the_command_says_what_it_did_or_every_error(database_url: str, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("KC_POSTGRES", database_url)
    runner = CliRunner()
    for command in (["migrate"], ["import-catalogue", str(SEED / "catalogue-sv.csv")]):
        assert runner.invoke(cli, command).exit_code == 0
    done = runner.invoke(cli, ["import-unit-terms", str(SEED / "unit-terms.yaml")])
    assert done.output == "verksamheters villkor: 6 i filen, 6 nya eller ändrade\n"
    bad = tmp_path / "bad.yaml"
    bad.write_text('unit_terms:\n  - unit: Bostadsbolag\n    calendar: {opens: "25:00"}\n')
    failed = runner.invoke(cli, ["import-unit-terms", str(bad)])
    assert failed.exit_code == 1
    assert f"{bad}:3: Bostadsbolag: calendar/opens: Skriv ett klockslag, till exempel 08:00." in failed.output


async def test_an_administrator_sets_them_by_http_and_others_read(app, client):
    hook = "https://bygg.kommun.example/hook"
    await known_as(app, client, MARIA)
    assert (await client.put(DOOR, json={})).status_code == 403
    assert (await client.get(DOOR)).json()["webhook_url"] is None
    await known_as(app, client, ANNA)
    wanted = {
        "calendar": {"weekdays": {"fre": "08:00-15:00"}, "half_days": {"2027-03-25": "12:00"}},
        "delivery_times": ["13:00", "09:00"],
        "has_login": False,
        "webhook_url": hook,
        "escalation_address": "chef@kommun.example",
        "repeat_days": 14,
    }
    answer = await client.put(DOOR, json=wanted)
    assert answer.status_code == 200
    whole = {**wanted, "unit": "bygg-och-plan", "delivery_times": ["09:00", "13:00"]}
    assert answer.json() == (await client.get(DOOR)).json() == {**whole, "sender_name": "", "sender_address": ""}
    await known_as(app, client, MARIA)
    assert hook not in (await client.get(DOOR)).text
    await known_as(app, client, ANNA)
    assert (await client.put(DOOR, json={})).json()["calendar"] == {}, "all of them: what is left out is as usual"


WRONG = [
    ({"calendar": {"opens": "8"}}, "/calendar/opens"),
    ({"calendar": {"closed": ["2027-02-30"]}}, "/calendar/closed/0"),
    ({"calendar": {"weekdays": {"mån-fre": "stängt"}}}, "/calendar/weekdays"),
    ({"calendar": []}, "/calendar"),
    ({"delivery_times": ["nio"]}, "/delivery_times/0"),
    ({"delivery_times": ["09:00"] * 13}, "/delivery_times"),
    ({"delivery_times": ["21:00"]}, "/delivery_times/0"),
    ({"webhook_url": "http://10.0.0.1/"}, "/webhook_url"),
    ({"webhook_url": "https://user:pw@kommun.example/"}, "/webhook_url"),
    ({"webhook_url": "https://[::1"}, "/webhook_url"),
    ({"escalation_address": "chefen"}, "/escalation_address"),
    ({"sender_address": "a@b, c@d"}, "/sender_address"),
    ({"sender_name": "Bygg\r\nBcc: a@b.se"}, "/sender_name"),
    ({"repeat_days": 1000}, "/repeat_days"),
    ({"has_login": "kanske"}, "/has_login"),
    ({"opens": "08:00"}, "/opens"),
]
"""Bodies that cannot hold, and the field that is named."""


async def test_what_cannot_hold_is_said_by_field_in_the_readers_language(app, client):
    await known_as(app, client, ANNA)
    for body, pointer in WRONG:
        said = {}
        for language in ("sv", "en"):
            refused = await client.put(DOOR, json=body, headers={"accept-language": language})
            assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), body
            [error] = refused.json()["errors"]
            assert error["pointer"] == pointer
            said[language] = error["detail"]
        assert said["sv"] != said["en"], said
    assert (await client.get(DOOR)).json()["calendar"] == {}


async def test_a_unit_that_is_not_there_has_no_terms(app, client):
    await known_as(app, client, ANNA)
    assert (await client.get("/api/v1/units/ingen/terms")).status_code == 404
    assert (await client.put("/api/v1/units/ingen/terms", json={})).status_code == 404


async def test_the_desk_says_what_a_unit_is_late_with(app, client, door_room: Room):
    number = await door_room.open("a")
    await door_room.casework.hand_over.run(number, MARIA, request_id="r", to="bygg-och-plan")
    await door_room.run(
        "UPDATE casework.handovers SET acknowledge_by = now() - interval '1 day', answer_by = now() + interval '9 days'"
    )
    await known_as(app, client, MARIA)
    late = {"Försenat hos verksamheten", number, "Bygg och plan", "skulle ha tagits emot"}

    async def shown() -> bool:
        page = (await client.get("/desk", headers={"accept": "text/html"})).text
        return all(text in page for text in late)

    await eventually(shown, 30)
