"""A closed case lives again, for so many days; later a new case follows it up."""

from dataclasses import dataclass

from services.casework.domain.case import Deed, TooOldError, may_reopen
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.first_contact import reopened
from services.casework.usecases.new_case import open_from
from services.casework.usecases.park import waited
from services.casework.usecases.protection import hold
from services.casework.usecases.standing import not_behind, permitted, write_down
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.events import CaseReopened
from shared.ids import natural_event_id
from shared.vocabulary import CaseState, LinkKind
from shared.web.access import Person


@dataclass(frozen=True, slots=True)
class ReopenCase:
    """Bring a closed case back to life, or one that rests; TooOldError (409) when it was closed too long ago."""

    uow: UnitOfWork
    clock: Clock
    days: int = 30

    async def run(self, number: str, person: Person, seen: int | None = None) -> None:
        """Reopen; the person becomes its agent."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            now, by = self.clock(), author(person, case)
            await not_behind(work, case, person, seen, self.clock)
            state = await permitted(work, case, Deed.REOPEN, self.clock)
            if case.state is CaseState.CLOSED:
                if not may_reopen(case.closed_at, now, self.days):
                    raise TooOldError(days=self.days)
                await reopened(work, case.id, now)
                at = {"case_id": case.id, "case_number": case.number, "contact_id": case.current_contact, "at": now}
                work.tell(CaseReopened(**at, by=by))
            cleared = dict.fromkeys(("closed_at", "closed_by", "resolution", "cause", "parked_until"))
            waits = await waited(work, case, now)
            await work.cases.change(case.id, now, state=state.value, agent_id=by, **cleared, **waits)
            await write_down(work, case.id, person, by, Deed.REOPEN, self.clock)
            work.ring(by, case.agent_id)


@dataclass(frozen=True, slots=True)
class FollowUpCase:
    """Open a new case that follows another one up: the old one is closed too long, or it is a matter of its own."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, request_id: str) -> str:
        """Open it, with the same person and case type, linked; returns its number, the same for the same request."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            now, by = self.clock(), author(person, case)
            await permitted(work, case, Deed.LINK, self.clock)
            contact_id = natural_event_id("follow-up", case.id, request_id)
            known = await work.contacts.get(contact_id)
            await work.moving.begin_contact(case.current_contact, contact_id, now)
            case_id, made = await open_from(work, case, contact_id, by, LinkKind.FOLLOW_UP, now)
            if known is None:
                await work.contacts.link({contact_id: case_id})
                kept = {"case_type": case.case_type, "classified_how": case.case_type and "confirmed"}
                list_kept = {"checklist_id": case.checklist_id, "checklist_version": case.checklist_version}
                await work.cases.change(case_id, now, **kept, **list_kept)
                await write_down(
                    work, case.id, person, by, Deed.LINK, self.clock, kind="follow_up", other=made, back=True
                )
                await write_down(work, case_id, person, by, Deed.LINK, self.clock, kind="follow_up", other=number)
                work.ring(by)
        return made
