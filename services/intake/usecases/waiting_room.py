"""What the screen of a waiting room shows: the tickets that are called, and where to go; never who it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.intake.domain.visit import Visit
from services.intake.store.visits import Visits
from shared.clock import Clock, local
from shared.events import Event
from shared.records import AgentProfile, EntranceRecord
from shared.vocabulary import EntranceKind

SHOWN_FOR = timedelta(minutes=10)
"""A call that is older has been seen by whom it concerns."""
FRESH_FOR = timedelta(seconds=20)
"""So long the newest calls are marked."""
MOST = 6
"""Tickets that can be read across a room."""


class Desks(Protocol):
    """The entrances (`shared.catalogue.Catalogue`)."""

    def entrances(self) -> list[EntranceRecord]: ...


class Agents(Protocol):
    """The agents' profiles (`shared.table.Table`)."""

    def get(self, key: str) -> Event | None: ...


@dataclass(frozen=True, slots=True)
class Call:
    """A ticket that is called: where to, since when, and whether it is new or called again."""

    ticket: str
    place: str
    called_at: datetime
    fresh: bool
    again: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """What a desk's screen shows, the newest call first."""

    desk: EntranceRecord
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """Reads what a screen shows."""

    catalogue: Desks
    visits: Visits
    agents: Agents
    clock: Clock

    async def screen(self, desk: str | None) -> Screen | None:
        """Return what the screen of a desk (by id or value; the default one) shows; None without a desk."""
        chosen = choose(self.catalogue.entrances(), desk)
        if chosen is None:
            return None
        now = self.clock()
        called = await self.visits.called(local(now).date(), chosen.id, now - SHOWN_FOR, MOST)
        return Screen(chosen, tuple(self._call(one, chosen, now) for one in called))

    def _call(self, visit: Visit, desk: EntranceRecord, now: datetime) -> Call:
        at = visit.called_at or visit.registered_at
        place = place_of(self.agents, visit.agent_id) or desk.name
        return Call(visit.ticket, place, at, fresh=now - at < FRESH_FOR, again=visit.calls > 1)


def choose(entrances: list[EntranceRecord], wanted: str | None) -> EntranceRecord | None:
    """Return the desk of an id or value, else the default one, else the first; None when there is none."""
    desks = [one for one in entrances if one.kind is EntranceKind.DESK]
    named = next((one for one in desks if wanted and wanted in (one.id, one.value)), None)
    return named or next((one for one in desks if one.default), desks[0] if desks else None)


def place_of(agents: Agents, agent_id: str | None) -> str:
    """Return where an agent receives visitors, empty when she has not said."""
    profile = agents.get(agent_id or "")
    return (profile.place or "") if isinstance(profile, AgentProfile) else ""


def name_of(agents: Agents, agent_id: str | None) -> str:
    """Return an agent's name, empty when nobody knows it."""
    profile = agents.get(agent_id or "")
    return profile.name if isinstance(profile, AgentProfile) else ""
