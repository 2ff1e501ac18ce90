"""Reading the officers' inbox, and beside a hand-over its colleagues and its deeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.casework.domain.deadline import Watched
from services.casework.domain.handover import HandoverDeed
from services.casework.store.inbox import MOST, Asked
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import UnitOfWork, Work
from services.casework.usecases import reading, views
from services.casework.usecases.calendars import Calendars, calendars
from services.casework.usecases.protection import protects, veiled
from shared.clock import Clock
from shared.web.access import Person, visible_units

SHOWN = ("mine", "unit", "unclaimed")
"""Whose hand-overs: one's own, the units', those that nobody has taken."""
LATELY = timedelta(days=30)
"""What has ended longer ago is found by the search over cases."""


@dataclass(frozen=True, slots=True)
class ReadInbox:
    """Read the hand-overs of the units a person sees."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, person: Person, *, show: str = "unit", text: str = "") -> views.InboxView:
        """Return the inbox, what is due first at the top; `show` is one of `SHOWN`, every word of `text` is sought."""
        async with self.uow.read() as work:
            asked = await self._asked(work, person, text)
            units = {one["id"]: one["name"] for one in await work.catalogue.units()}
            times = await calendars(work)
            alive = [self._row(row, units, times, person) for row in await work.inbox.alive(asked, show)]
            ended = await work.inbox.ended(asked, show, self.clock() - LATELY)
            over = [self._row(row, units, times, person) for row in ended]
            counts = await work.inbox.counts(asked)
        return views.InboxView(
            waiting=tuple(row for row in alive if row.handover.state == "sent"),
            working=tuple(row for row in alive if row.handover.state != "sent" and not row.handover.paused_at),
            paused=tuple(row for row in alive if row.handover.state != "sent" and row.handover.paused_at),
            ended=tuple(over),
            counts=counts,
            more=len(alive) == MOST,
        )

    async def _asked(self, work: Work, person: Person, text: str) -> Asked:
        ids = [person.id, *await work.inbox.stands_in_for(person.id, self.clock())]
        return Asked(visible_units(person), ids, person.name, text)

    def _row(self, row: Row, units: Mapping[str, str], times: Calendars, person: Person) -> views.InboxRow:
        handover = {name.removeprefix("h_"): value for name, value in row.items() if name.startswith("h_")}
        calendar = times.of(handover["unit"])
        view = reading.handover_view(handover, row["number"], units, self.clock(), calendar=calendar)
        hides = protects(row, person) and handover["unit"] not in person.units
        return views.InboxRow(
            veiled(view, protected=hides) if hides or row["anonymous"] else view,
            reading.case_row(row, hidden=hides),
            protected=row["protected"],
        )


@dataclass(frozen=True, slots=True)
class ReadColleagues:
    """Read who a hand-over can be given to."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, unit: str) -> tuple[views.ColleagueView, ...]:
        """Return the officers of a unit, those who are away with their substitutes."""
        now = self.clock()
        async with self.uow.read() as work:
            rows = await work.inbox.colleagues(unit)
            names = {one["id"]: one["name"] for one in await work.catalogue.people()}
        return tuple(
            views.ColleagueView(row["id"], row["name"], row["away_until"], names.get(row["substitute"]))
            if row["away_until"] and row["away_until"] > now
            else views.ColleagueView(row["id"], row["name"])
            for row in rows
        )


@dataclass(frozen=True, slots=True)
class ReadDeeds:
    """Read what has been done with a hand-over, by whom."""

    uow: UnitOfWork

    async def run(self, handover: views.HandoverView, case_id: str) -> tuple[views.DeedView, ...]:
        """Return what was done with a hand-over, oldest first."""
        deeds = {*HandoverDeed, *Watched}
        async with self.uow.read() as work:
            rows = await work.history.of_case(case_id)
        return tuple(
            views.DeedView(row["at"], row["what"], row["by_name"] or row["by"], row["facts"], row["id"])
            for row in rows
            if row["what"] in deeds and row["facts"].get("handover_id", handover.id) == handover.id
        )
