"""`python -m services.intake` serves; `migrate` brings its tables up to date, `reconcile` compares the mailboxes.

`check-mailboxes` and `check-platforms` try them.
"""

import asyncio
from typing import Annotated

import typer

from services.intake.channels.mailbox import try_mailbox
from services.intake.channels.settings_file import SettingsFileError
from services.intake.main import create_app
from services.intake.settings import Settings
from services.intake.wiring.doors import open_dead_letters
from services.intake.wiring.mail import compare, make_accounts
from services.intake.wiring.platforms import make_platforms, tried
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


@cli.command()
def check_mailboxes(*, connect: Annotated[bool, typer.Option(help="Log in to each as well.")] = False) -> None:
    """Say which mailboxes are read, or every mistake in their file with its line."""
    try:
        accounts = make_accounts(Settings())
    except SettingsFileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    said = [(account, try_mailbox(account) if connect else "") for account in accounts]
    for account, problem in said:
        typer.echo(f"{account.part} {account.name} ({account.security}): {problem or 'ok'}")
    if any(problem for _, problem in said):
        raise typer.Exit(1)


@cli.command()
def check_platforms(
    *, connect: Annotated[bool, typer.Option(help="Ask each for a form family as well.")] = False
) -> None:
    """Say which e-service platforms are read, or every mistake in their file with its line."""
    try:
        platforms = make_platforms(Settings())
    except SettingsFileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    lines = asyncio.run(tried(platforms)) if connect else [(one, "") for one in platforms]
    for one, problem in lines:
        typer.echo(f"{one.part} {one.url} ({len(one.families)} families): {problem or 'ok'}")
    if any(problem for _, problem in lines):
        raise typer.Exit(1)


if __name__ == "__main__":
    cli()
