"""Puts a demo together: a past where there is none, citizens, agents, and the picture of it all."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from rich.console import Console
from rich.live import Live

from deploy.demo.agents import Team
from deploy.demo.citizens import Citizens
from deploy.demo.day import Day, DayPlan
from deploy.demo.display import Display
from deploy.demo.incident import Disturbance
from deploy.demo.messages import CitizenMessage, Crowd, load, shares
from deploy.demo.past import Past, give_past
from deploy.demo.stack_info import StackInfo

SEEDS_OF_PAST = 1_000_000
"""The past is drawn by a crowd of its own, so that the same seed plays the same day with it and without."""


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo on a running stack; the same seed plays the same day."""

    plan: DayPlan
    stack: StackInfo
    agents: int = 6
    seed: int = 1
    past: bool = True

    async def play(self, console: Console) -> int:
        """Play the day to its end in sight of everybody; return how many the doors refused."""
        async with self.opened(console) as display:
            with Live(display, console=console, refresh_per_second=4) as live:
                await self._watch(display)
                live.refresh()
            console.print(display.last_troubles())
            return display.citizens.refused

    @asynccontextmanager
    async def opened(self, console: Console) -> AsyncIterator[Display]:
        """Open the day: the past is known and the agents are at work; they go home at the end, however it ends."""
        limits = httpx.Limits(max_connections=400, max_keepalive_connections=100)
        async with httpx.AsyncClient(limits=limits, timeout=40) as http:
            if self.past:
                await self._give_past(console, http)
            dice = random.Random(self.seed)  # noqa: S311 - a demo's dice, not a secret
            citizens = Citizens(self.stack, http, scale=self.plan.speed)
            names = self.stack.agents[: self.agents]
            cold = Disturbance(self.stack, http, self.plan)
            team = Team(
                *(self.stack, http),
                agents=names,
                scale=self.plan.speed,
                dice=dice,
                heard=citizens.spoken,
                disturbance=cold,
            )

            async def send(message: CitizenMessage) -> None:
                await cold.follow(day.hour)
                await citizens.send(message, talk=dice.uniform(90, 420), patience=dice.expovariate(1 / 1200))

            day = Day(self.plan, Crowd(load(), shares(), seed=self.seed), send)
            async with team:
                try:
                    yield Display(day, citizens, team, self.stack, http)
                finally:
                    await cold.end()

    async def _give_past(self, console: Console, http: httpx.AsyncClient) -> None:
        crowd = Crowd(load(), shares(), seed=self.seed + SEEDS_OF_PAST)
        with console.status("Väggtavlan får ett påhittat förflutet i demons takt …"):
            await give_past(self.stack, http, Past(self.plan, datetime.now(UTC)), crowd)

    async def _watch(self, display: Display) -> None:
        playing = asyncio.create_task(display.day.play())
        try:
            while not playing.done():
                await asyncio.wait({playing}, timeout=0.5)
                await display.refresh()
        finally:
            playing.cancel()
            await asyncio.wait({playing})
        await playing
