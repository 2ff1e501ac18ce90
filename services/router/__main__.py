"""`python -m services.router` serves; `migrate` has nothing to do, as the router keeps no tables."""

import typer

from services.router.commands.acts import add_acts
from services.router.commands.rehearse import add_rehearse
from services.router.commands.rules import rules_commands
from services.router.main import create_app
from services.router.settings import Settings
from services.router.wiring import open_dead_letters, open_rehearse, open_rules
from shared.web.commands import service_commands

cli = service_commands("The router: which case type, which queue, whose turn.", Settings, create_app, open_dead_letters)
rules = rules_commands(Settings, open_rules)
add_rehearse(rules, Settings, open_rehearse)
cli.add_typer(rules, name="rules")
add_acts(cli, Settings)


@cli.command()
def migrate() -> None:
    """Say that there is nothing to migrate: the functions are loaded at start, the state is rebuilt from Kafka."""
    typer.echo("router: no tables")


if __name__ == "__main__":
    cli()
