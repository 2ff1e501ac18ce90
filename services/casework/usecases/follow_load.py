"""Alarms about the load, as stats raises and clears them: an agent should know why so many ask the same thing."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.casework.store.bell import INCIDENTS
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import views
from shared.events import AlarmCleared, AlarmRaised, Event

READS = (AlarmRaised, AlarmCleared)


@dataclass(frozen=True, slots=True)
class FollowLoad:
    """Keep which alarms are on; an alarm that was cleared is not raised again by an old fact."""

    uow: UnitOfWork

    async def run(self, events: Sequence[Event]) -> None:
        """Take in `events`, in their order."""
        async with self.uow.begin() as work:
            for event in events:
                if isinstance(event, AlarmRaised):
                    await work.alarms.raised(event.alarm_id, event.series, event.text, event.since)
                elif isinstance(event, AlarmCleared):
                    await work.alarms.cleared(event.alarm_id, event.series, event.at)
            work.ring(INCIDENTS)


@dataclass(frozen=True, slots=True)
class ReadAlarms:
    """Read the alarms that are on."""

    uow: UnitOfWork

    async def run(self) -> tuple[views.AlarmView, ...]:
        """Return them, newest first."""
        async with self.uow.read() as work:
            rows = await work.alarms.on()
        return tuple(views.AlarmView(row["id"], row["series"], row["body"], row["since"]) for row in rows)
