"""A run of practice: begun, worked as a case would be, and judged at its end. Only she who has it can touch it."""

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.casework.domain.case import ObligatoryStepOpenError
from services.casework.domain.checklist import Done, NothingToUndoError, Run, StepNotNextError
from services.casework.domain.ending import Ending, owed
from services.casework.domain.practice import Deed, Good, PracticeEndedError, judge
from services.casework.router_client import RouterClient
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.work_case import LONGEST_REFERENCE, LONGEST_TEXT, UnknownCaseTypeError
from shared.clock import Clock
from shared.errors import DomainError, KontaktcenterError, NotFoundError
from shared.ids import new_id
from shared.vocabulary import LIVE_CHANNELS, Outcome, Resolution
from shared.web.access import Person

KEPT = timedelta(days=365)


class NotYetError(DomainError):
    """The checklist of the exercise is not live, so there is nothing to follow."""

    type = "practice-not-ready"
    status = 409
    title = "Övningen kan göras när dess checklista är publicerad."


@dataclass(frozen=True, slots=True)
class StartPractice:
    """Begin a run, or go on with the one that has begun."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock

    async def run(self, exercise_id: str, person: Person) -> str:
        """Return the run's id; what was written gets the router's suggestions, which it remembers nothing of."""
        async with self.uow.read() as work:
            exercise = await work.practice.exercise(exercise_id)
        if exercise is None or not exercise["active"]:
            raise NotFoundError
        if exercise["list_id"] is None:
            raise NotYetError
        row = {"id": new_id(), "exercise_id": exercise_id, "unit": exercise["unit"], "started_at": self.clock()}
        row |= {"agent_id": person.id, "agent_name": person.name, "candidates": await self._suggested(exercise)}
        async with self.uow.begin() as work:
            await work.practice.begin(row)
            found = await work.practice.open_run(person.id, exercise_id)
        return str(found["id"]) if found else str(row["id"])

    async def _suggested(self, exercise: Row) -> list[Any]:
        """Return what would be suggested; nothing for a talk that nobody has heard yet, or while the router is away."""
        if exercise["channel"] in LIVE_CHANNELS:
            return []
        with contextlib.suppress(KontaktcenterError):
            said = await self.router.match(f"{exercise['subject']}\n{exercise['body']}")
            return list(said.get("candidates", ()))
        return []


@dataclass(frozen=True, slots=True)
class WorkPractice:
    """Type, steps, note: by the same rules as a case, and nobody hears of it."""

    uow: UnitOfWork
    clock: Clock

    async def classify(self, run_id: str, person: Person, case_type: str) -> None:
        """Choose the case type; another one begins its own checklist anew."""
        async with self.uow.begin() as work:
            row = await mine(work, run_id, person, hold=True)
            found = await work.catalogue.case_type(case_type)
            if found is None or found["deprecated"]:
                raise UnknownCaseTypeError
            if case_type == row["case_type"]:
                return
            list_of = {"checklist_id": found["checklist_id"], "checklist_version": found["checklist_version"]}
            await work.practice.change(run_id, case_type=case_type, done=[], **list_of)

    async def step(self, run_id: str, person: Person, done: Done) -> None:
        """Do the step that is next; StepNotNextError for any other."""
        async with self.uow.begin() as work:
            row = await mine(work, run_id, person, hold=True)
            run = await walked(work, row)
            if run is None:
                raise StepNotNextError(step=done.step)
            said, named = done.note.strip()[:LONGEST_TEXT], done.reference.strip()[:LONGEST_REFERENCE]
            whole = replace(done, note=said, reference=named, by=person.id, at=self.clock())
            await work.practice.change(run_id, done=_kept(run.answer(whole)))

    async def back(self, run_id: str, person: Person) -> None:
        """Take the last step back."""
        async with self.uow.begin() as work:
            row = await mine(work, run_id, person, hold=True)
            run = await walked(work, row)
            if run is None:
                raise NothingToUndoError
            await work.practice.change(run_id, done=_kept(run.back()))

    async def note(self, run_id: str, person: Person, note: str) -> None:
        """Keep what she writes."""
        async with self.uow.begin() as work:
            await mine(work, run_id, person, hold=True)
            await work.practice.change(run_id, note=note.replace("\x00", "")[:LONGEST_TEXT])

    async def leave(self, run_id: str, person: Person) -> None:
        """Break off: the run counts for nothing."""
        async with self.uow.begin() as work:
            await mine(work, run_id, person, hold=True)
            await work.practice.leave(run_id)


@dataclass(frozen=True, slots=True)
class EndPractice:
    """Close it or hand it over, and be told how it went. An obligatory step blocks closing, as it does in a case."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, run_id: str, person: Person, kind: Outcome, resolution: Resolution | None = None) -> None:
        """End the run and judge it; ObligatoryStepOpenError is counted, because she would have left a step out."""
        async with self.uow.begin() as work:
            row = await mine(work, run_id, person, hold=True)
            run = await walked(work, row)
            open_steps = owed(run, Ending.CLOSE) if kind is Outcome.CLOSE else ()
            if open_steps:
                await work.practice.change(run_id, refused=row["refused"] + 1)
            else:
                exercise = await work.practice.exercise(row["exercise_id"])
                deed = Deed(kind, (resolution or Resolution.HANDED_OVER).value)
                await self._judged(work, row, good_of(exercise), run, deed)
        if run is not None and open_steps:
            raise ObligatoryStepOpenError(", ".join(run.checklist.fill(step.text) for step in open_steps))

    async def _judged(self, work: Work, row: Row, good: Good, run: Run | None, deed: Deed) -> None:
        found = judge(good, row["case_type"], run, deed, row["note"])
        names = ("case_type", "obligatory", "end", "note", "left", "unfit")
        said = {name: getattr(found, name) for name in names} | {"at_end": run.end.id if run and run.end else ""}
        values = {"kind": deed.kind.value, "resolution": deed.resolution, "passed": found.passed}
        await work.practice.change(row["id"], ended_at=self.clock(), verdict=said, **values)


