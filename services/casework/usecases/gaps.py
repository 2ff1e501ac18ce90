"""Gap reports (*brist i kunskapsbank*): an agent says what is missing or wrong, its owner answers by a day."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from services.casework.domain.case import Case, Deed
from services.casework.store.gaps import OPEN
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.calendars import calendar_for
from services.casework.usecases.protection import hold
from services.casework.usecases.standing import permitted
from services.casework.usecases.who import author
from services.casework.usecases.work_case import wanted
from shared.clock import Clock
from shared.errors import DomainError, NotFoundError
from shared.events import ChecklistRef, KnowledgeGapAnswered, KnowledgeGapReported
from shared.ids import natural_event_id, new_id
from shared.web.access import Person, visible_units

WORKING_DAYS = 5
"""So long an owner has for her answer."""


class GapKind(StrEnum):
    """What is reported."""

    WRONG = "wrong"
    """A step, or the checklist, is wrong or lacks something."""
    MISSING = "missing"
    """No checklist fits."""


class GapAnsweredError(DomainError):
    """The report has an answer already."""

    type = "gap-answered"
    status = 409
    title = "Rapporten är redan besvarad."


@dataclass(frozen=True, slots=True)
class GapView:
    """A report as its owner and its reporter see it."""

    id: str
    kind: str
    case_number: str
    unit: str
    unit_name: str
    question: str
    checklist_id: str | None
    checklist_version: int | None
    step: str
    text: str
    reported_name: str
    reported_at: datetime
    due_at: datetime
    state: str
    """`open`, `answered` or `declined`."""
    late: bool
    answer: str
    answered_name: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportGap:
    """Say that a checklist misses something, is wrong, or is not there at all."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self,
        number: str,
        person: Person,
        text: str,
        step: str | None = None,
        *,
        kind: GapKind = GapKind.WRONG,
        request_id: str | None = None,
    ) -> str:
        """Report it and return its id: a note in the case, and a task with a day for the checklist's owner."""
        body = wanted(text)
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await permitted(work, case, Deed.NOTE, self.clock)
            now, by = self.clock(), author(person, case)
            gap_id = natural_event_id("gap", case.id, request_id) if request_id else new_id()
            run = await work.runs.of(case)
            if run is None:
                kind = GapKind.MISSING
            step = step if run and step and run.checklist.step(step) else None
            unit = await self._owner(work, case, run.checklist.owner_unit if run else "")
            due = (await calendar_for(work, unit)).add_days(now, WORKING_DAYS)
            named = run is not None and kind is GapKind.WRONG
            ref = ChecklistRef(id=str(case.checklist_id), version=int(case.checklist_version or 1)) if named else None
            row: dict[str, Any] = {"id": gap_id, "case_id": case.id, "kind": kind.value, "unit": unit, "body": body}
            row |= {"case_type": case.case_type, "step": step or "", "due_at": due}
            row |= {"checklist_id": ref and ref.id, "checklist_version": ref and ref.version}
            row |= {"reported_by": by, "reported_name": person.name, "reported_at": now}
            if not await work.gaps.add(row):
                return gap_id
            note = {"case_id": case.id, "author": by, "author_name": person.name, "at": now}
            await work.texts.add_note(id=gap_id, body=f"Brist i checklistan: {body}", **note)
            work.tell(KnowledgeGapReported(case_id=case.id, case_number=case.number, checklist=ref, step=step, at=now))
        return gap_id

    async def _owner(self, work: Work, case: Case, name: str) -> str:
        found = await work.catalogue.unit_called(name) if name else None
        return str(found["id"]) if found else case.unit


@dataclass(frozen=True, slots=True)
class AnswerGap:
    """Answer a report, or decline it; whoever reported it reads the answer at her desk."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, gap_id: str, person: Person, text: str, *, declined: bool = False) -> None:
        """Answer; the same answer again is nothing, another one is refused (GapAnsweredError)."""
        said, state = wanted(text), "declined" if declined else "answered"
        async with self.uow.begin() as work:
            row = await work.gaps.hold(gap_id, visible_units(person))
            if row is None:
                raise NotFoundError
            if row["state"] != OPEN:
                if (row["state"], row["answer"], row["answered_by"]) == (state, said, person.id):
                    return
                raise GapAnsweredError
            now = self.clock()
            by = {"answered_by": person.id, "answered_name": person.name, "answered_at": now}
            await work.gaps.change(gap_id, state=state, answer=said, **by)
            case = await work.cases.lock_id(row["case_id"])
            named = row["checklist_id"] and row["checklist_version"]
            ref = ChecklistRef(id=row["checklist_id"], version=row["checklist_version"]) if named else None
            at: dict[str, Any] = {"case_id": case.id, "case_number": case.number, "at": now, "by": person.id}
            work.tell(KnowledgeGapAnswered(**at, checklist=ref, step=row["step"] or None, state=state))
            work.ring(row["reported_by"])


@dataclass(frozen=True, slots=True)
class ReadGaps:
    """What is to be answered by a person's units, what they have answered, and the answers that she waits for."""

    uow: UnitOfWork
    clock: Clock

    async def of_owner(self, person: Person, *, is_open: bool = True) -> tuple[GapView, ...]:
        """Return the reports to her units, the most urgent first; answered ones newest first."""
        async with self.uow.read() as work:
            rows = await work.gaps.of_units(visible_units(person), is_open=is_open)
        return tuple(_view(row, self.clock()) for row in rows)

    async def unseen(self, person: Person) -> tuple[GapView, ...]:
        """Return the answers to her own reports that she has not read."""
        async with self.uow.read() as work:
            rows = await work.gaps.unseen(person.id)
        return tuple(_view(row, self.clock()) for row in rows)

    async def saw(self, person: Person) -> None:
        """Note that she has read them."""
        async with self.uow.begin() as work:
            for row in await work.gaps.unseen(person.id):
                await work.gaps.change(row["id"], seen_at=self.clock())


def _view(row: Row, now: datetime) -> GapView:
    names = (
        *("id", "kind", "unit", "checklist_id", "checklist_version", "step", "reported_name", "reported_at"),
        *("due_at", "state", "answer", "answered_name", "answered_at"),
    )
    texts: dict[str, Any] = {name: row[name] or "" for name in ("case_number", "unit_name", "question")}
    late = row["state"] == OPEN and row["due_at"] < now
    return GapView(**{name: row[name] for name in names}, **texts, text=row["body"], late=late)


@dataclass(frozen=True, slots=True)
class KnowledgeGaps:
    """Reporting, answering, reading."""

    report: ReportGap
    answer: AnswerGap
    read: ReadGaps

    @classmethod
    def make(cls, uow: UnitOfWork, clock: Clock) -> Self:
        """Return all of them."""
        return cls(ReportGap(uow, clock), AnswerGap(uow, clock), ReadGaps(uow, clock))
