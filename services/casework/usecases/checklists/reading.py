"""Reading versions of checklists, what is wrong with them, what was done with them, and what is to be read again."""

from collections.abc import Collection
from dataclasses import dataclass

from services.casework.domain.checklist_problems import Problem
from services.casework.domain.lifecycle import LIVE, Act, Phase, Version, can
from services.casework.domain.reread import Due, due_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.checklists.acting import faults_of, may
from shared.clock import Clock, local
from shared.errors import NotFoundError
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class ListVersions:
    """Versions of the person's units, by checklist, the newest first."""

    uow: UnitOfWork

    async def run(
        self, person: Person, phases: Collection[Phase] | None = None, checklist_id: str | None = None
    ) -> tuple[Version, ...]:
        """Return those in some phases (None: all), of one checklist if asked."""
        async with self.uow.read() as work:
            return tuple(await work.versions.listed(visible_units(person), phases, checklist_id))


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """One version, whatever its phase."""

    uow: UnitOfWork

    async def run(self, person: Person, checklist_id: str, number: int) -> Version:
        """Return it; NotFoundError when there is none or it is not of the person's units."""
        async with self.uow.read() as work:
            return await work.versions.get(checklist_id, number, visible_units(person))


@dataclass(frozen=True, slots=True)
class ReadProblems:
    """What must be mended before a version can be live."""

    uow: UnitOfWork

    async def run(self, person: Person, checklist_id: str, number: int) -> tuple[Problem, ...]:
        """Return every problem at its place."""
        async with self.uow.read() as work:
            return await faults_of(work, await work.versions.get(checklist_id, number, visible_units(person)))


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """What was done with a checklist."""

    uow: UnitOfWork

    async def run(self, person: Person, checklist_id: str) -> tuple[Row, ...]:
        """Return every act of all its versions, oldest first: version, at, by, by_name, what, facts."""
        async with self.uow.read() as work:
            if not await work.versions.listed(visible_units(person), checklist_id=checklist_id):
                raise NotFoundError
            return tuple(await work.versions.history(checklist_id))


@dataclass(frozen=True, slots=True)
class ReadDue:
    """What the person has to read again within thirty days, or should have read."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person) -> tuple[Due, ...]:
        """Return it, the nearest day first."""
        today = local(self.clock()).date()
        async with self.uow.read() as work:
            live = await work.versions.listed(visible_units(person), LIVE)
        found = [one for version in live for one in due_of(version, today)]
        return tuple(sorted(found, key=lambda one: (one.day, one.checklist, one.text)))


def acts(person: Person, version: Version) -> frozenset[Act]:
    """Return what the person can do with a version now; whoever wrote last cannot approve."""
    mine = {act for act in can(version.phase) & ACTED if may(person, act, version)}
    return frozenset(mine - {Act.APPROVE} if version.author == person.id else mine)


ACTED = frozenset(Act) - {Act.SUPERSEDE, Act.LAPSE, Act.RESTORE}
"""What people do; the rest follows."""
