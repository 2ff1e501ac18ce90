"""What the receiver does with a hand-over: acknowledge, say how it goes, send back, answer."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.case import Deed
from services.casework.domain.case import after as case_after
from services.casework.domain.ending import Ending
from services.casework.domain.handover import HandoverDeed, HandoverState
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.close_case import close
from services.casework.usecases.handover_parts import (
    Held,
    held,
    hold,
    moving,
    noted,
    ring_centre,
    tell_received,
    was_done,
)
from services.casework.usecases.overtaken import not_overtaken
from services.casework.usecases.reply import Replies, answered
from services.casework.usecases.stand_in import stand_in
from services.casework.usecases.work_case import wanted
from shared.clock import Clock
from shared.errors import DomainError, FieldError
from shared.events import CaseReopened, ChecklistRef, HandoverAnswered, HandoverProgressed, HandoverReturned
from shared.events import HandoverAcknowledged as Acknowledged
from shared.vocabulary import Resolution, ReturnReason
from shared.web.access import Person

CITIZEN, AGENT = "citizen", "agent"
"""Whom an answer is for: the citizen, or the agent who tells her."""


class PlannedInPastError(DomainError):
    """What is planned is planned for a time that has been."""

    type = "planned-in-past"
    status = 422
    title = "Den planerade tiden har redan varit. Skriv en tid som kommer."


class UnknownUnitError(DomainError):
    """The unit that it should belong to is none of ours, or is the one that sends it back."""

    type = "unknown-unit"
    status = 422
    title = "Välj en annan verksamhet som finns."


@dataclass(frozen=True, slots=True)
class AcknowledgeHandover:
    """Confirm, as a named person or function, that the hand-over has been received (*kvittera*)."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, handover_id: str, person: Person, by: str, external_ref: str | None = None) -> None:
        """Acknowledge; a second time changes nothing but the unit's own number, if one is given."""
        async with self.uow.begin() as work:
            one = await held(work, handover_id, person, HandoverDeed.ACKNOWLEDGE, self.clock())
            ref = external_ref or one.row["external_ref"]
            await work.handovers.change(one.id, state=one.stored, external_ref=ref, **one.received(by))
            if one.received(by):
                await noted(work, one, person, by, HandoverDeed.ACKNOWLEDGE)
                work.tell(Acknowledged(**one.facts(person)))


@dataclass(frozen=True, slots=True)
class ProgressHandover:
    """Say how it goes (*Läget just nu*): shown to agents and to the citizen."""

    uow: UnitOfWork
    clock: Clock

    async def run(  # noqa: PLR0913 - what a progress says, each by name
        self,
        handover_id: str,
        person: Person,
        by: str,
        *,
        planned_for: datetime | None = None,
        performer: str | None = None,
        text: str | None = None,
        external_ref: str | None = None,
        seen: int | None = None,
        unplanned: bool = False,
    ) -> None:
        """Write the progress; what is not given stays. Whoever says how it goes has also received it.

        An empty text takes away what was said; `unplanned`, the planned time.
        `seen` is the last deed that the doer was shown; OvertakenError when somebody else has done one since.
        """
        async with self.uow.begin() as work:
            one = await held(work, handover_id, person, HandoverDeed.PROGRESS, self.clock())
            await not_overtaken(work, one.case, person, seen, one.now)
            if planned_for is not None and planned_for < one.now and planned_for != one.row["planned_for"]:
                raise PlannedInPastError(errors=[FieldError("/planned_for", PlannedInPastError.title)])
            news = {"planned_for": planned_for, "performer": performer, "progress": text, "external_ref": external_ref}
            given: dict[str, object] = {name: value for name, value in news.items() if value is not None}
            if unplanned and planned_for is None:
                given["planned_for"] = None
            await work.handovers.change(one.id, state=one.stored, progress_at=one.now, **given, **one.received(by))
            tell_received(work, one, person)
            await noted(work, one, person, by, HandoverDeed.PROGRESS)
            work.tell(HandoverProgressed(**one.facts(person), planned_for=planned_for))
            ring_centre(work, one)


