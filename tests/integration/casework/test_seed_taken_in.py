"""The seed's checklists at a first start: examples for a real installation, live and filled in for a demonstration."""

import pytest

from deploy.prepare import CHECKLISTS, DEMO_FACTS, SEED
from services.casework.domain.lifecycle import Phase
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import imports
from shared.records import RECORD_TYPES, ChecklistRecord
from shared.vocabulary import Outcome, Role
from shared.web.access import Person
from tests.support.casework import Room

pytestmark = pytest.mark.integration

EVA = Person("editor-eva-ros", "Eva Ros", frozenset({Role.EDITOR}), frozenset({"*"}))
FILES = [(SEED / name).read_bytes() for name in CHECKLISTS[1:]]
NAMING = "SELECT checklist_id FROM casework.case_types WHERE checklist_id IS NOT NULL"


async def test_a_real_installation_gets_examples_that_nobody_meets(empty_room: Room):
    uow = UnitOfWork(empty_room.engine)
    await imports.ImportCatalogue(uow, "kommun.example").run((SEED / "catalogue-sv.csv").read_bytes())
    taken = [await imports.ImportDrafts(uow, empty_room.time).run(data) for data in FILES]
    found = await empty_room.casework.checklists.list.run(EVA)
    assert {(one.phase, one.example) for one in found} == {(Phase.DRAFT, True)}
    assert len(found) == sum(one.changed for one in taken) > 0
    assert not await empty_room.rows(NAMING)


async def test_a_demonstration_meets_them_all_with_every_local_fact(empty_room: Room):
    uow = UnitOfWork(empty_room.engine)
    await imports.ImportCatalogue(uow, "kommun.example").run((SEED / "catalogue-sv.csv").read_bytes())
    await imports.ImportParams(uow, empty_room.time).run((SEED / DEMO_FACTS[1]).read_bytes())
    taken = [await imports.ImportChecklists(uow, empty_room.time).run(data) for data in FILES]
    assert len(await empty_room.rows(NAMING)) == sum(one.changed for one in taken) > 0
    told = [RECORD_TYPES[one["type"]].model_validate(one["value"]) for one in await empty_room.events()]
    records = [one for one in told if isinstance(one, ChecklistRecord)]
    assert all(value for one in records for value in one.params.values())
    assert all(end.why for one in records for end in one.ends if end.kind == Outcome.HANDOVER)
    written = await empty_room.casework.checklists.export.run(EVA)
    again = await imports.ImportChecklists(uow, empty_room.time).run(written)
    assert (again.read, again.changed) == (len(records), 0)
