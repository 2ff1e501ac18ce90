"""The commands about dead letters that every service's command line has: list, show, retry, discard."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from getpass import getuser

import typer
from rich.console import Console
from rich.table import Table as Grid

from shared.dead import DeadLetter, DeadLetters
from shared.topics import TOPICS, Topic

Open = Callable[[], AbstractAsyncContextManager[DeadLetters]]
"""Opens what the service's dead letters need (publisher, engine) and closes it."""


def dead_commands(open_letters: Open) -> typer.Typer:
    """Return the commands; add them to a service's app with `app.add_typer(…, name="dead")`."""
    app = typer.Typer(no_args_is_help=True, help="Records that could not be handled.")

    @app.command("list")
    def list_(topic: str) -> None:
        """List what nothing is decided about yet, newest first."""
        Console().print(_grid(asyncio.run(_list(open_letters, _topic(topic)))))

    @app.command()
    def show(topic: str, letter: str) -> None:
        """Show one record as it is; it may hold personal data."""
        found = asyncio.run(_read(open_letters, _topic(topic), letter))
        console = Console()
        console.print(_grid([found]))
        console.print((found.record.value or b"").decode("utf-8", "replace"), markup=False, highlight=False)

    @app.command()
    def retry(topic: str, letter: str) -> None:
        """Write a record to its topic again as it was."""
        asyncio.run(_retry(open_letters, _topic(topic), letter))
        Console().print(f"{topic}/{letter} retried")

    @app.command()
    def discard(topic: str, letter: str) -> None:
        """Decide that nothing will be done about a record."""
        asyncio.run(_discard(open_letters, _topic(topic), letter))
        Console().print(f"{topic}/{letter} discarded")

    return app


async def _list(open_letters: Open, topic: Topic) -> list[DeadLetter]:
    async with open_letters() as letters:
        return await letters.waiting(topic)


async def _read(open_letters: Open, topic: Topic, letter: str) -> DeadLetter:
    async with open_letters() as letters:
        return await letters.read(topic, letter)


async def _retry(open_letters: Open, topic: Topic, letter: str) -> None:
    async with open_letters() as letters:
        await letters.retry(topic, letter, by=getuser())


async def _discard(open_letters: Open, topic: Topic, letter: str) -> None:
    async with open_letters() as letters:
        await letters.discard(topic, letter, by=getuser())


def _topic(name: str) -> Topic:
    for topic in TOPICS:
        if topic.name == name:
            return topic
    raise typer.BadParameter(f"no topic {name}; there are {', '.join(topic.name for topic in TOPICS)}")


def _grid(letters: list[DeadLetter]) -> Grid:
    grid = Grid("id", "at", "group", "type", "stood at", "attempts", "reason")
    for found in letters:
        place = f"{found.partition}/{found.offset}"
        grid.add_row(
            found.id, f"{found.at:%Y-%m-%d %H:%M:%S}", found.group, found.type, place, str(found.attempts), found.reason
        )
    return grid
