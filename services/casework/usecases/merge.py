"""Two cases about the same thing become one: everything stays readable, and it can be undone.

What was written moves to the case that goes on; hand-overs stay where they were made, for they say who may read a
case. The other one is closed without a resolution: it was neither solved nor handed over, and is counted as nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case, Deed
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.park import put_down, rested
from services.casework.usecases.protection import guard
from services.casework.usecases.standing import not_behind, permitted, write_down
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import DomainError, FieldError, NotFoundError
from shared.events import CaseMerged, CaseSplit
from shared.vocabulary import LIVE_CHANNELS, CaseState, LinkKind
from shared.web.access import Person, visible_units


class SameCaseError(DomainError):
    """A case has nothing to do with itself."""

    type = "same-case"
    status = 422
    title = "Det är samma ärende. Skriv numret på ett annat."


class OtherUnitError(DomainError):
    """The cases belong to different units, which must not read each other's."""

    type = "other-unit"
    status = 409
    title = "Ärendena hör till olika verksamheter och slås därför inte ihop. Länka dem i stället."


class UnknownCaseError(NotFoundError):
    """There is no case of that number, or not for this person's eyes."""

    type = "unknown-case"
    status = 422
    title = "Det finns inget sådant ärende, eller så har du inte behörighet till det."


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge would do: how much goes along, and what to look at first."""

    number: str
    into: str
    into_question: str
    contacts: int
    messages: int
    notes: int
    warnings: tuple[str, ...]
    """`other_person`, `other_type`."""


async def both(work: Work, number: str, other: str, person: Person) -> tuple[Case, Case]:
    """Return two cases, both held; neither is there for one who may not see both."""
    if number == other:
        raise SameCaseError(errors=(FieldError("/other", SameCaseError.title),))
    one = await work.reads.case(number, visible_units(person))
    try:
        two = await work.reads.case(other, visible_units(person))
    except NotFoundError as error:
        raise UnknownCaseError(errors=(FieldError("/other", UnknownCaseError.title),)) from error
    held = {case.id: case for case in await work.cases.lock_many([one["id"], two["id"]])}
    return held[one["id"]], held[two["id"]]


@dataclass(frozen=True, slots=True)
class PreviewMerge:
    """Say what a merge would do; nothing happens."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, into: str, person: Person) -> MergePlan:
        """Return the plan; the same errors as the merge itself."""
        async with self.uow.begin() as work:
            case, target = await both(work, number, into, person)
            guard(person, case, target)
            await _may(work, case, target, self.clock)
            one = await work.reads.case(number, visible_units(person))
            two = await work.reads.case(into, visible_units(person))
            contacts = await work.contacts.of_case(case.id)
            messages, notes = await work.texts.messages_of(case.id), await work.texts.notes_of(case.id)
        warnings = (
            ("other_person", one["person_key"] != two["person_key"]),
            ("other_type", one["case_type"] != two["case_type"]),
        )
        told = tuple(name for name, true in warnings if true)
        title = two["question"] or two["unit_name"] or ""
        return MergePlan(number, into, title, len(contacts), len(messages), len(notes), told)


async def _may(work: Work, case: Case, target: Case, clock: Clock) -> None:
    await permitted(work, case, Deed.MERGE, clock)
    await permitted(work, target, Deed.ABSORB, clock)
    if case.unit != target.unit:
        raise OtherUnitError


