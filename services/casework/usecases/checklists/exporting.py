"""Checklists as a file that can be taken in again."""

from collections.abc import Collection
from dataclasses import dataclass

from services.casework.domain.lifecycle import LIVE
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.files.checklists_out import write_checklists
from shared.errors import NotFoundError
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class ExportChecklists:
    """The YAML of checklists of the person's units."""

    uow: UnitOfWork

    async def run(self, person: Person, ids: Collection[str] | None = None, number: int | None = None) -> bytes:
        """Return the live versions (of some checklists), or version `number` of the one that is named."""
        async with self.uow.read() as work:
            seen = visible_units(person)
            if number is not None:
                found = [await work.versions.get(one, number, seen) for one in ids or ()]
            else:
                live = await work.versions.listed(seen, LIVE)
                found = [one for one in live if ids is None or one.id in ids]
            if not found and ids is not None:
                raise NotFoundError
            paths = {row["id"]: tuple(row["path"]) for row in await work.catalogue.case_types()}
        return write_checklists([one.checklist for one in found], paths)
