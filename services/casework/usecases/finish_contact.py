"""Being done with a contact whose case goes on elsewhere: a citizen who asked about a case that is handed over."""

from dataclasses import dataclass

from services.casework.router_client import RouterClient
from services.casework.store.unit_of_work import UnitOfWork
from shared.clock import Clock
from shared.errors import NotFoundError
from shared.web.access import Person, visible_units


@dataclass(frozen=True, slots=True)
class FinishContact:
    """Free the agent of the current contact; the case stays as it is."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock

    async def run(self, number: str, person: Person) -> None:
        """Finish; ConflictError when the contact is no longer the agent's. Once the router knows, so do we."""
        async with self.uow.begin() as work:
            case = await work.cases.lock(number, visible_units(person))
            contact = await work.contacts.get(case.current_contact)
        if contact is None or contact["done_at"]:
            raise NotFoundError
        await self.router.complete(contact["id"], int(contact["epoch"]), case.case_type)
        async with self.uow.begin() as work:
            await work.contacts.done(contact["id"], self.clock())
