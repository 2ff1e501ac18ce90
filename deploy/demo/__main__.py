"""`python -m deploy.demo`: play a municipal day through the real doors of a running stack."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.demo.day import DayPlan
from deploy.demo.play import Demo
from deploy.demo.stack_info import DEFAULT, StackInfo

INTERRUPTED = 130
app = typer.Typer(add_completion=False)


@app.command()
def day(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    speed: Annotated[float, typer.Option(help="Seconds of the day per real second; 60 plays an hour a minute.")] = 60.0,
    contacts: Annotated[int, typer.Option(help="Contacts in the whole day, without the spike.")] = 240,
    hours: Annotated[float, typer.Option(help="How much of the day is played, from 08:00.")] = 9.0,
    agents: Annotated[int, typer.Option(help="How many agents work.")] = 6,
    spike: Annotated[bool, typer.Option(help="Let the heating fail at 13:00.")] = True,
    past: Annotated[
        bool, typer.Option(help="Invent a past where stats knows none, so that it can tell a spike.")
    ] = True,
    seed: Annotated[int, typer.Option(help="The same seed plays the same day.")] = 1,
    stack: Annotated[Path, typer.Option(help="The stack.json of the running stack.")] = DEFAULT,
) -> None:
    """Play a day: mails over SMTP, signed webhooks, visits, agents who pull, follow checklists and end cases.

    Ends with 1 when a door refused anybody. Ctrl-C sends everybody home first.
    """
    plan = DayPlan(contacts=contacts, speed=speed, hours=hours, spike_factor=2.0 if spike else 0.0)
    demo = Demo(plan, StackInfo.load(stack), agents=agents, seed=seed, past=past)
    console = Console()
    try:
        refused = asyncio.run(demo.play(console))
    except KeyboardInterrupt:
        console.print("Avbrutet: kommunvägledarna har gått hem.")
        sys.exit(INTERRUPTED)
    sys.exit(1 if refused else 0)


if __name__ == "__main__":
    app()
