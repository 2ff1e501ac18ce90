"""Handing a case over: first a preview without effects, then the hand-over, once per request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.casework.domain.case import Case, Deed
from services.casework.domain.checklist import End, Run
from services.casework.domain.deadline import deadlines, delivery
from services.casework.domain.handover import (
    FREE_WORDS,
    STORED,
    HandoverState,
    NoReceiverError,
    Preview,
    fields,
    with_conversation,
    withheld,
)
from services.casework.domain.outgoing import UNDO
from services.casework.mail import Letters
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.close_case import ending
from services.casework.usecases.handover_content import Written, conversation, filled, values_of, written_in
from services.casework.usecases.handover_parts import other_controller, receiver, works
from services.casework.usecases.park import rested
from services.casework.usecases.protection import hidden, hold, protects_case, veiled_plan
from services.casework.usecases.standing import not_behind, permitted
from services.casework.usecases.tell_citizen import TellCitizen
from services.casework.usecases.undo_deed import Undoable
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.events import CaseHandedOver
from shared.ids import new_id
from shared.vocabulary import CaseState, Outcome, Secrecy
from shared.web.access import Person, visible_units

__all__ = ["HandOnReturned", "HandOver", "Handed", "PreviewHandover", "conversation", "preview", "receiver"]

Given = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Handed:
    """A hand-over that was made."""

    id: str
    acknowledge_by: datetime
    answer_by: datetime
    deliver_at: datetime | None = None
    """When the unit gets it; None is at once."""


async def preview(work: Work, case: Case, to: str | None, given: Given, now: datetime, *, written: Written) -> Preview:
    """Return what would go along, what is missing, what may not go, and when it is received and answered."""
    run = await work.runs.of(case)
    end = run.end if run and run.end and run.end.kind is Outcome.HANDOVER else None
    label = to or (run.checklist.fill(end.to) if run and end and end.to else None)
    unit, name = await receiver(work, label, case.unit)
    forbid = end.forbid if end else ()
    secrecy = run.checklist.secrecy if run else Secrecy.NONE
    other = await other_controller(work, case, unit)
    calendar, times = await works(work, unit["id"])
    priority = end.priority if end else "normal"
    deliver_at = delivery(now, times, calendar, priority)
    receive = filled(run, end.receive_within if end else None)
    answer = filled(run, end.answer_citizen_within if end else None)
    promised = deadlines(now, receive, answer, calendar)
    received = deadlines(deliver_at, receive, answer, calendar) if deliver_at else promised
    return Preview(
        to=name,
        unit=unit["id"],
        unit_name=unit["name"],
        address=unit["handover_address"],
        mode=end.mode if end else None,
        priority=priority,
        fields=fields(await values_of(work, case, run, written), end, forbid, given),
        warnings=tuple(_warnings(run, end)),
        acknowledge_by=received.acknowledge_by,
        answer_by=max(promised.answer_by, received.acknowledge_by),
        with_conversation=with_conversation(secrecy, forbid) and not other,
        withheld=withheld(secrecy, forbid, other_controller=bool(other)),
        deliver_at=deliver_at,
        discloses_to=other,
        secret=secrecy is Secrecy.PRESUMED,
    )


def _warnings(run: Run | None, end: End | None) -> list[str]:
    """Return what the agent should know before handing over."""
    found = []
    if run is not None and run.end is None and run.open_obligatory():
        found.append("Ett obligatoriskt steg i checklistan är inte gjort.")
    if run is not None and run.end is not None and end is None:
        found.append("Checklistan slutar inte med en överlämning.")
    if end is not None and end.note:
        found.append(end.note)
    return found


@dataclass(frozen=True, slots=True)
class PreviewHandover:
    """Say what would go, and what is missing; nothing happens."""

    uow: UnitOfWork
    tell: TellCitizen
    clock: Clock

    async def run(self, number: str, person: Person, to: str | None = None, given: Given | None = None) -> Preview:
        """Return the preview."""
        async with self.uow.begin() as work:
            case = await work.cases.lock(number, visible_units(person))
            await permitted(work, case, Deed.HAND_OVER, self.clock)
            written = await written_in(work, case)
            plan = await preview(work, case, to, given or {}, self.clock(), written=written)
            reached = self.tell.reached(written.contacts, case)
            texted = None if reached else await self.tell.texted(work, case, written.contacts)
            told = replace(plan, tells=reached["sender_email"] if reached else texted.number if texted else "")
            if protects_case(case, person):
                return veiled_plan(told)
            return replace(told, tells=hidden(told.tells)) if written.anonymous else told


@dataclass(frozen=True, slots=True)
class HandOver:
    """Hand a case over to a verksamhet, by mail to its address, with deadlines in working time."""

    uow: UnitOfWork
    letters: Letters
    tell: TellCitizen
    clock: Clock
    undo: timedelta = UNDO

    async def run(  # noqa: PLR0913 - what goes to whom, by name
        self,
        number: str,
        person: Person,
        *,
        request_id: str,
        to: str | None = None,
        message: str = "",
        given: Given | None = None,
        seen: int | None = None,
        undoable: bool = False,
    ) -> Handed:
        """Hand over; the same `request_id` on the same case is the same hand-over, however often it is sent.

        `undoable`: for some seconds she may take it back, and until then nothing is told or sent.
        """
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            made = await work.handovers.by_request(case.id, request_id)
            if made is not None:
                return Handed(made["id"], made["acknowledge_by"], made["answer_by"], made["deliver_at"])
            await not_behind(work, case, person, seen, self.clock)
            await permitted(work, case, Deed.HAND_OVER, self.clock)
            undo = await Undoable.begin(work, case, self.undo) if undoable and self.undo else None
            now, by = self.clock(), author(person, case)
            written = await written_in(work, case)
            plan = await preview(work, case, to, given or {}, now, written=written)
            row = _row(plan, case, by, now) | {"id": new_id(), "request_id": request_id, "message": message.strip()}
            await work.handovers.add(**row)
            if plan.deliver_at is None:
                await send(work, self.letters, case, plan, row, now, written=written)
            await self._tell(work, case, plan, row, person, written.contacts)
            name = "" if plan.secret else plan.unit_name
            await self.tell.handed_over(work, case, row, unit_name=name, now=now, contacts=written.contacts)
            if undo is not None:
                await undo.keep(work, case, Deed.HAND_OVER, by, now, row["id"])
            return Handed(row["id"], plan.acknowledge_by, plan.answer_by, plan.deliver_at)

    async def _tell(
        self, work: Work, case: Case, plan: Preview, row: Row, person: Person, contacts: Sequence[Row]
    ) -> None:
        facts = await ending(work, case, row["by"], row["at"], read=contacts)
        await work.cases.change(
            case.id, row["at"], state=CaseState.HANDED_OVER.value, **await rested(work, case, row["at"])
        )
        shown = {"handover_id": row["id"], "to": plan.to, "unit": plan.unit}
        if plan.discloses_to:
            shown |= {"disclosed_to": plan.discloses_to, "disclosed": [one.name for one in plan.fields if one.value]}
        await work.history.write(
            case.id, row["at"], by=row["by"], by_name=person.name, what=Deed.HAND_OVER.value, facts=shown
        )
        work.tell(
            CaseHandedOver(
                **facts,
                handover_id=row["id"],
                to=plan.unit,
                priority=plan.priority,
                acknowledge_by=plan.acknowledge_by,
                answer_by=plan.answer_by,
            )
        )


@dataclass(frozen=True, slots=True)
class HandOnReturned:
    """Hand a case that came back on to the unit that the return named, by one press."""

    uow: UnitOfWork
    hand_over: HandOver

    async def run(self, handover_id: str, person: Person, *, request_id: str, message: str = "") -> Handed:
        """Hand it on, once per `request_id`; NoReceiverError when the return named nobody."""
        async with self.uow.read() as work:
            row = await work.handovers.find(handover_id, visible_units(person), hold=False)
            number = await work.cases.number_of(row["case_id"])
        if not row["return_to"]:
            raise NoReceiverError
        return await self.hand_over.run(number, person, request_id=request_id, to=row["return_to"], message=message)


async def send(  # noqa: PLR0913 - what a letter to a unit is made of
    work: Work,
    letters: Letters,
    case: Case,
    plan: Preview,
    row: Row,
    now: datetime,
    *,
    written: Written | None = None,
    again: bool = False,
) -> None:
    """Queue the mail to the receiving unit: without anybody's free words where they may not go by mail.

    `again` is a letter to the next receiver of the same hand-over.
    """
    said = conversation(case, written or await written_in(work, case)) if plan.with_conversation else []
    kept = {one.field for one in plan.withheld} & set(FREE_WORDS)
    safe = replace(plan, fields=tuple(one for one in plan.fields if one.name not in kept))
    mail = letters.handover(
        case.id,
        case.number,
        safe,
        message="" if kept else row["message"],
        unsaid=bool(kept and row["message"]),
        conversation=said,
        nonce=row["id"].replace("-", "") + (f"x{row['version']}" if again else ""),
        now=now,
        link=await _link(work, letters, row),
    )
    await work.mails.queue([mail])


async def _link(work: Work, letters: Letters, row: Row) -> str:
    """Return where a unit without a login acts on the hand-over; empty for one that has a login."""
    if (await work.unit_terms.of(row["unit"]))["has_login"]:
        return ""
    return letters.unit_links.address(row["id"], row["unit"])


def _row(plan: Preview, case: Case, by: str, now: datetime) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "contact_id": case.current_contact,
        "unit": plan.unit,
        "to_label": plan.to,
        "address": plan.address,
        "mode": plan.mode,
        "priority": plan.priority,
        "state": STORED[HandoverState.SCHEDULED],
        "deliver_at": plan.deliver_at,
        "delivered_at": None if plan.deliver_at else now,
        "fields": [{"name": one.name, "value": one.value, "missing": one.missing} for one in plan.fields],
        "withheld": [{"field": one.field, "why": one.why.value} for one in plan.withheld],
        "by": by,
        "at": now,
        "acknowledge_by": plan.acknowledge_by,
        "answer_by": plan.answer_by,
        "checklist_id": case.checklist_id or "",
        "checklist_version": case.checklist_version,
    }
