"""What the receiver does with a hand-over: acknowledge, say how it goes, pass on, send back, answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case, Deed
from services.casework.domain.case import after as case_after
from services.casework.domain.handover import Field as HandoverField
from services.casework.domain.handover import HandoverDeed, HandoverState, Preview, after
from services.casework.mail import Letters
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.close_case import close
from services.casework.usecases.hand_over import conversation, receiver
from services.casework.usecases.reply import Replies, answered
from services.casework.usecases.work_case import wanted
from shared.clock import Clock
from shared.events import (
    CaseReopened,
    HandoverAcknowledged,
    HandoverAnswered,
    HandoverProgressed,
    HandoverReturned,
)
from shared.vocabulary import Resolution
from shared.web.access import Person, visible_units

RETURNED = "wrong_place"
"""The reason of a return as events carry it: what the receiver wrote may hold personal data and stays in the case."""


async def _held(work: Work, handover_id: str, person: Person) -> tuple[Row, Case]:
    """Return the hand-over and its case, both held, the case first as everywhere."""
    units = visible_units(person)
    found = await work.handovers.find(handover_id, units, hold=False)
    case = await work.cases.lock_id(found["case_id"], units)
    return await work.handovers.find(handover_id, units), case


def _facts(row: Row, case: Case, person: Person, now: datetime) -> dict[str, Any]:
    """Return what every event of a hand-over says; who by is an id there, the name stays in the case."""
    return {"case_id": case.id, "case_number": case.number, "handover_id": row["id"], "by": person.id, "at": now}


def _received(row: Row, by: str, now: datetime) -> dict[str, Any]:
    """Return what to write when this deed is the first sign that the hand-over was received."""
    return {} if row["acknowledged_at"] else {"acknowledged_at": now, "acknowledged_by": by}


@dataclass(frozen=True, slots=True)
class AcknowledgeHandover:
    """Confirm, as a named person or function, that the hand-over has been received (*kvittera*)."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, handover_id: str, person: Person, by: str, external_ref: str | None = None) -> None:
        """Acknowledge; a second time changes nothing."""
        async with self.uow.begin() as work:
            row, case = await _held(work, handover_id, person)
            state, now = after(HandoverState(row["state"]), HandoverDeed.ACKNOWLEDGE), self.clock()
            ref = external_ref or row["external_ref"]
            await work.handovers.change(row["id"], state=state.value, external_ref=ref, **_received(row, by, now))
            if not row["acknowledged_at"]:
                work.tell(HandoverAcknowledged(**_facts(row, case, person, now)))


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
    ) -> None:
        """Write the progress; what is not given stays. Whoever says how it goes has also received it."""
        async with self.uow.begin() as work:
            row, case = await _held(work, handover_id, person)
            state, now = after(HandoverState(row["state"]), HandoverDeed.PROGRESS), self.clock()
            news = {"planned_for": planned_for, "performer": performer, "progress": text, "external_ref": external_ref}
            given = {name: value for name, value in news.items() if value is not None}
            received = _received(row, by, now)
            await work.handovers.change(row["id"], state=state.value, progress_at=now, **given, **received)
            if received:
                work.tell(HandoverAcknowledged(**_facts(row, case, person, now)))
            work.tell(HandoverProgressed(**_facts(row, case, person, now), planned_for=planned_for))


@dataclass(frozen=True, slots=True)
class ReassignHandover:
    """Pass a hand-over on to another unit or function; its deadlines stand."""

    uow: UnitOfWork
    letters: Letters
    clock: Clock

    async def run(self, handover_id: str, person: Person, to: str, text: str = "") -> None:
        """Reassign, with a mail to the new receiver; it has to be acknowledged anew."""
        async with self.uow.begin() as work:
            row, case = await _held(work, handover_id, person)
            state, now = after(HandoverState(row["state"]), HandoverDeed.REASSIGN), self.clock()
            unit, label = await receiver(work, to, row["unit"])
            changed = {"unit": unit["id"], "to_label": label, "address": unit["handover_address"]}
            await work.handovers.change(
                row["id"], state=state.value, acknowledged_at=None, acknowledged_by=None, reason=text.strip(), **changed
            )
            await self._send(work, case, {**row, **changed, "unit_name": unit["name"]}, text, now)
            work.tell(HandoverProgressed(**_facts(row, case, person, now)))

    async def _send(self, work: Work, case: Case, row: Row, text: str, now: datetime) -> None:
        plan = Preview(
            to=row["to_label"],
            unit=row["unit"],
            unit_name=row["unit_name"],
            address=row["address"],
            mode=row["mode"],
            priority=row["priority"],
            fields=tuple(HandoverField(**one) for one in row["fields"]),
            warnings=(),
            acknowledge_by=row["acknowledge_by"],
            answer_by=row["answer_by"],
        )
        said = await conversation(work, case)
        message = "\n".join(filter(None, (row["message"], text)))
        nonce = f"{row['id'].replace('-', '')}x{int(now.timestamp() * 1000)}"
        mail = self.letters.handover(
            case.id, case.number, plan, message=message, conversation=said, nonce=nonce, now=now
        )
        await work.mails.queue([mail])


@dataclass(frozen=True, slots=True)
class ReturnHandover:
    """Send a hand-over back: it came to the wrong place (*felskickat*). The case is the centre's again."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, handover_id: str, person: Person, by: str, reason: str) -> None:
        """Return it with a reason; the case is open again at its agent's desk."""
        why = wanted(reason)
        async with self.uow.begin() as work:
            row, case = await _held(work, handover_id, person)
            state, now = after(HandoverState(row["state"]), HandoverDeed.RETURN), self.clock()
            lives = case_after(case.state, Deed.RETURN)
            await work.handovers.change(row["id"], state=state.value, ended_at=now, ended_by=by, reason=why)
            await work.cases.change(case.id, now, state=lives.value)
            work.tell(HandoverReturned(**_facts(row, case, person, now), reason=RETURNED))
            reopened = {"case_id": case.id, "case_number": case.number, "contact_id": case.current_contact}
            work.tell(CaseReopened(**reopened, by=person.id, at=now))


@dataclass(frozen=True, slots=True)
class AnswerHandover:
    """The citizen has the answer: by the text given here, or by the receiver's own means. The case is closed."""

    uow: UnitOfWork
    replies: Replies
    clock: Clock

    async def run(
        self, handover_id: str, person: Person, by: str, text: str | None = None, external_ref: str | None = None
    ) -> None:
        """Answer; `text` goes to the citizen by mail when there is an address, and stands in the case anyway."""
        async with self.uow.begin() as work:
            row, case = await _held(work, handover_id, person)
            state, now = after(HandoverState(row["state"]), HandoverDeed.ANSWER), self.clock()
            case_after(case.state, Deed.ANSWER)
            said = (text or "").strip()
            ref = external_ref or row["external_ref"]
            values = {"ended_at": now, "ended_by": by, "end_text": said, "external_ref": ref, **_received(row, by, now)}
            await work.handovers.change(row["id"], state=state.value, **values)
            if said and answered(await work.contacts.of_case(case.id), case.current_contact):
                await self.replies.write(work, case, by, said, row["id"], now)
            work.tell(HandoverAnswered(**_facts(row, case, person, now)))
            await close(work, case, person.id, Resolution.HANDED_OVER, None, now)
