"""Reading incidents: the list, one with what is linked to it, and what the desk says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.casework.domain.incident import Place, Reach, state_of
from services.casework.store.incidents import names_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases.incident_views import (
    AnswerView,
    DeskIncident,
    DeskIncidents,
    HourView,
    IncidentList,
    IncidentRow,
    IncidentView,
    LinkedRow,
    Prefill,
)
from services.casework.usecases.protection import protects
from services.casework.usecases.views import AlarmView, CaseView
from shared.clock import Clock
from shared.web.access import Action, Person, allow, visible_units

HOURS = 24
"""Hours of linked cases that a page shows."""


@dataclass(frozen=True, slots=True)
class ListIncidents:
    """Read the incidents of a person's units."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person) -> IncidentList:
        """Return all that are open and the latest that were closed."""
        seen, now = visible_units(person), self.clock()
        async with self.uow.read() as work:
            names = {row["id"]: row["name"] for row in await work.catalogue.people()}
            lively = await work.incidents.listed(seen, now, closed=False)
            over = await work.incidents.listed(seen, now, closed=True)
        rows = [[incident_row(row, names, now) for row in found] for found in (lively, over)]
        return IncidentList(tuple(rows[0]), tuple(rows[1]))


@dataclass(frozen=True, slots=True)
class ReadIncident:
    """Read one incident with what is linked to it; cases only as far as the person may see them."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, incident_id: str, person: Person) -> IncidentView:
        """Return it; NotFoundError when it is not there or of a unit that is not hers."""
        seen, now = visible_units(person), self.clock()
        async with self.uow.read() as work:
            row = await work.incidents.get(incident_id, seen, now)
            names = {one["id"]: one["name"] for one in await work.catalogue.people()}
            shown, calls = await _linked(work, incident_id, person, names)
            said = await work.incidents.progress(incident_id)
            hours = await work.incidents.hours(incident_id, now - timedelta(hours=HOURS))
            entrances, kinds = await work.catalogue.entrances(), await work.catalogue.case_types()
        return IncidentView(
            incident=incident_row(row, names, now),
            hours=_hours(hours),
            cases=shown,
            calls=calls,
            hidden=max(0, row["linked"] - len(shown)),
            progress=_progress(said) if row["answered_at"] else None,
            entrance_names=names_of(entrances, row["entrances"]),
            case_type_names=names_of(kinds, row["case_types"]),
            may_manage=allow(person, Action.MANAGE_INCIDENTS, row["unit"]),
        )


async def _linked(
    work: Work, incident_id: str, person: Person, names: dict[str, str]
) -> tuple[tuple[LinkedRow, ...], tuple[LinkedRow, ...]]:
    if not allow(person, Action.READ_CASES):
        return (), ()
    seen = visible_units(person)
    shown = await work.incidents.cases(incident_id, seen)
    calls = await work.incidents.cases(incident_id, seen, calls=True)
    return tuple(_linked_row(one, names, person) for one in shown), tuple(
        _linked_row(one, names, person) for one in reversed(calls)
    )


@dataclass(frozen=True, slots=True)
class ReadDeskIncidents:
    """Read what the desk says of incidents."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, case: CaseView | None = None) -> DeskIncidents:
        """Return those that concern the case at hand and the others; without a case all that are open, and alarms."""
        now = self.clock()
        async with self.uow.read() as work:
            rows = await work.incidents.at_desk(case.id if case else "")
            entrance = await work.catalogue.entrance(case.entrance) if case and rows else None
            alarms = await work.alarms.on() if case is None else []
            units = {row["id"]: row["unit"] for row in await work.catalogue.case_types()} if alarms else {}
        if case is None:
            taken = {row["alarm_id"] for row in rows}
            shown = tuple(_alarm(row) for row in alarms if row["id"] not in taken)
            mine = frozenset(one.id for one in shown if _may_open(person, _unit_of(one.series, units)))
            return DeskIncidents(tuple(_at_desk(row, now) for row in rows), alarms=shown, may_open=mine)
        place = Place(case.entrance, entrance["unit"] if entrance else "", case.unit, case.case_type)
        found = [_at_desk(row, now, place) for row in rows]
        return DeskIncidents(
            tuple(one for one in found if one.concerns), tuple(one for one in found if not one.concerns)
        )


