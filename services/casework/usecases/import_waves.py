"""Filling in from files when units answer and what has been taken over: as every import, all of a file or nothing."""

from dataclasses import dataclass

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.store.waves import hours_record, takeover_record
from services.casework.usecases.files.hours_yaml import read_hours
from services.casework.usecases.files.takeovers_yaml import Known, read_takeovers
from services.casework.usecases.imports import Counts
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class ImportHours:
    """Take in opening hours; those of units and channels that the file does not name stay."""

    uow: UnitOfWork

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            rows = read_hours(data, {row["name"]: row["id"] for row in await work.catalogue.units()})
            changed = await work.waves.put_hours(rows)
            for row in changed:
                work.tell(hours_record(row))
        return Counts(len(rows), len(changed))


@dataclass(frozen=True, slots=True)
class ImportTakeovers:
    """Take in what has been taken over; what the file does not name stays."""

    uow: UnitOfWork
    clock: Clock
    by: str = "import"

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            types = {tuple(row["path"]): row["id"] for row in await work.catalogue.case_types()}
            known = Known(types, frozenset(row["id"] for row in await work.catalogue.entrances()))
            rows = read_takeovers(data, known)
            mark = {"changed_by": self.by, "changed_at": self.clock()}
            changed = await work.waves.put_takeovers([{**row, **mark} for row in rows])
            for row in changed:
                work.tell(takeover_record(row))
        return Counts(len(rows), len(changed))
