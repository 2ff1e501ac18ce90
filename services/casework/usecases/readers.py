"""Two who have the same case open see each other, for as long as both have it before them.

It is a courtesy and no lock: who writes on what somebody has changed meanwhile is told so by the version of the case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.casework.store.bell import READING
from services.casework.store.readers import SHOWN
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from shared.clock import Clock
from shared.web.access import Person, visible_units

LASTS = timedelta(seconds=35)
"""A page says every 10 s that it is before its reader; three that are missed in a row, and she has left."""


@dataclass(frozen=True, slots=True)
class SeeReaders:
    """Say that one reads a case, and who else does."""

    uow: UnitOfWork
    clock: Clock

    async def here(self, case_id: str, person: Person) -> tuple[str, ...]:
        """Note that the person has the case before her, which the others hear at once; return the others' names.

        Whoever calls this has shown her the case: what she may see is decided there.
        """
        now = self.clock()
        async with self.uow.begin() as work:
            found = await work.readers.here(case_id, person.id, person.name, now, now + LASTS)
            if person.id not in {one["person"] for one in found}:
                await work.readers.sweep(now)
                work.ring(*(f"{READING}{one['person']}" for one in found))
        return _names(found, person)

    async def here_at(self, number: str, person: Person) -> tuple[str, ...]:
        """Note the same of a case by its number; NotFoundError when it is not for her eyes."""
        async with self.uow.read() as work:
            case = await work.reads.case(number, visible_units(person))
        return await self.here(case["id"], person)

    async def others(self, number: str, person: Person) -> tuple[str, ...]:
        """Return who else reads a case; NotFoundError when it is not for her eyes."""
        async with self.uow.read() as work:
            case = await work.reads.case(number, visible_units(person))
            return _names(await work.readers.of(case["id"], self.clock()), person)


def _names(rows: Sequence[Row], person: Person) -> tuple[str, ...]:
    return tuple(one["name"] or one["person"] for one in rows if one["person"] != person.id)[:SHOWN]
