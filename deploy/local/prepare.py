"""What must be there before the services start: tables, topics, and at the first start the seed.

Runs as a process of its own beside the starting parts (`python -m deploy.local.prepare`), so that slow imports are paid
once and early; it calls the same commands that an operator calls. Writes a line `step seconds` to stdout for each.
"""

import asyncio
import importlib.util
import runpy
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from deploy.local.paths import SEED
from deploy.local.plan import DATABASE, Plan
from deploy.local.settings import SERVICES, LocalSettings, Ports

IMPORTS = (
    ("import-catalogue", "catalogue-sv.csv"),
    ("import-checklists", "checklists-sv.yaml"),
    ("import-entrances", "entrances.yaml"),
    ("import-people", "people.yaml"),
    ("import-examples", "examples-sv.jsonl.gz"),
)
"""In this order: checklists, entrances, people and examples name units and case types of the catalogue."""

DEADLINE = 60.0


def main() -> None:
    """Prepare the stack of this environment (`KC_LOCAL_*` say which, `KC_*` where its parts answer)."""
    plan = Plan.of(LocalSettings().root, Ports())
    seeded = plan.root / "seeded"
    steps: list[tuple[str, Callable[[], None]]] = [("tables", lambda: tables(plan)), ("topics", lambda: topics(plan))]
    if not seeded.exists():
        steps.append(("seed", lambda: seed(seeded)))
    for name, step in steps:
        began = time.monotonic()
        with redirect_stdout(sys.stderr):
            step()
        print(f"{name} {time.monotonic() - began:.1f}", flush=True)


def tables(plan: Plan) -> None:
    """Make the database and bring every service's tables up to date."""
    _imports_of_the_migrations()
    _wait(plan.postgres.ready, "PostgreSQL")
    plan.postgres.create(DATABASE)
    for service in SERVICES:
        if importlib.util.find_spec(f"services.{service}.migrations"):
            command(service, "migrate")


def topics(plan: Plan) -> None:
    """Make the topics that are missing."""
    from shared.settings import ServiceSettings  # noqa: PLC0415 - while this loads, Kafka starts
    from shared.topics_admin import ensure_topics  # noqa: PLC0415 - the same

    _wait(plan.data_parts()[0].ready, "Kafka")
    asyncio.run(ensure_topics(ServiceSettings()))


def seed(marker: Path) -> None:
    """Import the seed through casework's own commands, once per state folder."""
    for name, file in IMPORTS:
        command("casework", name, str(SEED / file))
    marker.touch()


def command(service: str, *arguments: str) -> None:
    """Run `python -m services.<service> <arguments>` inside this process."""
    sys.argv = [f"services.{service}", *arguments]
    try:
        runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code not in {0, None}:
            raise


def _imports_of_the_migrations() -> None:
    import shared.database  # noqa: F401, PLC0415 - loaded while PostgreSQL starts


def _wait(ready: Callable[[], bool], name: str) -> None:
    until = time.monotonic() + DEADLINE
    while not ready():
        if time.monotonic() > until:
            raise SystemExit(f"{name} did not answer within {DEADLINE:g} s")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
