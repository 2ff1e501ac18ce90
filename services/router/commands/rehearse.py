"""The command that tries a rule file on the past, and prints what it would have done."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table as Grid

from services.router.commands.rules import rows_of, told
from services.router.domain.rehearsal_figures import Rehearsal, Waits
from services.router.domain.rehearsal_words import LIMITS, MISSING
from services.router.usecases.rehearse import MOST_WEEKS, Rehearse

S = TypeVar("S")
_KINDS = {"queue": "kö", "priority": "prioritet", "skills": "kompetens", "due": "svarstid", "steps": "medan den väntar"}
_DUE = {"none": "ingen", "some": "en", "earlier": "tidigare", "later": "senare"}
_WIDE = 200


def add_rehearse(
    app: typer.Typer, make_settings: Callable[[], S], opened: Callable[[S], AbstractAsyncContextManager[Rehearse]]
) -> None:
    """Give the rules' commands the rehearsal."""

    @app.command()
    def rehearse(
        file: Path,
        weeks: Annotated[int, typer.Option(min=1, max=MOST_WEEKS, help="On how many of the last weeks.")] = 4,
    ) -> None:
        """Try a file on the past: which contacts would have gone elsewhere, and what waiting becomes."""

        async def run() -> Rehearsal:
            async with opened(make_settings()) as use_case:
                return await use_case.rehearse(rows_of(file), weeks)

        show(told(run()), Console(width=None if os.isatty(1) else _WIDE))


def show(found: Rehearsal, console: Console) -> None:
    """Print a rehearsal for people."""
    console.print(
        f"{_day(found.since)} till {_day(found.until)}: {found.contacts} kontakter,"
        f" {found.changed} avgörs annorlunda, {found.moved} hamnar i en annan kö."
    )
    if found.cut:
        console.print("Det var för många: de äldsta är inte med.")
    if found.changes:
        console.print(_changes(found))
    if found.missing:
        console.print(MISSING[found.missing][1])
        return
    console.print(_waiting(found))
    for line in _trust(found):
        console.print(line)
    for code in found.limits:
        console.print(f"- {LIMITS[code][1]}", highlight=False)


def _changes(found: Rehearsal) -> Grid:
    grid = Grid("vad", "förut", "med de nya reglerna", "antal", "till exempel")
    for each in found.changes:
        before, after = (_DUE.get(said, said) if each.what == "due" else said for said in (each.before, each.after))
        grid.add_row(_KINDS[each.what], before or "–", after or "–", str(each.contacts), ", ".join(each.examples[:3]))
    return grid


def _waiting(found: Rehearsal) -> Grid:
    grid = Grid("kö", "kanal", "", "kontakter", "besvarade", "median", "p90", "i tid")
    for each in found.waiting:
        runs = (("uppmätt", each.measured), ("simulerat förut", each.before), ("simulerat nytt", each.after))
        for number, (name, waits) in enumerate(runs):
            grid.add_row(*(("", "") if number else (each.queue, each.channel.value)), name, *_cells(waits))
    return grid


def _cells(waits: Waits | None) -> tuple[str, ...]:
    if waits is None:
        return ("0", "", "", "", "")
    seconds = (_time(waits.median), _time(waits.p90))
    return str(waits.contacts), str(waits.answered), *seconds, _share(waits.in_time)


def _trust(found: Rehearsal) -> Iterator[str]:
    for each in found.trust:
        word = "stämmer" if each.close else "stämmer dåligt"
        yield (
            f"{each.channel.value}: simuleringen {word} med det uppmätta (i tid {_share(each.simulated.in_time)} mot"
            f" {_share(each.measured.in_time)}; en enskild kontakts väntan skiljer i median {_time(each.off_seconds)})."
        )


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}"


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
