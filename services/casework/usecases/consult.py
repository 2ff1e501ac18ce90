"""Asking a colleague about a contact, and giving it to her when she has said yes (a warm transfer)."""

from dataclasses import dataclass
from typing import Any

from services.casework.router_client import RouterClient
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.opening import take, tell_askers
from services.casework.usecases.pass_on import held
from shared.clock import Clock
from shared.errors import ConflictError, NotFoundError
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class AskColleague:
    """Ask a colleague about the contact that one holds; she gets an offer."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock

    async def run(self, number: str, person: Person, colleague: str) -> None:
        """Ask."""
        async with self.uow.begin() as work:
            _, contact = await held(work, number, person)
        question = await self.router.consult(contact["id"], int(contact["epoch"]), colleague)
        async with self.uow.begin() as work:
            row = {"id": question, "about": contact["id"], "asked": colleague, "at": self.clock()}
            await work.contacts.ask([row])
            work.ring(person.id)


@dataclass(frozen=True, slots=True)
class TransferToColleague:
    """Give the contact to the colleague who has taken the question about it."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock

    async def run(self, number: str, person: Person) -> None:
        """Transfer; ConflictError when nobody has said yes."""
        async with self.uow.begin() as work:
            _, contact = await held(work, number, person)
            asked = [one for one in await work.contacts.questions(contact["id"]) if one["agent_id"]]
            ready = [one for one in asked if not one["done_at"] and not one["ended_at"]]
        if not ready:
            raise ConflictError
        question = ready[-1]
        answer = await self.router.transfer(contact["id"], int(contact["epoch"]), question["id"])
        row = {"id": contact["id"], "epoch": int(answer["epoch"]), "agent_id": question["agent_id"]}
        now = self.clock()
        async with self.uow.begin() as work:
            await work.cases.hold_of([contact["id"]])
            await work.contacts.done(question["id"], now)
            if moved := await work.contacts.transfer([row]):
                await take(work, moved, now)
            work.ring(person.id, question["agent_id"])


@dataclass(frozen=True, slots=True)
class EndQuestion:
    """Be done with a colleague's question; the contact stays hers."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock

    async def run(self, number: str, person: Person) -> None:
        """End it; NotFoundError when nobody asks this person."""
        async with self.uow.begin() as work:
            case = await work.cases.lock(number, visible_units(person))
            questions = await work.contacts.questions(case.current_contact)
        mine = [one for one in questions if one["agent_id"] == person.id and not one["done_at"]]
        if not mine:
            raise NotFoundError
        await self.router.complete(mine[-1]["id"], int(mine[-1]["epoch"]), None)
        async with self.uow.begin() as work:
            await work.contacts.done(mine[-1]["id"], self.clock())
            await tell_askers(work, mine[-1:])
            work.ring(person.id)


@dataclass(frozen=True, slots=True)
class ReadQuestion:
    """Read what an offered question is about, before it is taken."""

    uow: UnitOfWork

    async def run(self, about: str) -> dict[str, Any]:
        """Return `number` of the case and `by`, the agent who asks; empty when we do not know (yet)."""
        async with self.uow.read() as work:
            contact = await work.contacts.get(about)
            number = await work.cases.number_of_contact(about)
        return {"number": number or "", "by": (contact["agent_id"] if contact else "") or ""}
