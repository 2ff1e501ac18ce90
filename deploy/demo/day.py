"""The shape of a municipal day: two humps, lunch between them, and a spike when the heating fails."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deploy.demo.messages import CitizenMessage, Crowd

OPENS, CLOSES = 8.0, 17.0
STEP = 300.0
"""Seconds of the day that are drawn at a time."""


@dataclass(frozen=True, slots=True)
class DayPlan:
    """How many contacts a whole day has, how fast it is played, and the spike (hours of the day; factor 0 is none)."""

    contacts: int = 240
    speed: float = 60.0
    hours: float = CLOSES - OPENS
    spike_from: float = 13.0
    spike_hours: float = 0.75
    spike_factor: float = 2.0

    def rate(self, hour: float) -> float:
        """Return the expected contacts per hour at an hour of the day, without the spike."""
        return self.contacts / _AREA * _shape(hour)

    def spike_rate(self, hour: float) -> float:
        """Return the extra contacts per hour that the spike brings."""
        inside = self.spike_from <= hour < self.spike_from + self.spike_hours
        return self.spike_factor * self.contacts / (CLOSES - OPENS) if inside else 0.0

    @property
    def expected(self) -> float:
        """How many contacts come in the hours played, without the spike."""
        return sum(self.rate(OPENS + step * STEP / 3600) for step in range(int(self.hours * 3600 / STEP))) * STEP / 3600


def _shape(hour: float) -> float:
    morning = math.exp(-(((hour - 9.7) / 1.3) ** 2))
    afternoon = 0.7 * math.exp(-(((hour - 13.7) / 1.6) ** 2))
    return 0.25 + morning + afternoon


_AREA = sum(_shape(OPENS + i / 12) for i in range(int((CLOSES - OPENS) * 12))) / 12


@dataclass
class Day:
    """Plays a plan: every arrival starts on its own and never waits for the one before."""

    plan: DayPlan
    crowd: Crowd
    send: Callable[[CitizenMessage], Awaitable[None]]
    hour: float = OPENS

    async def play(self) -> None:
        """Return when the last hour has passed and everyone who came has been through their door."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as everyone:
            for moment, message in arrivals(self.plan, self.crowd):
                due = began + moment / self.plan.speed
                await asyncio.sleep(max(0.0, due - loop.time()))
                self.hour = OPENS + moment / 3600
                everyone.create_task(self._one(message))

    async def _one(self, message: CitizenMessage) -> None:
        await self.send(message)


def arrivals(plan: DayPlan, crowd: Crowd) -> list[tuple[float, CitizenMessage]]:
    """Return who comes when, in seconds from the opening, in order of time."""
    moments: list[tuple[float, CitizenMessage]] = []
    for step in range(int(plan.hours * 3600 / STEP)):
        start = step * STEP
        hour = OPENS + start / 3600
        moments += [(start + at, crowd.draw()) for at in crowd.arrivals(plan.rate(hour), STEP)]
        if extra := plan.spike_rate(hour):
            moments += [(start + at, crowd.draw_cold()) for at in crowd.arrivals(extra, STEP)]
    return sorted(moments, key=lambda moment: moment[0])
