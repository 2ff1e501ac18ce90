"""Opening, changing and closing an incident: while it is open, everybody learns it from the catalogue."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from services.casework.domain.incident import (
    IncidentDeed,
    IncidentFaultyError,
    IncidentState,
    Known,
    Said,
    after,
    faults,
    state_of,
)
from services.casework.store.bell import INCIDENTS
from services.casework.store.incidents import incident_record
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.answer_incident import Answer, order
from shared.clock import Clock
from shared.errors import ForbiddenError, KeyReusedError
from shared.ids import natural_event_id, new_id
from shared.topics import CATALOGUE
from shared.web.access import Action, Person, allow, visible_units


async def sound(work: Work, said: Said, now: datetime, before: datetime | None = None) -> Said:
    """Return what is said, tidied; IncidentFaultyError with everything that is wrong with it."""
    known = Known(
        units={row["id"] for row in await work.catalogue.units()},
        entrances={row["id"] for row in await work.catalogue.entrances()},
        case_types={row["id"] for row in await work.catalogue.case_types()},
    )
    plain = said.plain()
    if found := faults(plain, known, now, before):
        raise IncidentFaultyError(errors=found)
    return plain


def _columns(said: Said) -> dict[str, Any]:
    values = asdict(said)
    lists = {"entrances": list(said.entrances), "case_types": list(said.case_types)}
    return {"body": values.pop("text"), **values, **lists}


def _said(row: Row) -> Said:
    same = {name: row[name] for name in ("title", "unit", "greeting", "expected_end", "alarm_id")}
    return Said(text=row["body"], entrances=tuple(row["entrances"]), case_types=tuple(row["case_types"]), **same)


def _may(person: Person, unit: str) -> None:
    if not allow(person, Action.MANAGE_INCIDENTS, unit):
        raise ForbiddenError


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """Open an incident of a unit that is the person's."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, said: Said, request_id: str | None = None) -> str:
        """Return its id; the same `request_id` opens it once, KeyReusedError when other words come with it."""
        incident_id = natural_event_id("incident.open", person.id, request_id) if request_id else new_id()
        async with self.uow.begin() as work:
            now = self.clock()
            plain = await sound(work, said, now)
            _may(person, plain.unit)
            fresh = await work.incidents.add(id=incident_id, **_columns(plain), opened_by=person.id, opened_at=now)
            row = await work.incidents.hold(incident_id, None)
            if not fresh:
                _same(row, plain)
                return incident_id
            work.tell(incident_record(row))
            work.ring(INCIDENTS)
        return incident_id


def _same(row: Row, said: Said) -> None:
    if (row["title"], row["body"], row["unit"]) != (said.title, said.text, said.unit):
        raise KeyReusedError


@dataclass(frozen=True, slots=True)
class ChangeIncident:
    """Say something else of an open incident: its text, greeting, reach or expected end; the rest stays."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, incident_id: str, person: Person, changes: Mapping[str, Any]) -> None:
        """Change it (`changes` by the names of `Said`); IncidentClosedError when it is over."""
        async with self.uow.begin() as work:
            row = await work.incidents.hold(incident_id, visible_units(person))
            _may(person, row["unit"])
            after(state_of(row["closed_at"]), IncidentDeed.CHANGE)
            plain = await sound(work, replace(_said(row), **changes), self.clock(), row["expected_end"])
            _may(person, plain.unit)
            changed = await work.incidents.change(incident_id, **_columns(plain))
            work.tell(incident_record(changed))
            work.ring(INCIDENTS)


@dataclass(frozen=True, slots=True)
class CloseIncident:
    """End an incident, with an answer to all that are linked to it or without."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, incident_id: str, person: Person, answer: Answer | None = None) -> None:
        """Close it; closing what is closed with the same answer, or with none, changes nothing."""
        async with self.uow.begin() as work:
            row = await work.incidents.hold(incident_id, visible_units(person))
            _may(person, row["unit"])
            state = state_of(row["closed_at"])
            if state is IncidentState.CLOSED and (answer is None or row["answer"] == answer.text.strip()):
                return
            after(state, IncidentDeed.CLOSE)
            now = self.clock()
            values = order(answer, person, now) if answer else {}
            await work.incidents.change(incident_id, closed_at=now, closed_by=person.id, **values)
            work.gone(CATALOGUE, f"incident:{incident_id}")
            work.ring(INCIDENTS)
