"""Being done with a contact whose case goes on elsewhere: a citizen who asked about a case that is handed over."""

from dataclasses import dataclass

from services.casework.router_client import RouterClient
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.pass_on import held
from shared.clock import Clock
from shared.web.access import Person


@dataclass(frozen=True, slots=True)
class FinishContact:
    """Free the agent of the current contact; the case stays as it is."""

    uow: UnitOfWork
    router: RouterClient
    clock: Clock

    async def run(self, number: str, person: Person) -> None:
        """Finish; ConflictError when the contact is no longer the agent's. Once the router knows, so do we."""
        async with self.uow.begin() as work:
            case, contact = await held(work, number, person)
        await self.router.complete(contact["id"], int(contact["epoch"]), case.case_type)
        async with self.uow.begin() as work:
            await work.contacts.done(contact["id"], self.clock())
