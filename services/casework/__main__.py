"""`python -m services.casework` serves; `migrate` brings its tables up to date; `import-*` fill the catalogue."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from services.casework.channels.webhooks import secret_of
from services.casework.main import create_app
from services.casework.settings import Settings
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import import_waves, imports, unit_terms
from services.casework.usecases.directory import ImportDirectory, ReportChangedError
from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.practice.exercises import ImportExercises
from services.casework.usecases.reindex import Reindex
from services.casework.usecases.take_over import UNIT, Move, TakeOver
from services.casework.usecases.templates import ImportTemplates
from services.casework.usecases.views.directory import Report
from services.casework.usecases.wave_views import TakeoverView
from services.casework.wiring import open_dead_letters, webhook_key
from shared.clock import utc_now
from shared.database import make_engine, upgrade
from shared.errors import NotFoundError
from shared.takeover import CASE_TYPE, ENTRANCE
from shared.vocabulary import Channel, TakenOver
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
        _refuse(file, error)
    typer.echo(f"{what}: {counts.read} i filen, {counts.changed} nya eller ändrade")


def _refuse(file: Path, error: RejectedFileError) -> NoReturn:
    """Print every error with its line and leave with 1."""
    for one in error.found:
        typer.echo(f"{file}:{one.line}: {one.text}", err=True)
    typer.echo(f"{len(error.found)} fel, inget har lästs in.", err=True)
    raise typer.Exit(1) from error


@cli.command()
def webhook_secret(unit: str) -> None:
    """Print the secret that a unit's own system checks our webhooks with."""
    typer.echo(secret_of(webhook_key(Settings(), unit)))


@cli.command()
def import_catalogue(file: Path) -> None:
    """Take in units and case types from a CSV file."""
    _take_in(file, lambda uow, settings: imports.ImportCatalogue(uow, settings.mail_domain), "ärendetyper")


@cli.command()
def import_checklists(
    files: list[Path],
    publish: Annotated[bool, typer.Option("--publish", help="Publish them unread, as for a demonstration.")] = False,
) -> None:
    """Take in checklists from YAML files as drafts marked as examples; nothing is published unless asked."""
    make = imports.ImportChecklists if publish else imports.ImportDrafts
    for file in files:
        _take_in(file, lambda uow, _: make(uow, utc_now), "checklistor")


@cli.command()
def import_params(file: Path) -> None:
    """Take in local facts of units (*lokala uppgifter*) from a YAML file."""
    _take_in(file, lambda uow, _: imports.ImportParams(uow, utc_now), "lokala uppgifter")


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


@cli.command()
def import_exercises(file: Path) -> None:
    """Take in invented contacts to practise on from a YAML file."""
    _take_in(file, lambda uow, _: ImportExercises(uow), "övningar")


@cli.command()
def import_unit_terms(file: Path) -> None:
    """Take in how units work with what they get, calendars among it, from a YAML file."""
    _take_in(file, lambda uow, _: unit_terms.ImportUnitTerms(uow), "verksamheters villkor")


@cli.command()
def import_templates(file: Path) -> None:
    """Take in templates of replies from a YAML file."""
    _take_in(file, lambda uow, _: ImportTemplates(uow, utc_now), "mallar")


@cli.command()
def import_directory(
    file: Path,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask after the report.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only.")] = False,
) -> None:
    """Take in persons and functions from a CSV file as a sync, after a report of what it would change."""
    data = file.read_bytes()

    async def told(act: Callable[[ImportDirectory], Awaitable[Report]]) -> Report:
        engine = make_engine(Settings(), "casework", pool=2)
        try:
            return await act(ImportDirectory(UnitOfWork(engine), utc_now))
        finally:
            await engine.dispose()

    try:
        report = asyncio.run(told(lambda use_case: use_case.report(data)))
        for line in report.lines():
            typer.echo(line)
        if report.nothing or dry_run:
            return
        if not yes:
            typer.confirm("Läsa in filen?", abort=True)
        asyncio.run(told(lambda use_case: use_case.run(data, report.mark)))
    except RejectedFileError as error:
        _refuse(file, error)
    except ReportChangedError as error:
        typer.echo(error.title, err=True)
        raise typer.Exit(1) from error
    typer.echo("katalogen är inläst")


@cli.command()
def import_hours(file: Path) -> None:
    """Take in when units answer, on which channels, from a YAML file."""
    _take_in(file, lambda uow, _: import_waves.ImportHours(uow), "öppettider")


@cli.command()
def import_takeovers(file: Path) -> None:
    """Take in what the contact centre has taken over, and from which day, from a YAML file."""
    _take_in(file, lambda uow, _: import_waves.ImportTakeovers(uow, utc_now), "övertaganden")


@cli.command()
def take_over(  # noqa: PLR0913, PLR0917 - each an option of the command
    state: Annotated[TakenOver, typer.Option(help="What is to hold.")],
    case_type: Annotated[str, typer.Option(help="Id of a case type.")] = "",
    entrance: Annotated[str, typer.Option(help="Id of an entrance.")] = "",
    unit: Annotated[str, typer.Option(help="Id of a unit: all its case types and entrances.")] = "",
    channel: Annotated[Channel | None, typer.Option(help="Only on this channel.")] = None,
    from_day: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; at once.")
    ] = None,
    forward_to: Annotated[str | None, typer.Option(help="Number or address; as before when left out.")] = None,
) -> None:
    """Move a case type, an entrance or a whole unit in or out; the same act with the old state undoes it."""
    named = [(kind, one) for kind, one in ((CASE_TYPE, case_type), (ENTRANCE, entrance), (UNIT, unit)) if one]
    if len(named) != 1:
        raise typer.BadParameter("Ange en av --case-type, --entrance och --unit.")
    move = Move(state, channel, from_day.date().isoformat() if from_day else None, forward_to)
    try:
        shown = asyncio.run(_moved(*named[0], move))
    except NotFoundError as error:
        typer.echo(f"Finns inte i katalogen: {named[0][1]}", err=True)
        raise typer.Exit(1) from error
    for one in shown:
        day = f" från {one.from_day}, till dess {one.before}" if one.from_day else ""
        typer.echo(f"{one.name}{f' ({one.channel})' if one.channel else ''}: {one.state}{day}; nu {one.now}")


async def _moved(subject: str, subject_id: str, move: Move) -> tuple[TakeoverView, ...]:
    engine = make_engine(Settings(), "casework", pool=2)
    try:
        return await TakeOver(UnitOfWork(engine), utc_now).run(subject, subject_id, move, "kommando")
    finally:
        await engine.dispose()


@cli.command()
def reindex(
    after: Annotated[str, typer.Option(help="Go on after this id: the last one that a stopped run printed.")] = "",
) -> None:
    """Make the search of every case anew, while the service runs."""

    async def run() -> None:
        engine = make_engine(Settings(), "casework", pool=2)
        try:
            async for done, last in Reindex(UnitOfWork(engine)).run(after):
                typer.echo(f"{done} {last}")
        finally:
            await engine.dispose()

    asyncio.run(run())
    typer.echo("casework: the search is as new")


if __name__ == "__main__":
    cli()
