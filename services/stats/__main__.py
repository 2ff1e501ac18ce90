"""`python -m services.stats`: serve, migrate, replay, import known volumes."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.stats import wiring
from services.stats.main import create_app
from services.stats.settings import Settings
from services.stats.store.log import cluster_id
from services.stats.store.series import SeriesStore
from services.stats.usecases.import_history import BrokenHistoryError, ImportHistory
from services.stats.usecases.replay import Replayed
from shared.database import make_engine, upgrade
from shared.web.commands import service_commands

CsvFile = Annotated[Path, typer.Argument(help="CSV: start,count[,channel,unit,case_type,entrance]")]

app = service_commands(
    "Stats: what happened, what is normal, what is abnormal.", Settings, create_app, wiring.open_dead_letters
)
console = Console(stderr=True)


@app.command()
def migrate() -> None:
    """Bring the schema up to date."""
    upgrade(Settings().postgres, "services.stats.migrations")


@app.command()
def replay() -> None:
    """Empty the projections and build them again from the log; stats may be up meanwhile."""
    done = asyncio.run(_replay(Settings()))
    rate = done.events / max(done.seconds, 1e-9)
    console.print(f"{done.events} events in {done.seconds:.1f} s ({rate:.0f}/s)")


async def _replay(settings: Settings) -> Replayed:
    engine = make_engine(settings, "stats")
    try:
        with console.status("0 events") as status:
            job = wiring.make_replay(settings, engine, await cluster_id(settings))
            return await job.run(lambda count: status.update(f"{count} events"))
    finally:
        await engine.dispose()


@app.command()
def import_history(
    file: CsvFile,
) -> None:
    """Take in volumes known from before the move, so that what is normal is known from the first day."""
    try:
        rows = asyncio.run(_import(Settings(), file.read_bytes()))
    except BrokenHistoryError as error:
        for line in error.lines:
            console.print(line, style="red", markup=False)
        sys.exit(1)
    console.print(f"{rows} rows")


async def _import(settings: Settings, raw: bytes) -> int:
    engine = make_engine(settings, "stats")
    try:
        return await ImportHistory(SeriesStore(engine)).read(raw)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    app()