@dataclass(frozen=True, slots=True)
class ReturnHandover:
    """Send a hand-over back: it came to the wrong place (*felskickat*). The case is the centre's again."""

    uow: UnitOfWork
    clock: Clock

    async def run(
        self,
        handover_id: str,
        person: Person,
        by: str,
        reason: str,
        *,
        code: ReturnReason = ReturnReason.WRONG_PLACE,
        to: str | None = None,
    ) -> None:
        """Return it with a reason; `to` is the unit it belongs to. The case is open again at its agent's desk.

        The same return again changes nothing.
        """
        why = wanted(reason)
        async with self.uow.begin() as work:
            row, case = await hold(work, handover_id, person)
            if was_done(row, state=HandoverState.RETURNED.value, ended_by=by, reason=why, return_code=code.value):
                return
            one = moving(row, case, HandoverDeed.RETURN, self.clock())
            lives = case_after(one.case.state, Deed.RETURN)
            belongs = await self._belongs(work, one, to)
            ended = {"ended_at": one.now, "ended_by": by, "reason": why, "paused_at": None}
            await work.handovers.change(
                one.id, state=one.stored, return_code=code.value, return_to=belongs or "", **ended
            )
            await back_at_desk(work, one, lives.value)
            await noted(work, one, person, by, HandoverDeed.RETURN, code=code.value, to=belongs or "")
            self._tell(work, one, person, code, belongs)

    async def _belongs(self, work: Work, one: Held, to: str | None) -> str | None:
        if not to or not to.strip():
            return None
        unit = await work.catalogue.unit_called(to.strip())
        if unit is None or unit["id"] == one.row["unit"]:
            raise UnknownUnitError(errors=[FieldError("/to", UnknownUnitError.title)])
        return str(unit["id"])

    def _tell(self, work: Work, one: Held, person: Person, code: ReturnReason, belongs: str | None) -> None:
        named, version = one.row["checklist_id"], one.row["checklist_version"]
        checklist = ChecklistRef(id=named, version=version) if named and version else None
        more = {"to": belongs, "unit": one.row["unit"], "checklist": checklist}
        work.tell(HandoverReturned(**one.facts(person), reason=code.value, **more))
        tell_reopened(work, one, person)


@dataclass(frozen=True, slots=True)
class AnswerHandover:
    """The citizen has the answer, or the agent who will tell her has it."""

    uow: UnitOfWork
    replies: Replies
    clock: Clock

    async def run(
        self,
        handover_id: str,
        person: Person,
        by: str,
        text: str | None = None,
        external_ref: str | None = None,
        *,
        to: str = CITIZEN,
    ) -> None:
        """Answer; to the citizen: by mail when there is an address, and the case is closed; to the agent: it is open.

        Without `text` the citizen was answered by the receiver's own means; an agent needs words to tell. The same
        answer again changes nothing.
        """
        said = wanted(text or "") if to == AGENT else (text or "").strip()
        async with self.uow.begin() as work:
            row, case = await hold(work, handover_id, person)
            if was_done(row, state=HandoverState.ANSWERED.value, ended_by=by, end_text=said, answer_to=to):
                return
            one = moving(row, case, HandoverDeed.ANSWER, self.clock())
            lives = case_after(one.case.state, Deed.RETURN if to == AGENT else Deed.ANSWER)
            ended = {"ended_at": one.now, "ended_by": by, "end_text": said, "answer_to": to, "paused_at": None}
            ref = external_ref or one.row["external_ref"]
            await work.handovers.change(one.id, state=one.stored, external_ref=ref, **ended, **one.received(by))
            await noted(work, one, person, by, HandoverDeed.ANSWER, to=to)
            if to == CITIZEN:
                await self._to_citizen(work, one, person, by, said)
                return
            await back_at_desk(work, one, lives.value)
            work.tell(HandoverAnswered(**one.facts(person), to=AGENT))
            tell_reopened(work, one, person)

    async def _to_citizen(self, work: Work, one: Held, person: Person, by: str, said: str) -> None:
        if said and answered(await work.contacts.of_case(one.case.id), one.case.current_contact):
            await self.replies.write(work, one.case, by, said, one.id, one.now)
        work.tell(HandoverAnswered(**one.facts(person), to=CITIZEN))
        await work.cases.change(one.case.id, one.now, waiting_since=None)
        await close(work, one.case, person.id, Resolution.HANDED_OVER, None, one.now, how=Ending.ANSWERED)


async def back_at_desk(work: Work, one: Held, state: str) -> None:
    """Let the case live again at the desk of its agent, or of the one who handed it over, and ring there.

    Where both have left it is nobody's, and `ReadForgotten` lists it for supervisors.
    """
    agent = await stand_in(work, one.case.agent_id, one.now) or await stand_in(work, one.row["by"], one.now)
    hers = agent["id"] if agent else None
    await work.cases.change(one.case.id, one.now, state=state, agent_id=hers, waiting_since=None)
    work.ring(hers)
    ring_centre(work, one)


def tell_reopened(work: Work, one: Held, person: Person) -> None:
    """Tell that the case is the centre's again."""
    of_case = {"case_id": one.case.id, "case_number": one.case.number, "contact_id": one.case.current_contact}
    work.tell(CaseReopened(**of_case, by=person.id, at=one.now))