@dataclass(frozen=True, slots=True)
class MergeCase:
    """Make a case part of another one."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, into: str, person: Person, seen: int | None = None) -> None:
        """Merge `number` into `into`, which goes on; the same merge again changes nothing."""
        async with self.uow.begin() as work:
            case, target = await both(work, number, into, person)
            if case.merged_into == target.id:
                return
            await not_behind(work, case, person, seen, self.clock)
            guard(person, case, target)
            await _may(work, case, target, self.clock)
            now, by = self.clock(), author(person, case)
            over = await self._go_on(work, case, target, by, now)
            moved = await work.moving.all_of(case.id, target.id)
            state = {"state": CaseState.CLOSED.value, "merged_into": target.id, "parked_until": None}
            ended = {} if case.state is CaseState.CLOSED else {"closed_at": now}
            told = {"reported_seconds": case.handling_seconds}
            await work.cases.change(case.id, now, **{**state, **ended, **told, **await rested(work, case, now)})
            if case.protected or target.protected:
                await work.cases.protect(target.id, now, protected=True)
            await work.links.add(case.id, target.id, LinkKind.MERGED.value, by=by, at=now)
            kept = {"moved": moved, "state": case.state.value, "count": case.contact_count}
            await write_down(work, case.id, person, by, Deed.MERGE, self.clock, other=target.number, **kept)
            await write_down(work, target.id, person, by, Deed.ABSORB, self.clock, other=case.number)
            epoch = await put_down(work, case, over, now)
            work.ring(target.agent_id)
            at: dict[str, Any] = {"case_id": case.id, "case_number": case.number, "by": by, "at": now}
            work.tell(CaseMerged(**at, contact_id=over, epoch=epoch, into=target.id, into_number=target.number))

    async def _go_on(self, work: Work, case: Case, target: Case, by: str, now: datetime) -> str:
        """Write what the case that goes on takes over; return the contact that nobody works on any more.

        A citizen in the phone or at the counter is not put down: her contact becomes the one that is worked on.
        """
        values: dict[str, object] = {
            "contact_count": target.contact_count + case.contact_count,
            "handling_seconds": target.handling_seconds + max(0.0, case.handling_seconds - case.reported_seconds),
        }
        contact = await work.contacts.get(case.current_contact)
        over = case.current_contact
        if contact is not None and _talking(contact):
            over = target.current_contact
            values |= {"current_contact": case.current_contact, "agent_id": contact["agent_id"]}
        elif target.agent_id is None:
            values["agent_id"] = by
        await work.cases.change(target.id, now, **values)
        return over


def _talking(contact: Row) -> bool:
    live = contact["channel"] in LIVE_CHANNELS and contact["agent_id"]
    return bool(live) and contact["ended_at"] is None and contact["done_at"] is None


@dataclass(frozen=True, slots=True)
class UnmergeCase:
    """Undo a merge: the case is one of its own again, with what came from it."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person) -> None:
        """Split a merged case back out of the one it is part of."""
        async with self.uow.begin() as work:
            row = await work.reads.case(number, visible_units(person))
            wanted = [row["id"], row["merged_into"] or row["id"]]
            held = {case.id: case for case in await work.cases.lock_many(wanted)}
            case, target = held[wanted[0]], held[wanted[1]]
            guard(person, case, target)
            state = await permitted(work, case, Deed.UNMERGE, self.clock)
            now, by = self.clock(), author(person, case)
            merge = await work.history.last_of(case.id, (Deed.MERGE,))
            kept = merge["facts"] if merge else {}
            await work.moving.back(kept.get("moved", {}), target.id, case.id)
            await self._let_go(work, target, kept, now)
            was_closed = kept.get("state") == CaseState.CLOSED
            back = {"state": CaseState.CLOSED.value} if was_closed else {"state": state.value, "closed_at": None}
            await work.cases.change(case.id, now, merged_into=None, agent_id=by, **back)
            await work.links.remove(case.id, target.id, LinkKind.MERGED.value)
            await work.links.add(case.id, target.id, LinkKind.SPLIT.value, by=by, at=now)
            await write_down(work, case.id, person, by, Deed.UNMERGE, self.clock, other=target.number)
            await write_down(work, target.id, person, by, Deed.SPLIT, self.clock, other=case.number)
            work.ring(by, target.agent_id)
            at: dict[str, Any] = {"case_id": case.id, "case_number": case.number, "by": by, "at": now}
            if not was_closed:
                work.tell(CaseSplit(**at, origin=target.id, origin_number=target.number))

    async def _let_go(self, work: Work, target: Case, kept: Row, now: datetime) -> None:
        left = await work.contacts.of_case(target.id)
        current = target.current_contact
        if left and current not in {one["id"] for one in left}:
            current = left[-1]["id"]
        count = max(1, target.contact_count - int(kept.get("count", 1)))
        await work.cases.change(target.id, now, contact_count=count, current_contact=current)