def _may_open(person: Person, unit: str) -> bool:
    return allow(person, Action.MANAGE_INCIDENTS, unit or None)


@dataclass(frozen=True, slots=True)
class ReadCaseIncidents:
    """Read what a case is linked to."""

    uow: UnitOfWork

    async def run(self, case_id: str) -> tuple[tuple[str, str, bool], ...]:
        """Return id, title and whether it is open, the latest first."""
        async with self.uow.read() as work:
            rows = await work.incidents.of_case(case_id)
        return tuple((row["id"], row["title"], row["closed_at"] is None) for row in rows)


@dataclass(frozen=True, slots=True)
class PrefillIncident:
    """Read what an alarm says, so that an incident is opened from it in one step."""

    uow: UnitOfWork

    async def run(self, alarm_id: str) -> Prefill:
        """Return what the form begins with; nothing when the alarm is not on any more."""
        async with self.uow.read() as work:
            alarm = next((row for row in await work.alarms.on() if row["id"] == alarm_id), None)
            if alarm is None:
                return Prefill()
            kind = await work.catalogue.case_type(alarm["series"].get("case_type", ""))
        unit = alarm["series"].get("unit") or (kind["unit"] if kind else "")
        named = (str(kind["id"]),) if kind else ()
        return Prefill(str(kind["question"]) if kind else "", unit, named, alarm_id, alarm["body"])


def incident_row(row: Row, names: dict[str, str], now: datetime) -> IncidentRow:
    """Return an incident with its counts."""
    same = ("id", "title", "unit", "greeting", "opened_at", "expected_end", "closed_at", "answer", "answered_at")
    more = ("alarm_id", "linked", "persons", "last_hour")
    return IncidentRow(
        **{name: row[name] for name in (*same, *more)},
        state=state_of(row["closed_at"]).value,
        text=row["body"],
        unit_name=row["unit_name"] or row["unit"],
        entrances=tuple(row["entrances"]),
        case_types=tuple(row["case_types"]),
        opened_by=_called(names, row["opened_by"]),
        closed_by=_called(names, row["closed_by"]),
        late=_late(row, now),
    )


def _called(names: dict[str, str], who: str) -> str:
    return names.get(who, who)


def _late(row: Row, now: datetime) -> bool:
    return row["closed_at"] is None and row["expected_end"] is not None and row["expected_end"] < now


def _hours(found: Sequence[tuple[datetime, int]]) -> tuple[HourView, ...]:
    busiest = max((linked for _, linked in found), default=1)
    return tuple(HourView(at, linked, linked / busiest) for at, linked in found)


def _linked_row(row: Row, names: dict[str, str], person: Person) -> LinkedRow:
    hidden = row["anonymous"] or protects(row, person)
    return LinkedRow(
        case_id=row["id"],
        number=row["number"],
        state=row["state"],
        channel=row["channel"],
        question=row["question"] or "",
        sender="" if hidden else row["sender_name"] or row["sender_email"] or "",
        phone="" if hidden else row["phone"] or "",
        linked_at=row["at"],
        linked_by=_called(names, row["by"]),
        answered=row["answered_at"] is not None and not row["outstanding"],
        reachable=row["reachable"],
        hidden=hidden,
    )


def _progress(said: Row) -> AnswerView:
    total, waiting, calls, later = (int(said[name]) for name in ("total", "waiting", "calls", "later"))
    return AnswerView(total, total - waiting - calls - later, waiting, calls, later)


def _at_desk(row: Row, now: datetime, place: Place | None = None) -> DeskIncident:
    reach = Reach(row["unit"], row["entrances"], row["case_types"])
    return DeskIncident(
        **{name: row[name] for name in ("id", "title", "greeting", "expected_end", "linked", "mine")},
        text=row["body"],
        unit_name=row["unit_name"] or row["unit"],
        late=_late(row, now),
        concerns=place is None or row["mine"] or reach.concerns(place),
        greets=place is not None and reach.greets_at(place),
        likely=place is not None and not row["mine"] and reach.likely(place),
    )


def _alarm(row: Row) -> AlarmView:
    return AlarmView(row["id"], row["series"], row["body"], row["since"])


def _unit_of(series: dict[str, str], units: dict[str, str]) -> str:
    return series.get("unit") or units.get(series.get("case_type", ""), "")
