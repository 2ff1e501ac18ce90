"""What can be practised: read in from a file, listed for an agent by unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.files.exercises_yaml import read_exercises
from services.casework.usecases.imports import Counts
from shared.web.access import Person


@dataclass(frozen=True, slots=True)
class ExerciseView:
    """An invented contact as it is offered: nothing here says what it is about."""

    id: str
    channel: str
    name: str
    ready: bool
    """Whether its checklist is live."""
    runs: int
    passed: int
    run_id: str | None = None
    """A run of hers that has not ended."""


@dataclass(frozen=True, slots=True)
class UnitExercises:
    """A unit, what can be practised in it, and whether she is signed off for it."""

    unit: str
    name: str
    exercises: tuple[ExerciseView, ...]
    signed_off: bool

    @property
    def passed(self) -> int:
        """How many of them have gone well at least once."""
        return sum(one.passed > 0 for one in self.exercises)


@dataclass(frozen=True, slots=True)
class ImportExercises:
    """Take in exercises; one that the file does not name any more is offered no more, and its runs stay."""

    uow: UnitOfWork

    async def run(self, data: bytes) -> Counts:
        """Import a YAML file."""
        async with self.uow.begin() as work:
            await work.catalogue.hold()
            types = {" | ".join(row["path"]): row for row in await work.catalogue.case_types(living=True)}
            rows = read_exercises(data, types)
            gone = {row["id"] for row in await work.practice.exercises()} - {row["id"] for row in rows}
            changed = await work.practice.put(rows)
            await work.practice.retire(sorted(gone))
        return Counts(len(rows), len(changed) + len(gone))


@dataclass(frozen=True, slots=True)
class ListExercises:
    """List what an agent can practise."""

    uow: UnitOfWork

    async def run(self, person: Person) -> tuple[UnitExercises, ...]:
        """Return it by unit, with what she has done in each."""
        async with self.uow.read() as work:
            rows = await work.practice.exercises()
            done, started = await work.practice.of_agent(person.id), await work.practice.open_of(person.id)
            me = await work.catalogue.person(person.id)
        held = set(me["signed_off"]) if me else set()
        by_unit: dict[str, list[ExerciseView]] = {}
        for row in rows:
            by_unit.setdefault(row["unit"], []).append(_view(row, done, started))
        names = {row["unit"]: row["unit_name"] for row in rows}
        return tuple(UnitExercises(unit, names[unit], tuple(mine), unit in held) for unit, mine in by_unit.items())


def _view(row: Row, done: Mapping[str, Row], started: Mapping[str, str]) -> ExerciseView:
    mine: Mapping[str, Any] = done.get(row["id"], {"runs": 0, "passed": 0})
    counts = {"runs": mine["runs"], "passed": mine["passed"], "run_id": started.get(row["id"])}
    return ExerciseView(row["id"], row["channel"], row["name"], row["list_id"] is not None, **counts)
