"""The commands of whoever watches the queues: look, and intervene with a reason, on the router that runs."""

import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.table import Table

from shared.ids import new_id
from shared.settings import ServiceSettings

_SECONDS = 10.0

Contact = Annotated[str, typer.Argument(help="The contact's id.")]
Reason = Annotated[str, typer.Option(help="A code: the answer to a wrong one names those that there are.")]
Note = Annotated[str, typer.Option(help="Words for the router's own log; no names of citizens.")]
Json = dict[str, Any]


class Router:
    """The running router's doors; what it refuses is said in its own words, and the command leaves with 1."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._url = settings.router_url.rstrip("/")
        self._token = settings.machine_token.get_secret_value()

    def ask(self, method: str, path: str, body: Json | None = None) -> Any:
        """Return the answer's JSON, None when it has none."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept-Language": "sv"}
        if method != "GET":
            headers["Idempotency-Key"] = new_id()
        url = f"{self._url}/api/v1{path}"
        try:
            answer = httpx.request(method, url, json=body, headers=headers, timeout=_SECONDS)
        except httpx.HTTPError as error:
            self._fail(f"Routern svarar inte på {self._url}: {type(error).__name__}")
        if answer.is_error:
            self._fail(_said(answer))
        return answer.json() if answer.content else None

    @staticmethod
    def _fail(text: str) -> NoReturn:
        typer.echo(text, err=True)
        raise typer.Exit(1)


def _said(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"{answer.status_code} {answer.text[:200]}"
    lines = [str(problem.get("title", answer.status_code))]
    lines += [f"{each.get('pointer', '')}: {each.get('detail', '')}" for each in problem.get("errors", ())]
    return "\n".join(lines)


def add_acts(app: typer.Typer, make_settings: Callable[[], ServiceSettings]) -> None:
    """Add the commands; settings are read when one runs, not before."""

    def router() -> Router:
        return Router(make_settings())

    _add_looks(app, router)
    _add_acts_on_contacts(app, router)
    _add_acts_on_queues(app, router)
    app.add_typer(_peak(router), name="peak")


def _add_looks(app: typer.Typer, router: Callable[[], Router]) -> None:
    @app.command()
    def queues() -> None:
        """List who waits where."""
        rows = router().ask("GET", "/queues")["items"]
        said = [
            (row["queue"], row["waiting"], f"{row['oldest_seconds']:.0f} s", row["ready_agents"], _channels(row))
            for row in rows
        ]
        _print(("kö", "väntar", "längst", "redo", "kanaler"), said)

    @app.command()
    def contact(contact_id: Contact) -> None:
        """Say where a contact is, why it waits, and what has happened to it."""
        found = router().ask("GET", f"/contacts/{quote(contact_id)}")
        typer.echo(f"{found['state']} i {found['queue']}, hos {found['owner'] or 'ingen'}, epok {found['epoch']}")
        if found["why_waiting"]:
            typer.echo(f"väntar: {found['why_waiting']}")
        rows = [(each["at"], each["what"], each["agent_id"] or "", each["detail"] or "") for each in found["history"]]
        _print(("när", "vad", "vem", "mer"), rows)


def _add_acts_on_contacts(app: typer.Typer, router: Callable[[], Router]) -> None:
    @app.command()
    def move(contact_id: Contact, to: Annotated[str, typer.Option()], reason: Reason, note: Note = "") -> None:
        """Move a waiting contact to another queue."""
        body = {"queue": to, "reason": reason, "note": note}
        _done(router().ask("POST", f"/contacts/{quote(contact_id)}/move", body))

    @app.command("raise")
    def raise_(contact_id: Contact, priority: Annotated[str, typer.Option()], reason: Reason, note: Note = "") -> None:
        """Give a waiting contact another priority."""
        body = {"priority": priority, "reason": reason, "note": note}
        _done(router().ask("POST", f"/contacts/{quote(contact_id)}/raise", body))

    @app.command()
    def release(contact_id: Contact, reason: Reason, note: Note = "") -> None:
        """Take a contact from its agent, back at its old place."""
        body = {"reason": reason, "note": note}
        _done(router().ask("POST", f"/contacts/{quote(contact_id)}/release", body))

    @app.command()
    def away(agent_id: str, reason: Reason, note: Note = "") -> None:
        """Set an agent away until she herself chooses to be ready."""
        _done(router().ask("POST", f"/agents/{quote(agent_id)}/away", {"reason": reason, "note": note}))


def _add_acts_on_queues(app: typer.Typer, router: Callable[[], Router]) -> None:
    @app.command()
    def close_queue(
        queue: str,
        reason: Reason,
        until: Annotated[str | None, typer.Option(help="2026-12-24T12:00+01:00; without: until opened.")] = None,
        instead: Annotated[str | None, typer.Option(help="The queue that takes what comes meanwhile.")] = None,
        note: Note = "",
    ) -> None:
        """Let a queue take nothing new; who waits in it already is served."""
        body = {"reason": reason, "note": note, "until": until, "instead": instead}
        _done(router().ask("POST", f"/queues/{quote(queue)}/close", body))

    @app.command()
    def open_queue(queue: str, reason: Reason, note: Note = "") -> None:
        """Let a closed queue take what is new again, and let in who waited for that."""
        _done(router().ask("POST", f"/queues/{quote(queue)}/open", {"reason": reason, "note": note}))


def _peak(router: Callable[[], Router]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Toppläge: what holds during a storm, and ends by itself.")

    @app.command()
    def show() -> None:
        """Say whether a peak holds, and what it does."""
        for name, value in router().ask("GET", "/peak").items():
            typer.echo(f"{name}: {value}")

    @app.command()
    def begin(until: Annotated[str, typer.Option()], reason: Reason, note: Note = "") -> None:
        """Begin a peak with all its measures, until a time at most 24 hours away."""
        _done(router().ask("PUT", "/peak", {"until": until, "reason": reason, "note": note}))

    @app.command()
    def end(reason: Reason, note: Note = "") -> None:
        """End the peak before its time."""
        _done(router().ask("DELETE", "/peak", {"reason": reason, "note": note}))

    return app


def _channels(row: Json) -> str:
    return ", ".join(f"{channel} {count}" for channel, count in row["by_channel"].items() if count)


def _done(_: object) -> None:
    typer.echo("gjort")


def _print(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    table = Table(*heads)
    for row in rows:
        table.add_row(*map(str, row))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 140).print(table)
