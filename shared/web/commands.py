"""The command line that every service begins with: without a command it serves; `dead` is the operator's."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import typer
from fastapi import FastAPI

from shared import logs
from shared.dead import DeadLetters
from shared.dead_commands import dead_commands
from shared.settings import ServiceSettings
from shared.web.serve import serve

S = TypeVar("S", bound=ServiceSettings)


def service_commands(
    about: str,
    make_settings: Callable[[], S],
    create_app: Callable[[S], FastAPI],
    open_letters: Callable[[S], AbstractAsyncContextManager[DeadLetters]],
) -> typer.Typer:
    """Return the commands; a service adds its own to them. Settings are read when a command runs, not before."""
    app = typer.Typer(add_completion=False, help=about)
    app.add_typer(dead_commands(lambda: open_letters(make_settings())), name="dead")

    @app.callback(invoke_without_command=True)
    def run(context: typer.Context) -> None:
        """Serve until told to stop."""
        settings = make_settings()
        logs.configure(settings)
        if context.invoked_subcommand is None:
            serve(create_app(settings), settings)

    return app
