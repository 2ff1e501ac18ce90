"""`python -m deploy.demo`: play a municipal day through the real doors of a running stack."""

import asyncio
import random
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.live import Live

from deploy.demo.agents import Team
from deploy.demo.citizens import Citizens
from deploy.demo.day import Day, DayPlan
from deploy.demo.display import Display
from deploy.demo.messages import CitizenMessage, Crowd, load, shares
from deploy.demo.stack_info import DEFAULT, StackInfo

app = typer.Typer(add_completion=False)


@app.command()
def day(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    speed: Annotated[float, typer.Option(help="Seconds of the day per real second; 60 plays an hour a minute.")] = 60.0,
    contacts: Annotated[int, typer.Option(help="Contacts in the whole day, without the spike.")] = 240,
    hours: Annotated[float, typer.Option(help="How much of the day is played, from 08:00.")] = 9.0,
    agents: Annotated[int, typer.Option(help="How many agents work.")] = 6,
    spike: Annotated[bool, typer.Option(help="Let the heating fail at 13:00.")] = True,
    seed: Annotated[int, typer.Option(help="The same seed plays the same day.")] = 1,
    stack: Annotated[Path, typer.Option(help="The stack.json of the running stack.")] = DEFAULT,
) -> None:
    """Play a day: mails over SMTP, signed webhooks, visits, agents who pull, follow checklists and end cases."""
    plan = DayPlan(contacts=contacts, speed=speed, hours=hours, spike_factor=2.0 if spike else 0.0)
    asyncio.run(_play(plan, StackInfo.load(stack), agents=agents, seed=seed))


async def _play(plan: DayPlan, stack: StackInfo, *, agents: int, seed: int) -> None:
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=100)
    async with httpx.AsyncClient(limits=limits, timeout=40) as http:
        dice = random.Random(seed)  # noqa: S311 - a demo's dice, not a secret
        citizens = Citizens(stack, http, scale=plan.speed)
        team = Team(stack, http, agents=stack.agents[:agents], scale=plan.speed, dice=dice)

        async def send(message: CitizenMessage) -> None:
            await citizens.send(message, talk=dice.uniform(90, 420), patience=dice.expovariate(1 / 1200))

        played = Day(plan, Crowd(load(), shares(), seed=seed), send)
        display = Display(played, citizens, team, stack, http)
        async with team:
            await _watch(played, display)
        Console().print(display)


async def _watch(played: Day, display: Display) -> None:
    playing = asyncio.create_task(played.play())
    with Live(display, refresh_per_second=4):
        while not playing.done():
            await asyncio.wait({playing}, timeout=0.5)
            await display.refresh()
    await playing


if __name__ == "__main__":
    app()
