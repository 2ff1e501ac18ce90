"""The commands of the rule table: show it, check a file, publish a file. Files are YAML or JSON."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import yaml

from services.router.domain.rule_faults import Fault
from services.router.domain.rule_table import RuleTableError
from services.router.usecases.publish_rules import PublishRules, UnknownRulesError
from shared.errors import DomainError
from shared.records import RulesRecord

T = TypeVar("T")
S = TypeVar("S")
Open = Callable[[], AbstractAsyncContextManager[PublishRules]]


def rules_commands(
    make_settings: Callable[[], S], opened: Callable[[S], AbstractAsyncContextManager[PublishRules]]
) -> typer.Typer:
    """Return the commands; `opened` opens what publishing needs (the whole tables, a publisher) and closes it.

    Settings are read when a command runs, not before.
    """

    def open_rules() -> AbstractAsyncContextManager[PublishRules]:
        return opened(make_settings())

    app = typer.Typer(no_args_is_help=True, help="The rule table: which contact waits where.")

    @app.command()
    def show(version: Annotated[str, typer.Argument(help="A version; without, the one in force.")] = "") -> None:
        """Show a table as YAML, ready to be changed, checked and published."""
        record = told(_show(open_rules, version))
        typer.echo(f"# {_line(record)}")
        typer.echo(yaml.safe_dump(list(record.rules), allow_unicode=True, sort_keys=False, width=100).rstrip())

    @app.command()
    def history() -> None:
        """List what was published, newest first."""
        for record in told(_history(open_rules)):
            typer.echo(_line(record))

    @app.command()
    def check(file: Path) -> None:
        """Say all that is wrong with a file; nothing is changed."""
        faults = told(_check(open_rules, rows_of(file)))
        _tell(faults)
        typer.echo(f"{file}: inga fel, kan publiceras")

    @app.command()
    def publish(
        file: Path,
        based_on: Annotated[str, typer.Option(help="The version that the file builds on.")],
        reason: Annotated[str, typer.Option(help="Why; nothing personal.")],
        by: Annotated[str, typer.Option(help="Who publishes.")] = "",
    ) -> None:
        """Publish a file as the next version, unless it has faults or another version is in force."""
        record = told(_publish(open_rules, rows_of(file), based_on=based_on, by=by or getuser(), reason=reason))
        typer.echo(f"version {record.version} gäller nu")

    return app


async def _show(open_rules: Open, version: str) -> RulesRecord:
    async with open_rules() as rules:
        record = rules.book.version(version) if version else rules.book.in_force()
    if record is None:
        raise UnknownRulesError
    return record


async def _history(open_rules: Open) -> list[RulesRecord]:
    async with open_rules() as rules:
        return rules.book.versions()


async def _check(open_rules: Open, rows: Sequence[object]) -> list[Fault]:
    async with open_rules() as rules:
        return await rules.check.check(rows)


async def _publish(open_rules: Open, rows: Sequence[object], *, based_on: str, by: str, reason: str) -> RulesRecord:
    async with open_rules() as rules:
        return await rules.publish(rows, based_on=based_on, by=by, reason=reason)


def rows_of(file: Path) -> list[object]:
    """Return the rules of a file: a list, or a list under `rules`."""
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise typer.BadParameter(f"{file}: {error}") from error
    rows = given.get("rules") if isinstance(given, Mapping) else given
    if not isinstance(rows, list):
        raise typer.BadParameter(f"{file}: ska vara en lista med regler")
    plain: list[object] = [_plain(row) for row in rows]
    return plain


def _plain(value: object) -> object:
    """Return a value as JSON would have it: YAML reads `2026-12-24` as a date."""
    match value:
        case date():
            return value.isoformat()
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


def _line(record: RulesRecord) -> str:
    said = [f"version {record.version}", f"{record.published_at:%Y-%m-%d %H:%M} UTC"]
    said += [f"bygger på {record.based_on}"] if record.based_on else []
    said += [record.by] if record.by else []
    said += [record.reason] if record.reason else []
    return ", ".join(said)


def told(work: Coroutine[Any, Any, T]) -> T:
    """Run it; a rule that says no is told in a line, and the command fails."""
    try:
        return asyncio.run(work)
    except RuleTableError as refused:
        _tell(refused.faults)
        raise
    except DomainError as error:
        typer.echo(error.title.format(**error.params), err=True)
        raise typer.Exit(1) from error


def _tell(faults: Sequence[Fault]) -> None:
    """Print every fault and end, when there are any."""
    for fault in faults:
        typer.echo(f"rad {fault.row + 1}, {fault.rule}: {fault.swedish}", err=True)
    if faults:
        raise typer.Exit(1)
