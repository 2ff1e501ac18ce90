"""The calendars of units, for whatever counts their working time."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from services.casework.domain.deadline import OFFICE, BadCalendarError, calendar_of
from services.casework.store.unit_of_work import Work
from shared.calendar import WorkingCalendar

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of the units that have one of their own; office hours for the others."""

    own: Mapping[str, WorkingCalendar]

    def of(self, unit: str | None) -> WorkingCalendar:
        """Return a unit's calendar."""
        return self.own.get(unit or "", OFFICE)


async def calendars(work: Work) -> Calendars:
    """Return the calendars of all units."""
    return Calendars({unit: _read(unit, terms["calendar"]) for unit, terms in (await work.unit_terms.all()).items()})


async def calendar_for(work: Work, unit: str) -> WorkingCalendar:
    """Return the calendar of one unit."""
    return _read(unit, (await work.unit_terms.of(unit))["calendar"])


def _read(unit: str, terms: Mapping[str, object]) -> WorkingCalendar:
    """Return the calendar that terms say; one that was broken outside of our doors stops nobody else's work."""
    try:
        return calendar_of(terms)
    except BadCalendarError as error:
        log.error("unit_calendar_unreadable", unit=unit, fields=[one.pointer for one in error.errors])  # noqa: TRY400 - no stack needed
        return OFFICE
