"""`python -m services.intake` serves; `migrate` brings its tables up to date."""

import typer

from services.intake.main import create_app
from services.intake.settings import Settings
from services.intake.wiring import open_dead_letters
from shared.database import upgrade
from shared.web.commands import service_commands

cli = service_commands("Intake: the outside world becomes contacts.", Settings, create_app, open_dead_letters)


@cli.command()
def migrate() -> None:
    """Bring the tables up to date."""
    upgrade(Settings().postgres, "services.intake.migrations")
    typer.echo("intake: tables are up to date")


if __name__ == "__main__":
    cli()
