"""Start, stop, empty and look at the whole stack on this machine; `make run`, `make stop` and `make reset` call it."""

import json
import shutil
import signal
import sys
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, Any

import typer
from rich.console import Console

from deploy.local import assets
from deploy.local.detached import start_detached, stop_running
from deploy.local.measure import measure
from deploy.local.part import StackError
from deploy.local.paths import CHECKSUMS, PROJECT
from deploy.local.progress import Progress, memory_table
from deploy.local.settings import LocalSettings, Ports
from deploy.local.stack import Stack
from deploy.prepare import SERVICES

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is ready.")] = False,
    progress: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start everything on loopback and stay in the foreground; Ctrl-C stops it cleanly."""
    root, chosen = LocalSettings().root, LocalSettings().chosen()
    if detach:
        start_detached(root, print)
    elif progress:
        with progress.open("w", encoding="utf-8", buffering=1) as output:
            _foreground(Stack(root, Ports(), progress=Progress(Console(file=output)), services=chosen))
    else:
        _foreground(Stack(root, Ports(), progress=Progress(), services=chosen, shown=SERVICES))


@app.command()
def stop() -> None:
    """Stop a running stack, or what a killed one left behind."""
    print("The stack has stopped." if stop_running(LocalSettings().root) else "The stack is not running.")


@app.command()
def reset() -> None:
    """Stop the stack and empty its state; the caches stay."""
    root = LocalSettings().root
    stop_running(root)
    if root.exists() and any(root.iterdir()) and not (root / "keys.json").exists():
        raise StackError(f"{root} does not look like the state of a stack; nothing was removed.")
    shutil.rmtree(root, ignore_errors=True)
    print(f"{root} is empty.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show each part: whether it answers, where, and how much memory it holds."""
    found = measure(LocalSettings().root, Ports())
    if as_json:
        print(json.dumps([row.as_dict() for row in found]))
    else:
        Console().print(memory_table(found))
    raise typer.Exit(0 if all(row.state == "ready" for row in found) else 1)


@app.command("lock-assets")
def lock_assets() -> None:
    """Resolve Kafka, the mail server and htmx anew and write `checksums.txt`; review its diff."""
    print(f"{assets.lock()} files locked in {CHECKSUMS.relative_to(PROJECT)}")


def _foreground(stack: Stack) -> None:
    _on_signals(signal.default_int_handler)
    try:
        stack.start()
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    # Not an Event: a handler that sets one while its own thread begins to wait on it waits for itself.
    asked: SimpleQueue[int] = SimpleQueue()
    _on_signals(lambda number, _: asked.put(number))
    where = "  ".join(f"{name} {stack.info[name]}" for name in SERVICES)
    stack.progress.say(f"{where}\nLogs in {stack.root / 'logs'}. Ctrl-C stops everything.", style="bold")
    asked.get()
    _on_signals(lambda *_: stack.kill_all())
    stack.progress.say("Stopping; once more to kill.")
    stack.stop()
    stack.progress.say("Stopped.")


def _on_signals(handler: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def main() -> None:
    """Run the command line; what a person can mend ends in one message, not in a traceback."""
    try:
        app()
    except (StackError, ValueError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
