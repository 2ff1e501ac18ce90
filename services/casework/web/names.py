"""What units, entrances, people and case types are called: read at most twice a minute, because every page needs it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.casework.usecases.read_catalogue import ReadCatalogue, ReadPeople
from services.casework.usecases.views import CandidateView

_KEEP = 30.0


@dataclass(frozen=True, slots=True)
class Called:
    """Names by id, and which case types have a checklist."""

    units: Mapping[str, str]
    entrances: Mapping[str, str]
    people: Mapping[str, str]
    with_checklist: frozenset[str]
    read_at: float

    def person(self, who: str | None) -> str:
        """Return a person's name; whoever is not a person here is called what they called themselves."""
        return self.people.get(who or "", who or "")

    def candidate(self, found: CandidateView) -> CandidateView:
        """Return a candidate that says whether it has a checklist."""
        return replace(found, checklist=found.case_type in self.with_checklist)

    def hit(self, found: Mapping[str, Any]) -> CandidateView:
        """Return a hit of the router's search as a candidate; a search has no probability."""
        return CandidateView(
            case_type=found["case_type"],
            unit=found["unit"],
            unit_name=self.units.get(found["unit"], found["unit"]),
            area=found["area"],
            question=found["question"],
            confidence=0.0,
            checklist=found.get("checklist") is not None,
        )


class Names:
    """Reads the names and remembers them for half a minute."""

    def __init__(self, catalogue: ReadCatalogue, people: ReadPeople) -> None:
        self._catalogue = catalogue
        self._people = people
        self._called: Called | None = None

    async def __call__(self) -> Called:
        """Return the names."""
        if self._called is None or time.monotonic() - self._called.read_at > _KEEP:
            self._called = await self._read()
        return self._called

    async def _read(self) -> Called:
        case_types = await self._catalogue.case_types()
        return Called(
            units={unit.id: unit.name for unit in await self._catalogue.units()},
            entrances={entrance.id: entrance.name for entrance in await self._catalogue.entrances()},
            people={person.id: person.name for person in await self._people.run()},
            with_checklist=frozenset(one.id for one in case_types if one.checklist is not None),
            read_at=time.monotonic(),
        )
