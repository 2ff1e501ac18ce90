"""Filling the catalogue: all errors with their lines, nothing half-imported, changes published."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.casework.__main__ import cli
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import imports
from services.casework.usecases.files import RejectedFileError
from shared.ids import case_type_id
from shared.records import RECORD_TYPES, AgentProfile, CaseTypeRecord, ChecklistRecord, EntranceRecord
from tests.support.casework import COLD, SEED, Room
from tests.support.checklists import CHECKLISTS

pytestmark = pytest.mark.integration

BROKEN = "Bostadsbolag | Felanmälan | Något har gått sönder i lägenheten, tar ni emot anmälan?"


def _read(name: str) -> bytes:
    return (SEED / name).read_bytes()


async def _all(room: Room) -> list[imports.Counts]:
    uow = UnitOfWork(room.engine)
    return [
        await imports.ImportCatalogue(uow, "kommun.example").run(_read("catalogue-sv.csv")),
        await imports.ImportChecklists(uow, room.time).run(CHECKLISTS.read_bytes()),
        await imports.ImportExamples(uow).run(_read("examples-sv.jsonl.gz")),
        await imports.ImportEntrances(uow).run(_read("entrances.yaml")),
        await imports.ImportPeople(uow).run(_read("people.yaml")),
    ]


async def test_the_seed_is_taken_in_and_told_and_a_second_time_changes_nothing(empty_room: Room):
    first = await _all(empty_room)
    assert [(one.read, one.changed) for one in first] == [(102, 102), (12, 12), (4080, 102), (11, 11), (16, 16)]
    told = await empty_room.events()
    records = [RECORD_TYPES[one["type"]].model_validate(one["value"]) for one in told]
    cold = [one for one in records if isinstance(one, CaseTypeRecord) and one.id == COLD][-1]
    assert cold.checklist is not None
    named = {one.id: one.case_type for one in records if isinstance(one, EntranceRecord) and one.case_type}
    assert named == {"formular-felanmalan-bostad": case_type_id(BROKEN)}
    assert (cold.checklist.id, len(cold.examples), cold.area) == ("bostad-kallt", 40, "Felanmälan")
    checklist = next(one for one in records if isinstance(one, ChecklistRecord) and one.id == "bostad-kallt")
    assert checklist.ends[-1].priority == "urgent"
    agents = [one for one in records if isinstance(one, AgentProfile)]
    assert {one.id for one in agents if one.active} == {one.id for one in agents if one.id.startswith("agent-")}
    by_id = {one.id: one for one in agents}
    assert by_id["agent-rut-holm"].reserve
    elin = by_id["agent-elin-as"]
    assert [(mode.name, mode.channels) for mode in elin.modes] == [("reception", ("visit",)), ("telefon", ("phone",))]
    assert (elin.skills, elin.rest_seconds, elin.blend_seconds) == (
        {"*": 3, "bostadsbolag": 5},
        2,
        {"email": 20, "e_service": 20},
    )
    assert by_id["agent-maria-lind"] == AgentProfile(
        id="agent-maria-lind", name="Maria Lind", skills={"*": 3}, languages=("sv", "en"), phone="+46701740605"
    )
    assert [one.changed for one in await _all(empty_room)] == [0, 0, 0, 0, 0]
    assert len(await empty_room.events()) == len(told)


async def test_a_checklist_with_errors_leaves_everything_as_it_was(room: Room):
    text = CHECKLISTS.read_bytes().decode()
    broken = text.replace("goto: klart_rad}", "goto: ingenstans}").replace("Är alla element kalla", "Är alla iskalla")
    line = 1 + next(n for n, one in enumerate(broken.splitlines()) if "ingenstans" in one)
    with pytest.raises(RejectedFileError) as caught:
        await imports.ImportChecklists(UnitOfWork(room.engine), room.time).run(broken.encode())
    assert {error.line for error in caught.value.found} >= {line}
    assert any("ingenstans, som inte finns" in error.text for error in caught.value.found)
    assert any("klart_rad kan aldrig nås" in error.text for error in caught.value.found)
    assert {row["version"] for row in await room.rows("SELECT version FROM casework.checklist_versions")} == {1}
    assert not await room.events()


async def test_a_changed_checklist_is_the_next_version_and_the_others_stay(room: Room):
    text = CHECKLISTS.read_bytes().decode().replace("Är alla element kalla", "Är alla iskalla")
    counts = await imports.ImportChecklists(UnitOfWork(room.engine), room.time).run(text.encode())
    assert (counts.read, counts.changed) == (12, 1)
    told = await room.events()
    assert [one["type"] for one in told] == ["catalogue.checklist.v1", "catalogue.case_type.v1"]
    assert told[0]["value"]["version"] == 2
    assert told[1]["value"]["checklist"] == {"id": "bostad-kallt", "version": 2}
    old = await room.casework.read_catalogue.checklist("bostad-kallt", 1)
    assert old.steps[2].text.startswith("Är alla element kalla")


async def test_examples_of_an_unknown_type_name_their_lines(room: Room):
    rows = b'{"text": "Hej", "case_type": "Ingen | Alls"}\n{"text": "", "case_type": "x"}\nskr\xc3\xa4p\n'
    with pytest.raises(RejectedFileError) as caught:
        await imports.ImportExamples(UnitOfWork(room.engine)).run(rows)
    assert [error.line for error in caught.value.found] == [2, 3]


async def test_entrances_and_people_of_unknown_units_are_rejected(room: Room):
    uow = UnitOfWork(room.engine)
    entrance = (
        "entrances:\n  - {id: a, kind: fax, value: x, name: A, unit: Ingen, greeting: Hej}\n  - {id: a, kind: desk}\n"
    )
    with pytest.raises(RejectedFileError) as caught:
        await imports.ImportEntrances(uow).run(entrance.encode())
    assert [error.line for error in caught.value.found] == [2, 2, 3, 3, 3, 3, 3]
    person = "people:\n  - {id: a, name: A, roles: [king], units: [Ingen]}\n"
    with pytest.raises(RejectedFileError) as caught:
        await imports.ImportPeople(uow).run(person.encode())
    assert len(caught.value.found) == 2


async def test_terms_that_make_no_sense_name_their_lines(room: Room):
    people = """people:
  - id: a
    name: A
    roles: [agent]
    units: ["*"]
    skills: {skola: 7}
    reserve: kanske
    max_contacts: 0
    rest_seconds: -1
    blend_seconds: {fax: 3}
    modes:
      - {name: reception, channels: [disk]}
      - {name: reception, skill: {a: 1}}
