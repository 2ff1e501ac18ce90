"""What must be there before the services start: tables, topics, and at the first start the seed.

`python -m deploy.prepare --seed MARKER` is the migrate job of the compose file; the local stack runs the same steps.
They call the commands that an operator calls, inside one process, so that slow imports are paid once.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import runpy
import sys
from pathlib import Path

SERVICES = ("intake", "router", "casework", "stats")
SEED = Path(__file__).with_name("seed")
CATALOGUE = ("import-catalogue", "catalogue-sv.csv")
DEMO_FACTS = ("import-params", "demo-params.yaml")
"""Invented local facts, only where the checklists are published at once."""
CHECKLISTS = ("import-checklists", *sorted(f"checklists/{file.name}" for file in SEED.glob("checklists/*.yaml")))
IMPORTS = (
    ("import-entrances", "entrances.yaml"),
    ("import-people", "people.yaml"),
    ("import-examples", "examples-sv.jsonl.gz"),
    ("import-takeovers", "takeovers.yaml"),
    ("import-directory", "directory-sv.csv", "--yes"),
    ("import-templates", "templates.yaml"),
    ("import-unit-terms", "unit-terms.yaml"),
    ("import-exercises", "exercises.yaml"),
)
"""What follows the catalogue: it names units and case types."""
HOURS = ("import-hours", "hours.yaml")
"""Only on request: with real hours nobody could call or visit a stack that is tried in the evening."""

GROUP_TRIES = 100


def tables() -> None:
    """Bring every service's tables up to date."""
    for service in SERVICES:
        if importlib.util.find_spec(f"services.{service}.migrations"):
            command(service, "migrate")


def topics() -> None:
    """Make the topics that are missing."""
    from shared.settings import ServiceSettings  # noqa: PLC0415 - slow to load; the caller waits for Kafka meanwhile
    from shared.topics_admin import ensure_topics  # noqa: PLC0415 - the same

    settings = ServiceSettings()
    asyncio.run(ensure_topics(settings))
    asyncio.run(_groups(settings.kafka))


async def _groups(bootstrap: str) -> None:
    """Have the broker make its own topic of group offsets, so that the first consumers do not run into its absence."""
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415 - as above
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - as above

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        for _ in range(GROUP_TRIES):
            with contextlib.suppress(KafkaError):
                await admin.find_coordinator("")
                return
            await asyncio.sleep(0.1)
    finally:
        await admin.close()


def seed(marker: Path, *, hours: bool = False, published: bool = False) -> None:
    """Import the seed through casework's own commands, once: what people have edited since is never overwritten.

    Its checklists are drafts (*exempel*) for their units to read and fill in; `published`, for a demonstration, they
    are live at once with invented local facts.
    """
    if marker.exists():
        return
    checklists = (DEMO_FACTS, (*CHECKLISTS, "--publish")) if published else (CHECKLISTS,)
    for name, *files in (CATALOGUE, *checklists, *IMPORTS, *([HOURS] if hours else [])):
        command("casework", name, *(one if one.startswith("--") else str(SEED / one) for one in files))
    marker.touch()


def command(service: str, *arguments: str) -> None:
    """Run `python -m services.<service> <arguments>` inside this process."""
    sys.argv = [f"services.{service}", *arguments]
    try:
        runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code not in {0, None}:
            raise


def main() -> None:
    """Prepare the installation that the environment names."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=Path, metavar="MARKER", help="import the seed unless this file exists; makes it")
    parser.add_argument("--hours", action="store_true", help="with the seed, import its opening hours, too")
    parser.add_argument(
        "--checklists",
        choices=("drafts", "published"),
        default="drafts",
        help="with the seed, leave its checklists to be read by their units, or publish them with invented local facts",
    )
    arguments = parser.parse_args()
    tables()
    topics()
    if arguments.seed:
        seed(arguments.seed, hours=arguments.hours, published=arguments.checklists == "published")


if __name__ == "__main__":
    main()
