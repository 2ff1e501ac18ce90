"""The answer's clock: it stands still while the citizen is asked, runs on when she has written, and can be moved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.casework.domain.case import Case
from services.casework.domain.handover import HandoverDeed, after
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.handover_parts import (
    Held,
    event_facts,
    held,
    noted,
    ring_centre,
    standing,
    tell_received,
    works,
)
from services.casework.usecases.overtaken import not_overtaken
from services.casework.usecases.reply import NoAddressError, Replies
from services.casework.usecases.tell_citizen import TellCitizen
from services.casework.usecases.text_citizen import NoMobileError
from services.casework.usecases.work_case import wanted
from shared.clock import Clock
from shared.errors import DomainError, FieldError
from shared.events import HandoverMoved, HandoverPaused, HandoverResumed
from shared.web.access import Person

_LONGEST_PROMISE = timedelta(days=366)
THE_CITIZEN = "citizen"
"""Who resumes a hand-over by writing, as events and the history say it."""


class CallTheCitizenError(DomainError):
    """The citizen has no address to write to, so she has to be rung up."""

    type = "call-the-citizen"
    status = 422
    title = "Invånaren har ingen adress att skriva till. Ring och fråga i stället."


class BadPromiseError(DomainError):
    """The answer cannot be promised for that time."""

    type = "bad-promise"
    status = 422
    title = "Svaret kan inte lovas till den tiden."


@dataclass(frozen=True, slots=True)
class AskCitizen:
    """Ask the citizen for what is missing (*be om komplettering*): in her thread, and the answer's clock stops."""

    uow: UnitOfWork
    replies: Replies
    clock: Clock

    async def run(self, handover_id: str, person: Person, by: str, text: str, request_id: str | None = None) -> None:
        """Ask; the same `request_id` asks once, and stops the clock once. Whoever asks has also received it."""
        body = wanted(text)
        async with self.uow.begin() as work:
            one = await held(work, handover_id, person, HandoverDeed.ASK_CITIZEN, self.clock())
            if not await self._write(work, one, by, body, request_id):
                return
            since = one.row["paused_at"] or one.now
            await work.handovers.change(one.id, state=one.stored, paused_at=since, **one.received(by))
            await work.cases.change(one.case.id, one.now, waiting_since=since)
            tell_received(work, one, person)
            await noted(work, one, person, by, HandoverDeed.ASK_CITIZEN)
            if one.row["paused_at"] is None:
                work.tell(HandoverPaused(**one.facts(person)))
            ring_centre(work, one)

    async def _write(self, work: Work, one: Held, by: str, body: str, request_id: str | None) -> bool:
        """Write by mail, or by SMS to one who has given a mobile number alone; False when that was done before."""
        asked = (work, one.case, by, body, request_id, one.now)
        try:
            return (await self.replies.write(*asked)).fresh
        except NoAddressError:
            try:
                return (await self.replies.write(*asked, channel="sms")).fresh
            except NoMobileError as error:
                raise CallTheCitizenError from error


@dataclass(frozen=True, slots=True)
class ResumeHandover:
    """Let the answer's clock run on though the citizen has not written: she rang, or it goes without."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, handover_id: str, person: Person, by: str) -> None:
        """Resume; what was left of the working time is left again."""
        async with self.uow.begin() as work:
            one = await held(work, handover_id, person, HandoverDeed.RESUME, self.clock())
            await _resume(work, one, person.id, by)


async def citizen_wrote(work: Work, case: Case, now: datetime) -> None:
    """Let a hand-over that waits for the citizen run on, since a contact of hers has joined its case."""
    row = await work.handovers.waiting(case.id)
    if row is not None:
        state = after(standing(row), HandoverDeed.RESUME, now)
        await _resume(work, Held(row, case, state, now), THE_CITIZEN, "Invånaren")


async def _resume(work: Work, one: Held, by: str, by_name: str) -> None:
    row: Row = one.row
    calendar, _ = await works(work, row["unit"])
    answer_by = calendar.moved(row["answer_by"], row["paused_at"], one.now)
    stood = row["paused_seconds"] + (one.now - row["paused_at"]).total_seconds()
    anew = later(row, answer_by, one.now)
    await work.handovers.change(one.id, state=one.stored, paused_at=None, paused_seconds=stood, **anew)
    await work.cases.change(one.case.id, one.now, waiting_since=None)
    facts = {"handover_id": one.id, "unit": row["unit"], "answer_by": answer_by.isoformat()}
    await work.history.write(one.case.id, one.now, by=by, by_name=by_name, what=HandoverDeed.RESUME.value, facts=facts)
    work.tell(HandoverResumed(**event_facts(row, one.case, by, one.now), answer_by=answer_by))
    ring_centre(work, one)


def later(row: Row, answer_by: datetime, now: datetime) -> dict[str, Any]:
    """Return what to write for a new time of the answer: reminders and the word of a broken promise count anew."""
    missed = row["answer_missed"] and answer_by <= now
    return {"answer_by": answer_by, "answer_missed": missed, "answer_reminded_at": None}


@dataclass(frozen=True, slots=True)
class MoveAnswer:
    """Promise the answer for another time, for a reason that may be told; the citizen hears it once."""

    uow: UnitOfWork
    tell: TellCitizen
    clock: Clock

    async def run(
        self,
        handover_id: str,
        person: Person,
        by: str,
        answer_by: datetime,
        reason: str,
        *,
        seen: int | None = None,
    ) -> None:
        """Move; the same time again changes nothing. Whoever promises has also received it; `seen` as in progress."""
        why = wanted(reason)
        async with self.uow.begin() as work:
            one = await held(work, handover_id, person, HandoverDeed.MOVE_ANSWER, self.clock())
            await not_overtaken(work, one.case, person, seen, one.now)
            if not one.now < answer_by <= one.now + _LONGEST_PROMISE:
                text = "Skriv en tid som kommer, högst ett år bort."
                raise BadPromiseError(errors=[FieldError("/answer_by", text)])
            was = one.row["answer_by"]
            if answer_by == was:
                return
            anew = later(one.row, answer_by, one.now)
            await work.handovers.change(one.id, state=one.stored, **anew, **one.received(by))
            tell_received(work, one, person)
            told = await self.tell.moved(work, one.case, {**one.row, "answer_by": answer_by}, reason=why, now=one.now)
            facts = {"was": was.isoformat(), "answer_by": answer_by.isoformat(), "reason": why, "told": told}
            await noted(work, one, person, by, HandoverDeed.MOVE_ANSWER, **facts)
            work.tell(HandoverMoved(**one.facts(person), was=was, answer_by=answer_by))
            ring_centre(work, one)
