"""Reading when units answer: open or closed now, and when that changes."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.store.waves import hours_record
from services.casework.usecases import wave_views
from shared.clock import Clock
from shared.opening import NeverOpenError, Opening


@dataclass(frozen=True, slots=True)
class ReadHours:
    """Read opening hours; they are everybody's to see."""

    uow: UnitOfWork
    clock: Clock

    async def run(self, unit: str | None = None, at: datetime | None = None) -> tuple[wave_views.HoursView, ...]:
        """Return the hours of every unit, or of one, with what they mean at a moment (now)."""
        moment = at or self.clock()
        async with self.uow.read() as work:
            names = {row["id"]: row["name"] for row in await work.catalogue.units()}
            records = [hours_record(row) for row in await work.waves.hours(unit)]
        found = []
        for record in records:
            opening = Opening.of(record)
            found.append(
                wave_views.HoursView(
                    unit=record.unit,
                    unit_name=names.get(record.unit, record.unit),
                    channel=record.channel,
                    weekly=record.weekly,
                    exceptions=record.exceptions,
                    open_on_holidays=record.open_on_holidays,
                    open=opening.is_open(moment),
                    opens_at=_opens(opening, moment),
                    closes_at=opening.closes_at(moment),
                )
            )
        return tuple(found)


def _opens(opening: Opening, moment: datetime) -> datetime | None:
    try:
        opens = opening.next_open(moment)
    except NeverOpenError:
        return None
    return opens if opens > moment else None
