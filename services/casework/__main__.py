"""`python -m services.casework` serves; `migrate` brings its tables up to date; `import-*` fill the catalogue."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from services.casework.main import create_app
from services.casework.settings import Settings
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import imports
from services.casework.usecases.files import RejectedFileError
from services.casework.wiring import open_dead_letters
from shared.clock import utc_now
from shared.database import make_engine, upgrade
from shared.web.commands import service_commands

cli = service_commands("Casework: the case until it is closed or handed over.", Settings, create_app, open_dead_letters)


@cli.command()
def migrate() -> None:
    """Bring the tables up to date."""
    upgrade(Settings().postgres, "services.casework.migrations")
    typer.echo("casework: tables are up to date")


def _take_in(file: Path, make: Callable[[UnitOfWork, Settings], Any], what: str) -> None:
    """Import a file in one transaction; print counts, or every error with its line and leave with 1."""
    data = file.read_bytes()

    async def take() -> imports.Counts:
        settings = Settings()
        engine = make_engine(settings, "casework", pool=2)
        try:
            counts: imports.Counts = await make(UnitOfWork(engine), settings).run(data)
        finally:
            await engine.dispose()
        return counts

    try:
        counts = asyncio.run(take())
    except RejectedFileError as error:
        for one in error.found:
            typer.echo(f"{file}:{one.line}: {one.text}", err=True)
        typer.echo(f"{len(error.found)} fel, inget har lästs in.", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{what}: {counts.read} i filen, {counts.changed} nya eller ändrade")


@cli.command()
def import_catalogue(file: Path) -> None:
    """Take in units and case types from a CSV file."""
    _take_in(file, lambda uow, settings: imports.ImportCatalogue(uow, settings.mail_domain), "ärendetyper")


@cli.command()
def import_checklists(file: Path) -> None:
    """Take in checklists from a YAML file; a changed one becomes its next version."""
    _take_in(file, lambda uow, _: imports.ImportChecklists(uow, utc_now), "checklistor")


@cli.command()
def import_examples(file: Path) -> None:
    """Take in how residents put each case type, from JSON lines (plain or gzipped)."""
    _take_in(file, lambda uow, _: imports.ImportExamples(uow), "exempel")


@cli.command()
def import_entrances(file: Path) -> None:
    """Take in numbers, addresses, forms and desks from a YAML file."""
    _take_in(file, lambda uow, _: imports.ImportEntrances(uow), "ingångar")


@cli.command()
def import_people(file: Path) -> None:
    """Take in people from a YAML file."""
    _take_in(file, lambda uow, _: imports.ImportPeople(uow), "personer")


if __name__ == "__main__":
    cli()
