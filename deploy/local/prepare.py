"""Prepares tables, topics and seed beside the starting parts: loads its slow imports first, then waits for each part.

Run by the stack as `python -m deploy.local.prepare`; writes a line `step seconds` to stdout for each step.
"""

import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout

from deploy import prepare
from deploy.local.plan import DATABASE, Plan
from deploy.local.settings import LocalSettings, Ports

DEADLINE = 120.0


def main() -> None:
    """Prepare the stack of this environment (`KC_LOCAL_*` say which, `KC_*` where its parts answer)."""
    settings = LocalSettings()
    plan = Plan.of(settings.root, Ports())
    marker = plan.root / "seeded"
    steps: dict[str, Callable[[], None]] = {"tables": lambda: tables(plan), "topics": lambda: topics(plan)}
    if not marker.exists():
        steps["seed"] = lambda: prepare.seed(marker, hours=settings.hours, published=True)
    for name, step in steps.items():
        began = time.monotonic()
        with redirect_stdout(sys.stderr):
            step()
        print(f"{name} {time.monotonic() - began:.1f}", flush=True)


def tables(plan: Plan) -> None:
    """Make the database and every service's tables."""
    import shared.database  # noqa: F401, PLC0415 - loaded while PostgreSQL starts

    _wait(plan.postgres.ready, "PostgreSQL")
    plan.postgres.create(DATABASE)
    prepare.tables()


def topics(plan: Plan) -> None:
    """Make the topics as soon as Kafka answers."""
    import shared.topics_admin  # noqa: F401, PLC0415 - loaded while Kafka starts

    _wait(plan.kafka.ready, "Kafka")
    prepare.topics()


def _wait(ready: Callable[[], bool], name: str) -> None:
    until = time.monotonic() + DEADLINE
    while not ready():
        if time.monotonic() > until:
            raise SystemExit(f"{name} did not answer within {DEADLINE:g} s")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
