"""`python -m services.intake` serves; `migrate` brings its tables up to date."""

from contextlib import AbstractAsyncContextManager

import typer

from services.intake.main import create_app
from services.intake.settings import Settings
from services.intake.wiring import open_dead_letters
from shared import logs
from shared.database import upgrade
from shared.dead import DeadLetters
from shared.dead_commands import dead_commands
from shared.web.serve import serve

cli = typer.Typer(add_completion=False, help="Intake: the outside world becomes contacts.")


def _letters() -> AbstractAsyncContextManager[DeadLetters]:
    return open_dead_letters(Settings())


cli.add_typer(dead_commands(_letters), name="dead")


@cli.callback(invoke_without_command=True)
def run(context: typer.Context) -> None:
    """Serve until told to stop."""
    settings = Settings()
    logs.configure(settings)
    if context.invoked_subcommand is None:
        serve(create_app(settings), settings)


@cli.command()
def migrate() -> None:
    """Bring the tables up to date."""
    upgrade(Settings().postgres, "services.intake.migrations")
    typer.echo("intake: tables are up to date")


if __name__ == "__main__":
    cli()
