"""Where an agent receives visitors: what the screen of the waiting room says when she takes one."""

from dataclasses import dataclass

from services.casework.store.catalogue import agent_profile
from services.casework.store.unit_of_work import UnitOfWork

LONGEST = 40
"""Letters that can be read across a room."""


@dataclass(frozen=True, slots=True)
class ReceivingPlaces:
    """Read and set it; the others hear of it with her profile."""

    uow: UnitOfWork

    async def of(self, person_id: str) -> str:
        """Return where she receives, empty when she has not said."""
        async with self.uow.read() as work:
            row = await work.catalogue.person(person_id)
        return (row["place"] or "") if row else ""

    async def set(self, person_id: str, place: str) -> None:
        """Say where she receives, for herself; empty is nowhere in particular. The same again is nothing."""
        plain = " ".join(place.replace("\x00", "").split())[:LONGEST] or None
        async with self.uow.begin() as work:
            row = await work.catalogue.set_place(person_id, plain)
            if row is not None:
                work.tell(agent_profile(row))
