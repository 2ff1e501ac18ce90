"""One answer to all whose cases are linked to an incident: each in her own thread, each once.

The answer is an order in the incident's row; a loop carries it out case by case, so that a process that is killed in
the middle leaves what is done done and the rest to the next one. The reply's id comes of incident, case and words:
the same words reach nobody twice, other words are another answer. Whoever has no address is called.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from services.casework.domain.case import Case
from services.casework.domain.ending import Ending, owed
from services.casework.domain.incident import IncidentDeed, after, state_of
from services.casework.domain.template import refuse_blanks
from services.casework.store.bell import INCIDENTS
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.close_case import close
from services.casework.usecases.protection import hold
from services.casework.usecases.reply import Replies
from services.casework.usecases.who import author
from services.casework.usecases.work_case import wanted
from shared.clock import Clock
from shared.errors import DomainError, ForbiddenError
from shared.ids import natural_event_id
from shared.vocabulary import LIVE_CHANNELS, CaseState, Resolution
from shared.web.access import Action, Person, allow, visible_units

BATCH = 50

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What everybody is told; `close_cases` ends the open cases of those who have been told."""

    text: str
    close_cases: bool = False


def order(answer: Answer, person: Person, now: datetime) -> dict[str, Any]:
    """Return the columns that order an answer; EmptyTextError without words, BlankFieldsError with unfilled fields."""
    text = wanted(answer.text)
    refuse_blanks(text)
    return {"answer": text, "answered_at": now, "answered_by": person.id, "close_cases": answer.close_cases}


@dataclass(frozen=True, slots=True)
class AnswerAll:
    """Answer everybody who is linked now; whoever has had the same words does not get them again."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, incident_id: str, person: Person, answer: Answer) -> None:
        """Order the answer; the incident may be closed already."""
        async with self.uow.begin() as work:
            row = await work.incidents.hold(incident_id, visible_units(person))
            if not allow(person, Action.MANAGE_INCIDENTS, row["unit"]):
                raise ForbiddenError
            after(state_of(row["closed_at"]), IncidentDeed.ANSWER)
            await work.incidents.change(incident_id, **order(answer, person, self.clock()))
            work.ring(INCIDENTS)


@dataclass(frozen=True, slots=True)
class AnswerIncidents:
    """Carry out the answers that were ordered, a case at a time."""

    uow: UnitOfWork
    replies: Replies
    clock: Clock

    async def run(self) -> int:
        """Write to everybody who waits for an answer; returns how many were written to."""
        async with self.uow.begin() as work:
            await work.incidents.inherit(self.clock())
        done, last = 0, ("", "")
        while True:
            async with self.uow.read() as work:
                batch = await work.incidents.unanswered(self.clock(), last, BATCH)
            for incident_id, case_id in batch:
                done += await self._one(incident_id, case_id)
            if len(batch) < BATCH:
                return done
            last = batch[-1]

    async def _one(self, incident_id: str, case_id: str) -> int:
        """Write to one citizen; what stands in the way of one does not stand in the way of the next."""
        try:
            async with self.uow.begin() as work:
                case = await work.cases.lock_id(case_id)
                incident = await work.incidents.outstanding(incident_id, case_id)
                if incident is None:
                    return 0
                now, by = self.clock(), incident["answered_by"]
                words = natural_event_id("incident", incident_id, case_id, incident["answer"])
                await self.replies.write(work, case, by, incident["answer"], words, now)
                person = await work.catalogue.person(by)
                await told(work, incident, case, by, person["name"] if person else by, now)
        except DomainError as error:
            log.warning("incident_answer_refused", incident=incident_id, case=case_id, problem=error.type)
            return 0
        return 1


@dataclass(frozen=True, slots=True)
class AnswerByPhone:
    """Note that somebody without an address has been called and told."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, incident_id: str, number: str, person: Person) -> None:
        """Note it, and close her case if the answer closes cases; nothing happens when she knows already."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            incident = await work.incidents.outstanding(incident_id, case.id)
            if incident is not None:
                await told(work, incident, case, author(person, case), person.name, self.clock(), by_phone=True)


async def told(  # noqa: PLR0913 - who told whom what, and when
    work: Work, incident: Row, case: Case, by: str, by_name: str, now: datetime, *, by_phone: bool = False
) -> None:
    """Note that the citizen of a case has the answer, and close the case if that was asked and it can be."""
    await work.incidents.answered(incident["id"], case.id, incident["answered_at"])
    facts = {"incident": incident["id"], "title": incident["title"], "by_phone": by_phone}
    await work.history.write(case.id, now, by=by, by_name=by_name, what=IncidentDeed.ANSWER.value, facts=facts)
    if incident["close_cases"] and await _can_end(work, case):
        await close(work, case, by, Resolution.SOLVED, None, now, how=Ending.INCIDENT)
    else:
        await work.cases.change(case.id, now)
    work.ring(case.agent_id)


async def _can_end(work: Work, case: Case) -> bool:
    """Return whether nobody is in a call about it and no obligatory step of its checklist lies ahead."""
    if case.state not in {CaseState.OPEN, CaseState.PARKED}:
        return False
    contact = await work.contacts.get(case.current_contact)
    taken = contact is not None and contact["agent_id"] and not contact["done_at"] and not contact["ended_at"]
    if taken and contact is not None and contact["channel"] in LIVE_CHANNELS:
        return False
    return not owed(await work.runs.of(case), Ending.INCIDENT)
