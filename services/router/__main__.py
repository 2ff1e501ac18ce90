"""`python -m services.router` serves; `migrate` has nothing to do, as the router keeps no tables."""

import typer

from services.router.main import create_app
from services.router.settings import Settings
from shared import logs
from shared.web.serve import serve

cli = typer.Typer(add_completion=False, help="The router: which case type, which queue, whose turn.")


@cli.callback(invoke_without_command=True)
def run(context: typer.Context) -> None:
    """Serve until told to stop."""
    settings = Settings()
    logs.configure(settings)
    if context.invoked_subcommand is None:
        serve(create_app(settings), settings)


@cli.command()
def migrate() -> None:
    """Say that there is nothing to migrate: the functions are loaded at start, the state is rebuilt from Kafka."""
    typer.echo("router: no tables")


if __name__ == "__main__":
    cli()
