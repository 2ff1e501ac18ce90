"""What nobody goes on with: reminders that lie, and open cases that are nobody's. Supervisors see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.casework.store.unit_of_work import UnitOfWork
from shared.clock import Clock
from shared.web.access import Person, visible_units

PATIENCE = timedelta(hours=1)
"""How long a case may lie before supervisors see it."""
_MOST = 200


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A case that nobody goes on with: `why` is `reminder` (it has come) or `nobody` (no agent of ours has it)."""

    number: str
    unit: str
    agent_id: str | None
    agent_name: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ReadForgotten:
    """List the open cases that nobody has gone on with for an hour."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person) -> tuple[Forgotten, ...]:
        """Return them as far as the person sees their units, oldest first, at most 200."""
        async with self.uow.read() as work:
            people = {one["id"]: one["name"] for one in await work.catalogue.people()}
            before = self.clock() - PATIENCE
            rows = await work.cases.forgotten(before, sorted(people), visible_units(person), _MOST)
        return tuple(
            Forgotten(
                row["number"], row["unit"], row["agent_id"], people.get(row["agent_id"], ""), row["since"], row["why"]
            )
            for row in rows
        )
