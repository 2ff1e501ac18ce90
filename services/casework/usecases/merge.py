"""Two cases about the same thing become one: everything stays readable, and it can be undone.

What was written moves to the case that goes on; hand-overs stay where they were made, for they say who may read a
case. The other one is closed without a resolution: it was neither solved nor handed over, and is counted as nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.casework.domain.case import Case, Deed
from services.casework.domain.ending import Ending, may_end
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.inherited import stay_anonymous
from services.casework.usecases.park import put_down, rested
from services.casework.usecases.protection import guard
from services.casework.usecases.standing import not_behind, permitted, write_down
from services.casework.usecases.taken_in import added, give_back, kept_of, noted
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


class BothTalkingError(DomainError):
    """In both cases somebody is in the phone or at the counter, and of the two only one contact goes on."""

    type = "both-talking"
    status = 409
    title = "I båda ärendena pågår ett samtal eller ett besök. Slå ihop dem när det ena är över."


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
    """Return two cases, both held for a deed; refused (`guard`, NotFoundError) when one of them is not for her."""
    if number == other:
        raise SameCaseError(errors=(FieldError("/other", SameCaseError.title),))
    one = await work.reads.case(number, visible_units(person))
    try:
        two = await work.reads.case(other, visible_units(person))
    except NotFoundError as error:
        raise UnknownCaseError(errors=(FieldError("/other", UnknownCaseError.title),)) from error
    held = {case.id: case for case in await work.cases.lock_many([one["id"], two["id"]])}
    guard(person, *held.values())
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
    if case.state is not CaseState.CLOSED:
        may_end(await work.runs.of(case), Ending.MERGE, await work.runs.of(target))
    currents = {one: await work.contacts.get(one) for one in (case.current_contact, target.current_contact)}
    if len([one for one in currents.values() if one is not None and _talking(one)]) > 1:
        raise BothTalkingError


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
            await _may(work, case, target, self.clock)
            now, by = self.clock(), author(person, case)
            over = await self._go_on(work, case, target, by, now)
            moved = await work.moving.all_of(case.id, target.id)
            state = {"state": CaseState.CLOSED.value, "merged_into": target.id, "parked_until": None}
            ended = {} if case.state is CaseState.CLOSED else {"closed_at": now}
            told = {"handling_seconds": 0.0, "reported_seconds": 0.0}
            await work.cases.change(case.id, now, **{**state, **ended, **told, **await rested(work, case, now)})
            if case.protected or target.protected:
                await work.cases.protect(target.id, now, protected=True)
            await stay_anonymous(work, case.id, target.id)
            await work.links.add(case.id, target.id, LinkKind.MERGED.value, by=by, at=now)
            kept = {"moved": moved, **noted(case, target)}
            await write_down(work, case.id, person, by, Deed.MERGE, self.clock, other=target.number, **kept)
            await write_down(work, target.id, person, by, Deed.ABSORB, self.clock, other=case.number)
            put = await put_down(work, case, over, now)
            work.ring(target.agent_id)
            at: dict[str, Any] = {"case_id": case.id, "case_number": case.number, "by": by, "at": now}
            work.tell(CaseMerged(**at, **put, into=target.id, into_number=target.number))

    async def _go_on(self, work: Work, case: Case, target: Case, by: str, now: datetime) -> str:
        """Write what the case that goes on takes over; return the contact that nobody works on any more.

        A citizen in the phone or at the counter is not put down: her contact becomes the one that is worked on.
        """
        values = added(case, target)
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
    if contact["channel"] not in LIVE_CHANNELS or not contact["agent_id"] or contact["done_at"]:
        return False
    ended, accepted = contact["ended_at"], contact["accepted_at"]
    return ended is None or (accepted is not None and ended < accepted)  # called back: what ended is the call before


@dataclass(frozen=True, slots=True)
class UnmergeCase:
    """Undo a merge: the case is one of its own again, with what came from it."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person) -> None:
        """Split a merged case back out of the one it is part of."""
        async with self.uow.begin() as work:
            row = await work.reads.case(number, visible_units(person))
            case, target, chain = await self._hold(work, row["id"])
            guard(person, case, target)
            state = await permitted(work, case, Deed.UNMERGE, self.clock)
            now, by = self.clock(), author(person, case)
            kept = await kept_of(work, case.id)
            times = await give_back(work, case, target, chain[:-1], by, now)
            was_closed = kept.get("state") == CaseState.CLOSED
            state = CaseState.CLOSED if was_closed else state
            back = {"state": state.value, **({} if was_closed else {"closed_at": None})}
            await work.cases.change(case.id, now, merged_into=None, agent_id=by, **back, **times)
            await work.links.remove(case.id, chain[0], LinkKind.MERGED.value)
            await work.links.add(case.id, target.id, LinkKind.SPLIT.value, by=by, at=now)
            await write_down(work, case.id, person, by, Deed.UNMERGE, self.clock, other=target.number)
            await write_down(work, target.id, person, by, Deed.SPLIT, self.clock, other=case.number)
            work.ring(by, target.agent_id)
            at: dict[str, Any] = {"case_id": case.id, "case_number": case.number, "by": by, "at": now}
            work.tell(CaseSplit(**at, origin=target.id, origin_number=target.number, state=state))

    async def _hold(self, work: Work, case_id: str) -> tuple[Case, Case, list[str]]:
        """Hold a case and the one that goes on, which may have become another while we waited; return what is between.

        A case of its own is both, and refused by its state.
        """
        while True:
            chain = await work.moving.chain(case_id)
            last = chain[-1] if chain else case_id
            held = {case.id: case for case in await work.cases.lock_many([case_id, last])}
            if await work.moving.chain(case_id) == chain:
                return held[case_id], held[last], chain
