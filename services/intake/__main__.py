"""`python -m services.intake` serves; `migrate` brings its tables up to date, `reconcile` compares the mailboxes."""

import asyncio

import typer

from services.intake.main import create_app
from services.intake.settings import Settings
from services.intake.wiring import compare, open_dead_letters
from shared.database import upgrade
from shared.web.commands import service_commands

cli = service_commands("Intake: the outside world becomes contacts.", Settings, create_app, open_dead_letters)


@cli.command()
def migrate() -> None:
    """Bring the tables up to date."""
    upgrade(Settings().postgres, "services.intake.migrations")
    typer.echo("intake: tables are up to date")


@cli.command()
def reconcile() -> None:
    """Compare every mailbox with the ledger now; exit code 1 when something differs or could not be compared."""
    told = asyncio.run(compare(Settings()))
    for one in told:
        typer.echo(one.line)
    if not all(one.well for one in told):
        raise typer.Exit(1)


if __name__ == "__main__":
    cli()
