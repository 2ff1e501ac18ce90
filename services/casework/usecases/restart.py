"""Starting over in the version of a checklist that holds now; the walk through the older one stays in the store."""

from dataclasses import dataclass

from services.casework.domain.case import Deed
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.checklists.urgent import newer_than
from services.casework.usecases.protection import hold
from services.casework.usecases.standing import not_behind, permitted
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.web.access import Person

RESTARTED = "checklist_restarted"
"""What the history calls it."""


@dataclass(frozen=True, slots=True)
class RestartRun:
    """Begin a new run in the newer version; nothing happens when the case stands in the one that holds."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, seen: int | None = None) -> None:
        """Start over."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await not_behind(work, case, person, seen, self.clock)
            await permitted(work, case, Deed.STEP, self.clock)
            if case.checklist_id is None or case.checklist_version is None:
                return
            newer = await newer_than(work, case.checklist_id, case.checklist_version)
            if newer is None:
                return
            now, by = self.clock(), author(person, case)
            await work.cases.change(case.id, now, checklist_version=newer.version, run=case.run + 1)
            name = "" if person.machine else person.name
            facts = {"other": str(newer.version)}
            await work.history.write(case.id, now, by=by, by_name=name, what=RESTARTED, facts=facts)
