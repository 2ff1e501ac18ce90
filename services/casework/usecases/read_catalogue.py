"""Reading the catalogue and the people."""

from dataclasses import dataclass

from services.casework.store.bodies import checklist_from, record_of
from services.casework.store.catalogue import case_type_record, entrance_record, unit_record
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import views
from shared.errors import NotFoundError
from shared.records import CaseTypeRecord, ChecklistRecord, EntranceRecord, UnitRecord
from shared.vocabulary import Role
from shared.web.access import Person


@dataclass(frozen=True, slots=True)
class ReadCatalogue:
    """Read units, entrances, case types and checklists; they are everybody's to see."""

    uow: UnitOfWork

    async def units(self) -> list[UnitRecord]:
        """Return all units by name."""
        async with self.uow.read() as work:
            return [unit_record(row) for row in await work.catalogue.units()]

    async def entrances(self) -> list[EntranceRecord]:
        """Return all entrances by name."""
        async with self.uow.read() as work:
            return [entrance_record(row) for row in await work.catalogue.entrances()]

    async def case_types(self) -> list[CaseTypeRecord]:
        """Return all living case types by path."""
        async with self.uow.read() as work:
            return [case_type_record(row) for row in await work.catalogue.case_types(living=True)]

    async def checklists(self) -> list[ChecklistRecord]:
        """Return the current version of every checklist."""
        async with self.uow.read() as work:
            rows = await work.catalogue.checklists()
        return [
            record_of(checklist_from(row["body"], row["version"]), row["published_at"], row["review_by"])
            for row in rows
        ]

    async def checklist(self, checklist_id: str, version: int) -> ChecklistRecord:
        """Return one version of a checklist, however old; NotFoundError when there is none."""
        async with self.uow.read() as work:
            row = await work.catalogue.checklist_version(checklist_id, version)
        if row is None:
            raise NotFoundError
        return record_of(checklist_from(row["body"], version), row["published_at"], row["review_by"])


@dataclass(frozen=True, slots=True)
class ReadPeople:
    """Read who may log in."""

    uow: UnitOfWork

    async def run(self) -> tuple[views.PersonRow, ...]:
        """Return everybody by name (the development login lists them)."""
        async with self.uow.read() as work:
            names = {row["id"]: row["name"] for row in await work.catalogue.units()}
            rows = await work.catalogue.people()
        return tuple(
            views.PersonRow(
                id=row["id"],
                name=row["name"],
                roles=tuple(row["roles"]),
                units=tuple(row["units"]),
                unit_names=tuple(names.get(unit, unit) for unit in row["units"]),
                email=row["email"],
                phone=row["phone"],
            )
            for row in rows
        )

    async def person(self, person_id: str) -> Person:
        """Return a person as the guards know her; NotFoundError when she is not there or has left."""
        async with self.uow.read() as work:
            row = await work.catalogue.person(person_id)
        if row is None or not row["active"]:
            raise NotFoundError
        roles = frozenset(Role(role) for role in row["roles"])
        return Person(row["id"], row["name"], roles, frozenset(row["units"]), row["email"])
