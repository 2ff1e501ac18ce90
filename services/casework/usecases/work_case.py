"""Working a case: its type, the steps of its checklist, what it lacks, and the time it takes."""

from dataclasses import dataclass
from datetime import timedelta

from services.casework.domain.case import Case, Deed
from services.casework.domain.checklist import Done, NothingToUndoError, Run, StepNotNextError
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.first_contact import came_back
from services.casework.usecases.park import rested
from services.casework.usecases.protection import hold
from services.casework.usecases.standing import nobody_was_first, not_behind, permitted, write_down
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import DomainError, KeyReusedError
from shared.events import CaseClassified, CaseStepDone, CaseStepUndone, ChecklistRef
from shared.web.access import Person

LONGEST_TEXT = 20_000
LONGEST_REFERENCE = 200
BEAT_GAP = timedelta(seconds=25)
"""The desk beats every 10 s while a case is open, focused and owned; a longer silence is not work."""


class UnknownCaseTypeError(DomainError):
    """There is no such case type, or it is no longer used."""

    type = "unknown-case-type"
    status = 422
    title = "Ärendetypen finns inte."


class EmptyTextError(DomainError):
    """Nothing is written."""

    type = "empty-text"
    status = 422
    title = "Skriv något först."


async def same_words(work: Work, text_id: str, body: str) -> None:
    """Refuse other words under a key that was used (KeyReusedError): they would be lost; erased ones ask nothing."""
    if await work.texts.body_of(text_id) not in {body, ""}:
        raise KeyReusedError


def wanted(text: str) -> str:
    """Return a text that somebody wrote, bounded; EmptyTextError when there is none."""
    plain = text.replace("\x00", "").strip()[:LONGEST_TEXT]
    if not plain:
        raise EmptyTextError
    return plain


@dataclass(frozen=True, slots=True)
class ClassifyCase:
    """Confirm or correct the case type; a corrected one switches to its own checklist, in its present version."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, case_type: str, seen: int | None = None) -> None:
        """Classify; the same type again is a confirmation, and a repeated confirmation is nothing."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await not_behind(work, case, person, seen, self.clock)
            await permitted(work, case, Deed.CLASSIFY, self.clock)
            row = await work.catalogue.case_type(case_type)
            if row is None or row["deprecated"]:
                raise UnknownCaseTypeError
            if case_type == case.case_type and case.classified_how in ("confirmed", "corrected"):
                return
            by = author(person, case)
            await self._write(work, case, row, by)
            if row["id"] != case.case_type:
                facts = {"case_type": row["id"], "previous": case.case_type}
                await write_down(work, case.id, person, by, Deed.CLASSIFY, self.clock, **facts)
            work.first_contacts.typed(case.id)
            await came_back(work, self.clock())

    async def _write(self, work: Work, case: Case, row: Row, by: str) -> None:
        now = self.clock()
        same = row["id"] == case.case_type
        how = "confirmed" if same else "corrected"
        values: dict[str, object] = {"case_type": row["id"], "classified_how": how, "unit": row["unit"]}
        if not same:
            fresh = {"checklist_id": row["checklist_id"], "checklist_version": row["checklist_version"]}
            values |= {**fresh, "run": case.run + 1}
        await work.cases.change(case.id, now, **values)
        work.tell(
            CaseClassified(
                case_id=case.id,
                case_number=case.number,
                contact_id=case.current_contact,
                case_type=row["id"],
                unit=row["unit"],
                how=how,
                previous=None if same else case.case_type,
                by=by,
                at=now,
            )
        )


@dataclass(frozen=True, slots=True)
class DoStep:
    """Do the step that is next, with one of its answers; StepNotNextError (422) for any other.

    A decision that asks for it says by which delegation it is taken. Somebody who says what she saw (`seen`) and was
    not the first is told who was (ChangedMeanwhileError, 409).
    """

    uow: UnitOfWork
    clock: Clock

    async def run(  # noqa: PLR0913 - what is done, by name
        self,
        number: str,
        person: Person,
        step: str,
        option: str | None = None,
        note: str = "",
        *,
        reference: str = "",
        seen: int | None = None,
    ) -> None:
        """Do a step; `option` is the answer's label or its number, `reference` the delegation of a decision."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await not_behind(work, case, person, seen, self.clock)
            state = await permitted(work, case, Deed.STEP, self.clock)
            run = await work.runs.of(case)
            if run is None:
                raise StepNotNextError(step=step)
            now, by = self.clock(), author(person, case)
            if seen is not None and run.here != step:
                await nobody_was_first(work, run, by, self.clock, step)
            said, named = note.strip()[:LONGEST_TEXT], reference.strip()[:LONGEST_REFERENCE]
            walked = run.answer(Done(step, option, said, by, now, named))
            await work.runs.append(case, len(walked.done), walked.done[-1])
            await work.cases.change(case.id, now, state=state.value, **await rested(work, case, now))
            self._tell(work, case, walked)

    def _tell(self, work: Work, case: Case, run: Run) -> None:
        done = run.done[-1]
        work.tell(
            CaseStepDone(
                case_id=case.id,
                case_number=case.number,
                checklist=ChecklistRef(id=run.checklist.id, version=run.checklist.version),
                step=done.step,
                option=done.option,
                by=done.by,
                at=self.clock(),
            )
        )


@dataclass(frozen=True, slots=True)
class StepBack:
    """Take back the last step; that it was done, and taken back, stays in the history."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, *, seen: int | None = None, last: str | None = None) -> None:
        """Go one step back; NothingToUndoError (409) at the beginning.

        `last` is the step that she saw as the last one done: another's newer step is not taken back unseen.
        """
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await not_behind(work, case, person, seen, self.clock)
            await permitted(work, case, Deed.STEP, self.clock)
            run = await work.runs.of(case)
            if run is None:
                raise NothingToUndoError
            run.back()
            if last is not None and run.done[-1].step != last:
                await nobody_was_first(work, run, author(person, case), self.clock)
            now = self.clock()
            by, ref = author(person, case), ChecklistRef(id=run.checklist.id, version=run.checklist.version)
            await work.runs.undo_last(case, by, now)
            await work.cases.change(case.id, now)
            told = {"case_id": case.id, "case_number": case.number, "step": run.done[-1].step, "by": by, "at": now}
            work.tell(CaseStepUndone.model_validate({**told, "checklist": ref}))


@dataclass(frozen=True, slots=True)
class BeatCase:
    """Count working time: the desk beats while the case is open, focused and owned by the one who sits there."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person) -> None:
        """Count the time since the last beat, unless the desk was silent; nothing for a case of somebody else."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            if case.agent_id == person.id:
                await work.handling.beat(case.id, self.clock(), BEAT_GAP)
