"""Linking a case to an incident by one key, and taking the link away."""

from dataclasses import dataclass

from services.casework.domain.incident import IncidentDeed, after, state_of
from services.casework.store.bell import INCIDENTS
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.protection import hold
from services.casework.usecases.who import author
from shared.clock import Clock
from shared.events import IncidentLinked, IncidentUnlinked
from shared.web.access import Person


@dataclass(frozen=True, slots=True)
class LinkCase:
    """Say that a case is about an open incident; any incident, because a citizen reaches us by any entrance."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, incident_id: str, number: str, person: Person) -> None:
        """Link; a case that is linked already stays so, and nothing is told twice."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            incident = await work.incidents.hold(incident_id, None, share=True)
            after(state_of(incident["closed_at"]), IncidentDeed.LINK)
            now, by = self.clock(), author(person, case)
            link = {"incident_id": incident_id, "case_id": case.id, "contact_id": case.current_contact}
            if not await work.incidents.link(**link, by=by, at=now):
                return
            named = _named(incident)
            await work.history.write(
                case.id, now, by=by, by_name=person.name, what=IncidentDeed.LINK.value, facts=named
            )
            await work.cases.change(case.id, now)
            work.tell(IncidentLinked(case_number=case.number, **link, by=by, at=now))
            work.ring(INCIDENTS)


@dataclass(frozen=True, slots=True)
class UnlinkCase:
    """Take back that a case is about an incident; that it was linked stays in the history."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, incident_id: str, number: str, person: Person) -> None:
        """Take the link away; nothing happens when there is none."""
        async with self.uow.begin() as work:
            case = await hold(work, number, person)
            incident = await work.incidents.hold(incident_id, None, share=True)
            after(state_of(incident["closed_at"]), IncidentDeed.UNLINK)
            if not await work.incidents.unlink(incident_id, case.id):
                return
            now, by = self.clock(), author(person, case)
            named = _named(incident)
            await work.history.write(
                case.id, now, by=by, by_name=person.name, what=IncidentDeed.UNLINK.value, facts=named
            )
            await work.cases.change(case.id, now)
            at = {"case_id": case.id, "case_number": case.number, "contact_id": case.current_contact, "at": now}
            work.tell(IncidentUnlinked(**at, incident_id=incident_id, by=by))
            work.ring(INCIDENTS)


def _named(incident: Row) -> dict[str, object]:
    return {"incident": incident["id"], "title": incident["title"]}
