"""`python -m services.router` serves; `migrate` has nothing to do, as the router keeps no tables."""

from contextlib import AbstractAsyncContextManager

import typer

from services.router.main import create_app
from services.router.settings import Settings
from services.router.wiring import open_dead_letters
from shared import logs
from shared.dead import DeadLetters
from shared.dead_commands import dead_commands
from shared.web.serve import serve

cli = typer.Typer(add_completion=False, help="The router: which case type, which queue, whose turn.")


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
    """Say that there is nothing to migrate: the functions are loaded at start, the state is rebuilt from Kafka."""
    typer.echo("router: no tables")


if __name__ == "__main__":
    cli()