"""
    with pytest.raises(RejectedFileError) as caught:
        await imports.ImportPeople(UnitOfWork(room.engine)).run(people.encode())
    assert [error.line for error in caught.value.found] == [6, 7, 8, 9, 10, 12, 13]
    twice = "people:\n  - {id: a, name: A, roles: [agent], units: ['*'], modes: [{name: b}, {name: b}]}\n"
    with pytest.raises(RejectedFileError) as caught:
        await imports.ImportPeople(UnitOfWork(room.engine)).run(twice.encode())
    assert [error.text for error in caught.value.found] == ["Arbetssättet b står två gånger."]


def test_the_commands_print_counts_or_every_error(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KC_POSTGRES", database_url)
    runner = CliRunner()
    assert runner.invoke(cli, ["migrate"]).exit_code == 0
    assert runner.invoke(cli, ["migrate"]).exit_code == 0
    done = runner.invoke(cli, ["import-catalogue", str(SEED / "catalogue-sv.csv")])
    assert (done.exit_code, done.output) == (0, "ärendetyper: 102 i filen, 102 nya eller ändrade\n")
    bad = tmp_path / "bad.yaml"
    bad.write_text("checklists:\n  - id: a\n    unit: Ingen\n    steps: []\n")
    failed = runner.invoke(cli, ["import-checklists", str(bad)])
    assert failed.exit_code == 1
    assert f"{bad}:3: Verksamheten finns inte i katalogen: Ingen" in failed.output
    assert "inget har lästs in" in failed.output
