"""Files of checklists and local facts: taken in as examples, never over somebody's work, and written out again."""

from dataclasses import replace

import pytest

from services.casework.domain.lifecycle import Phase
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import imports
from services.casework.usecases.files import RejectedFileError
from shared.errors import ForbiddenError, NotFoundError
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import MARIA, SEED, Room
from tests.support.checklists import CHECKLISTS

pytestmark = pytest.mark.integration

COLD_ID = "bostad-kallt"
KARIN = Person("owner-karin-strom", "Karin Ström", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
EVA = Person("editor-eva-ros", "Eva Ros", frozenset({Role.EDITOR}), frozenset({"*"}))
LENA = Person("officer-lena-hall", "Lena Håll", frozenset({Role.OWNER}), frozenset({"bygg-och-plan"}))


async def test_files_are_taken_in_as_examples_and_never_over_somebodys_work(empty_room: Room):
    uow, house = UnitOfWork(empty_room.engine), empty_room.casework.checklists
    await imports.ImportCatalogue(uow, "kommun.example").run((SEED / "catalogue-sv.csv").read_bytes())
    data = CHECKLISTS.read_bytes()
    take = imports.ImportDrafts(uow, empty_room.time)
    first, second = await take.run(data), await take.run(data)
    assert (first.changed == first.read > 0, second.changed) == (True, 0)
    examples = await house.list.run(EVA)
    assert {(one.phase, one.example, one.number) for one in examples} == {(Phase.DRAFT, True, 1)}
    assert not await empty_room.rows("SELECT 1 FROM casework.case_types WHERE checklist_id IS NOT NULL")
    changed = data.replace("Är alla element kalla".encode(), "Är alla iskalla".encode())
    assert (await take.run(changed)).changed == 1
    cold = await house.read.run(EVA, COLD_ID, 1)
    await house.write.run(KARIN, replace(cold.checklist, legal_note="Mina egna ord."), cold.revision)
    assert not (await house.read.run(EVA, COLD_ID, 1)).example
    line = 1 + next(n for n, one in enumerate(data.decode().splitlines()) if f"id: {COLD_ID}" in one)
    with pytest.raises(RejectedFileError) as refused:
        await take.run(data)
    assert [error.line for error in refused.value.found] == [line]
    with pytest.raises(RejectedFileError) as refused:
        await house.take_in.run(KARIN, data)
    assert len(refused.value.found) > 1  # hers that is worked on, and all that are others'
    own = changed.split(b"\n\n")[0] + b"\n\n" + changed.split(b"\n\n")[1]
    assert (await house.take_in.run(KARIN, own)).changed == 0
    with pytest.raises(ForbiddenError):
        await house.take_in.run(MARIA, own)
    facts = b"params:\n  - {unit: Bostadsbolag, name: journummer, value: 070-174 06 05, measure: telefon}\n"
    load = imports.ImportParams(uow, empty_room.time)
    assert [(await load.run(facts)).changed, (await load.run(facts)).changed] == [1, 0]
    wrong = (
        b"params:\n  - {unit: Ingen, name: a, value: b}\n  - {unit: Bostadsbolag, name: a, value: x, measure: tal}\n"
    )
    with pytest.raises(RejectedFileError) as refused:
        await load.run(wrong)
    assert [error.line for error in refused.value.found] == [2, 3]


async def test_the_seed_is_exported_as_a_file_that_changes_nothing(room: Room):
    data = await room.casework.checklists.export.run(EVA)
    counts = await imports.ImportChecklists(UnitOfWork(room.engine), room.time).run(data)
    assert (counts.read > 0, counts.changed) == (True, 0)
    one = await room.casework.checklists.export.run(KARIN, [COLD_ID], 1)
    assert one.decode().count("- id: bostad-") == 1
    with pytest.raises(NotFoundError):
        await room.casework.checklists.export.run(LENA, [COLD_ID])