async def mine(work: Work, run_id: str, person: Person, *, hold: bool = False) -> Row:
    """Return her own run; NotFoundError when it is somebody else's, PracticeEndedError to write in one that is over."""
    row = await work.practice.run(run_id, hold=hold)
    if row is None or row["agent_id"] != person.id:
        raise NotFoundError
    if hold and row["ended_at"] is not None:
        raise PracticeEndedError
    return row


async def walked(work: Work, row: Row) -> Run | None:
    """Return the walk of a run through the version that was live when the type was chosen."""
    if row["checklist_id"] is None:
        return None
    published = await work.runs.version(row["checklist_id"], row["checklist_version"])
    return Run(published.checklist, done_of(row)) if published else None


def done_of(row: Row) -> tuple[Done, ...]:
    """Return the steps that are done."""
    return tuple(Done(**{**one, "at": one["at"] and datetime.fromisoformat(one["at"])}) for one in row["done"])


def _kept(run: Run) -> list[dict[str, Any]]:
    names = ("step", "option", "note", "by", "reference")
    said = [{name: getattr(one, name) for name in names} for one in run.done]
    return [{**one, "at": done.at.isoformat() if done.at else None} for one, done in zip(said, run.done, strict=True)]


def good_of(exercise: Row | None) -> Good:
    """Return what a good run of an exercise comes to."""
    if exercise is None:
        raise NotFoundError
    kind = Outcome(exercise["kind"])
    return Good(exercise["case_type"], exercise["good_end"], kind, tuple(exercise["answers"]))


@dataclass(frozen=True, slots=True)
class ForgetPractice:
    """Erase runs of practice a year after they began; what was signed off stands."""

    uow: UnitOfWork
    clock: Clock

    async def run(self) -> int:
        """Return how many were erased."""
        async with self.uow.begin() as work:
            return await work.practice.forget(self.clock() - KEPT)
