"""Units, entrances, case types and published checklists, as every service knows them: the topic `catalogue`."""

from shared.events import Event
from shared.records import (
    CaseTypeRecord,
    ChecklistRecord,
    EntranceRecord,
    HoursRecord,
    IncidentRecord,
    TakeoverRecord,
    UnitRecord,
)
from shared.settings import ServiceSettings
from shared.table import Table
from shared.topics import CATALOGUE
from shared.vocabulary import Channel, EntranceKind


class Catalogue:
    """The catalogue in memory; `version` grows with every change, so that what is derived knows when it is old."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._table = Table(settings, CATALOGUE, on_change=self.apply)
        self._units: dict[str, UnitRecord] = {}
        self._entrances: dict[str, EntranceRecord] = {}
        self._case_types: dict[str, CaseTypeRecord] = {}
        self._checklists: dict[str, ChecklistRecord] = {}
        self._hours: dict[str, HoursRecord] = {}
        self._takeovers: dict[str, TakeoverRecord] = {}
        self._incidents: dict[str, IncidentRecord] = {}
        self._by_value: dict[tuple[EntranceKind, str], EntranceRecord] = {}
        self.version = 0

    async def start(self, deadline: float = 30) -> None:
        """Return when the whole catalogue is read."""
        await self._table.start(deadline)

    async def stop(self) -> None:
        """Stop following."""
        await self._table.stop()

    async def check(self) -> str | None:
        """Say whether the catalogue is followed (for `Health`)."""
        return await self._table.check()

    def unit(self, unit_id: str) -> UnitRecord | None:
        """Return a unit."""
        return self._units.get(unit_id)

    def units(self) -> list[UnitRecord]:
        """Return all units by name."""
        return sorted(self._units.values(), key=lambda unit: unit.name)

    def entrance(self, entrance_id: str) -> EntranceRecord | None:
        """Return an entrance."""
        return self._entrances.get(entrance_id)

    def entrances(self) -> list[EntranceRecord]:
        """Return all entrances by name."""
        return sorted(self._entrances.values(), key=lambda entrance: entrance.name)

    def incidents_at(self, entrance_id: str) -> list[IncidentRecord]:
        """Return the open incidents that concern an entrance, the oldest first."""
        entrance = self._entrances.get(entrance_id)
        unit = entrance.unit if entrance else ""
        concerned = [
            one
            for one in self._incidents.values()
            if (entrance_id in one.entrances if one.entrances else one.unit == unit)
        ]
        return sorted(concerned, key=lambda one: one.opened_at)

    def entrance_for(self, kind: EntranceKind, value: str) -> tuple[EntranceRecord | None, bool]:
        """Return the entrance of a number, address, form or desk, and whether it is known.

        An unknown value comes in by the default of its kind; None only when there is no default.
        """
        known = self._by_value.get((kind, _plain(value)))
        if known is not None:
            return known, True
        fallback = (entrance for entrance in self.entrances() if entrance.kind == kind and entrance.default)
        return next(fallback, None), False

    def case_type(self, case_type_id: str) -> CaseTypeRecord | None:
        """Return a case type."""
        return self._case_types.get(case_type_id)

    def case_types(self) -> list[CaseTypeRecord]:
        """Return all case types by path."""
        return sorted(self._case_types.values(), key=lambda case_type: case_type.path)

    def checklist(self, checklist_id: str) -> ChecklistRecord | None:
        """Return the published version of a checklist."""
        return self._checklists.get(checklist_id)

    def checklists(self) -> list[ChecklistRecord]:
        """Return the published version of every checklist."""
        return sorted(self._checklists.values(), key=lambda checklist: checklist.id)

    def checklist_of(self, case_type_id: str) -> ChecklistRecord | None:
        """Return the checklist of a case type: the one it names, else the one that names it."""
        case_type = self._case_types.get(case_type_id)
        if case_type is not None and case_type.checklist is not None:
            named = self._checklists.get(case_type.checklist.id)
            if named is not None:
                return named
        return next((found for found in self.checklists() if found.case_type == case_type_id), None)

    def hours(self, unit_id: str, channel: Channel) -> HoursRecord | None:
        """Return when a unit answers on a channel: hours of that channel, else those of all its channels."""
        return self._hours.get(f"{unit_id}:{channel}") or self._hours.get(f"{unit_id}:*")

    def takeover(self, subject: str, subject_id: str, channel: Channel) -> TakeoverRecord | None:
        """Return how far a `case_type` or an `entrance` has moved in on a channel; None: it has always been ours."""
        found = f"{subject}:{subject_id}"
        return self._takeovers.get(f"{found}:{channel}") or self._takeovers.get(f"{found}:*")

    def apply(self, key: str, event: Event | None) -> None:
        """Take in one change of the table (also what tests fill a catalogue with)."""
        _, _, name = key.partition(":")
        match event:
            case None:
                self._forget(key)
            case UnitRecord():
                self._units[name] = event
            case EntranceRecord():
                self._entrances[name] = event
            case CaseTypeRecord():
                self._case_types[name] = event
            case ChecklistRecord():
                self._checklists[name] = event
            case HoursRecord():
                self._hours[name] = event
            case TakeoverRecord():
                self._takeovers[name] = event
            case IncidentRecord():
                self._incidents[name] = event
            case _:
                return
        if key.startswith("entrance:"):
            self._by_value = {(e.kind, _plain(e.value)): e for e in self._entrances.values()}
        self.version += 1

    def _forget(self, key: str) -> None:
        kind, _, name = key.partition(":")
        match kind:
            case "unit":
                self._units.pop(name, None)
            case "entrance":
                self._entrances.pop(name, None)
            case "case_type":
                self._case_types.pop(name, None)
            case "checklist":
                self._checklists.pop(name, None)
            case "hours":
                self._hours.pop(name, None)
            case "takeover":
                self._takeovers.pop(name, None)
            case "incident":
                self._incidents.pop(name, None)
            case _:
                return


def _plain(value: str) -> str:
    return value.strip().lower()
