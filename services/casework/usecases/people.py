"""Who a case is about: the citizen, under all her addresses, who represents her and by what right, or nobody known.

Nobody is asked who she is when the matter does not need it (TF 2 kap. 18 §): anonymous is a choice, not a gap.
"""

import re
from dataclasses import dataclass

from services.casework.domain.case import Deed
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.protection import hold
from services.casework.usecases.standing import permitted, write_down
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.errors import DomainError, FieldError, NotFoundError
from shared.ids import natural_event_id, new_id
from shared.vocabulary import PersonRole
from shared.web.access import Person

LONGEST = 200
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER = re.compile(r"\+?[\d\s()/-]{3,30}")


class PersonFactsError(DomainError):
    """What is said of a person does not fit together; `errors` say where."""

    type = "person-facts"
    status = 422
    title = "Något om personen stämmer inte."


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a person; an anonymous one has none of it."""

    role: PersonRole
    name: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    """Of a representative: by what right (*fullmakt*, *god man*, *vårdnadshavare*)."""

    def checked(self) -> "About":
        """Return it tidied; PersonFactsError names each field that is wrong."""
        tidy = {name: getattr(self, name).replace("\x00", "").strip() for name in ("name", "email", "phone", "note")}
        wrong = [FieldError(f"/{name}", "Texten är för lång.") for name, text in tidy.items() if len(text) > LONGEST]
        if tidy["email"] and not _ADDRESS.fullmatch(tidy["email"]):
            wrong.append(FieldError("/email", "Det är ingen e-postadress."))
        if tidy["phone"] and not _NUMBER.fullmatch(tidy["phone"]):
            wrong.append(FieldError("/phone", "Det är inget telefonnummer."))
        known = any(tidy[name] for name in ("name", "email", "phone"))
        if self.role is PersonRole.ANONYMOUS and (known or tidy["note"]):
            wrong.append(FieldError("/role", "Om den som är anonym skrivs ingenting."))
        if self.role is not PersonRole.ANONYMOUS and not known:
            wrong.append(FieldError("/name", "Skriv namn, e-post eller telefon."))
        if self.role is PersonRole.REPRESENTATIVE and not tidy["note"]:
            wrong.append(FieldError("/note", "Skriv med vilken rätt: fullmakt, god man, vårdnadshavare."))
        if wrong:
            raise PersonFactsError(errors=wrong)
        return About(self.role, **tidy)


TEXTS = (
    "Texten är för lång.",
    "Det är ingen e-postadress.",
    "Det är inget telefonnummer.",
    "Om den som är anonym skrivs ingenting.",
    "Skriv namn, e-post eller telefon.",
    "Skriv med vilken rätt: fullmakt, god man, vårdnadshavare.",
)
"""The Swedish texts of this module, for the test of the translations."""


@dataclass(frozen=True, slots=True)
class AddPerson:
    """Say who a case is about; several addresses of one person are several lines."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, about: About, request_id: str | None = None) -> str:
        """Add a person, once per `request_id`; returns her id within the case."""
        said = about.checked()
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await permitted(work, case, Deed.PEOPLE, self.clock)
            now, by = self.clock(), author(person, case)
            row_id = natural_event_id("person", case.id, request_id) if request_id else new_id()
            facts = {name: getattr(said, name) for name in ("name", "email", "phone", "note")}
            row = {"id": row_id, "case_id": case.id, "role": said.role.value, "by": by, "at": now}
            if await work.people.add(**row, **facts):
                await write_down(work, case.id, person, by, Deed.PEOPLE, self.clock, role=said.role.value)
                await work.cases.change(case.id, now)
        return row_id


@dataclass(frozen=True, slots=True)
class RemovePerson:
    """Take a person out of a case; that somebody stood there stays in the history."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, row_id: str) -> None:
        """Remove her; NotFoundError when she is not there."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await permitted(work, case, Deed.PEOPLE, self.clock)
            row = await work.people.find(case.id, row_id)
            if row is None:
                raise NotFoundError
            now, by = self.clock(), author(person, case)
            await work.people.remove(row_id, by=by, at=now)
            await write_down(work, case.id, person, by, Deed.PEOPLE, self.clock, role=row["role"], gone=True)
            await work.cases.change(case.id, now)


@dataclass(frozen=True, slots=True)
class ProtectCase:
    """Say that the person of a case has a protected identity: others than its own unit see nothing of her."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, number: str, person: Person, *, protected: bool) -> None:
        """Set or take away the mark; set again, nothing changes."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            await permitted(work, case, Deed.PEOPLE, self.clock)
            if case.protected is protected:
                return
            now, by = self.clock(), author(person, case)
            await work.cases.protect(case.id, now, protected=protected)
            await write_down(work, case.id, person, by, Deed.PEOPLE, self.clock, protected=protected)
