"""Two matters had come in one contact, or one had joined the wrong case: a part becomes a case of its own."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.domain.case import Case, Deed, case_id_of
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.handling import told_of
from services.casework.usecases.new_case import open_from
from services.casework.usecases.protection import hold
from services.casework.usecases.standing import not_behind, permitted, write_down
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import DomainError, FieldError
from shared.events import CaseSplit
from shared.ids import natural_event_id
from shared.vocabulary import LinkKind
from shared.web.access import Person


class UnknownContactError(DomainError):
    """There is no such contact in the case, or it is erased."""

    type = "unknown-contact"
    status = 422
    title = "Kontakten finns inte i ärendet."


@dataclass(frozen=True, slots=True)
class SplitCase:
    """Make a case of its own out of one of a case's contacts, linked with where it came from.

    The contact that opened the case stays, and is copied: it is about both matters. Any other one moves.
    """

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, contact_id: str, request_id: str, seen: int | None = None) -> str:
        """Split; returns the number of the new case, the same for the same `request_id`."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            now, by = self.clock(), author(person, case)
            copy = natural_event_id("split", case.id, request_id)
            if (before := await work.cases.number_of_contact(copy)) is not None:
                return before
            await not_behind(work, case, person, seen, self.clock)
            await permitted(work, case, Deed.SPLIT, self.clock)
            contacts = {one["id"]: one for one in await work.contacts.of_case(case.id) if one["purged_at"] is None}
            if contact_id not in contacts:
                raise UnknownContactError(errors=(FieldError("/contact_id", UnknownContactError.title),))
            moves = await self._moves(work, case, contact_id)
            told = await told_of(work, case, contacts[contact_id], now) if moves else 0.0
            if moves:
                await self._let_go(work, case, contact_id, [one for one in contacts if one != contact_id], told, now)
            else:
                await work.moving.copy_contact(contact_id, copy)
            taken = contact_id if moves else copy
            new_id, made = await open_from(work, case, taken, by, LinkKind.SPLIT, now)
            await work.contacts.link({taken: new_id})
            if told:
                await work.handling.told(new_id, told)
            await write_down(work, case.id, person, by, Deed.SPLIT, self.clock, other=made, contact=contact_id)
            await write_down(work, new_id, person, by, Deed.LINK, self.clock, kind="split", other=number)
            at = {"case_id": new_id, "case_number": made, "at": now, "by": by}
            work.tell(CaseSplit.model_validate({**at, "origin": case.id, "origin_number": number}))
            work.ring(by, case.agent_id)
        return made

    async def _moves(self, work: Work, case: Case, contact_id: str) -> bool:
        """Return whether the contact can leave: it did not open this case, nor has it a case of its own already."""
        own = case_id_of(contact_id)
        return contact_id != case.contact_id and own not in await work.moving.going_on([own])

    async def _let_go(
        self, work: Work, case: Case, contact_id: str, left: list[str], told: float, now: datetime
    ) -> None:
        values: dict[str, object] = {
            "contact_count": max(1, case.contact_count - 1),
            "reported_seconds": case.reported_seconds - told,
        }
        if case.current_contact == contact_id:
            values["current_contact"] = left[-1]
        await work.cases.change(case.id, now, **values)
