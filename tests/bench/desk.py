"""The desk with a year of cases: `python -m tests.bench.desk --cases 150000 --seconds 60`.

Own Kafka, PostgreSQL and Valkey, one router and one casework process, agents logged in with their streams open.
`pages_ms`: how long the desk and the case page take with `--agents` at work, a deed about every five seconds each.
`full_ms`: every request of `--full` agents at that pace, and `floor_ms` in the same seconds: a request that does
nothing (`/health/live`), which is what the load generator and the turn of the loop cost.
`browser` (unless `--no-browser`), Chromium at the desk: bytes of a first load and of a later one, requests outside,
milliseconds from the router's offer to its button on the screen, from a key to the paint that follows (Event Timing;
below 16 ms it says nothing), and from a key to the next step on the screen, the server's answer included.
"""

import argparse
import asyncio
from typing import Any

import uvloop
import yaml

from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases import imports
from shared.database import make_engine, upgrade
from tests.bench import case_data, desk_browser, desk_floor
from tests.bench.case_house import CaseHouse, case_house
from tests.bench.common import finish, flat, show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=150_000)
    parser.add_argument("--agents", type=int, default=40, help="at work while the pages are measured")
    parser.add_argument("--full", type=int, default=100, help="at work at once, at most 100")
    parser.add_argument("--think", type=float, default=5.0, help="seconds between an answer and the next request")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two")
    parser.add_argument("--calls", type=int, default=20, help="that pop up in the browser")
    parser.add_argument("--browser", action=argparse.BooleanOptionalAction, default=True)
    asked = parser.parse_args()
    with case_house() as own:
        upgrade(own.settings.postgres, "services.casework.migrations")
        result = uvloop.run(measure(own, asked))
    show(f"The desk with {asked.cases} cases", ("measure", "value"), flat(result))
    finish(result)


async def measure(own: CaseHouse, asked: argparse.Namespace) -> dict[str, Any]:
    engine = make_engine(own.settings, "casework", pool=4)
    try:
        await own.seed(engine)
        await imports.ImportPeople(UnitOfWork(engine)).run(_people())
        town = case_data.Town(asked.cases, case_data.moment(), case_data.case_types(own.settings.postgres))
        await asyncio.to_thread(case_data.fill, own.settings.postgres, town)
        await case_data.index(engine, own.settings.postgres)
    finally:
        await engine.dispose()
    await asyncio.to_thread(own.beside, "router")
    await asyncio.to_thread(own.start)
    floor = desk_floor.Floor(own, town, asked.think)
    pages = await floor.at_work(asked.agents, asked.seconds)
    full = await floor.at_work(asked.full, asked.seconds)
    found: dict[str, Any] = {
        "pages_ms": {name: pages.of(name) for name in ("desk", "case")},
        "full_ms": {"all": full.of(), **{name: full.of(name) for name in full.names}},
        "floor_ms": full.floor(),
        "requests": len(pages) + len(full),
        "refused": pages.refused + full.refused,
        "cpu_share": full.cpu,
    }
    if asked.browser:
        found["browser"] = await desk_browser.measure(own, asked.calls)
    return found


def _people() -> bytes:
    """Return the agents whose cases the town has, and the one who sits before the browser."""
    agents = [
        {"id": f"agent-{at:03}", "name": f"Agent {at}", "roles": ["agent"], "units": ["*"], "skills": {"*": 3}}
        for at in range(101)
    ]
    return yaml.safe_dump({"people": agents}).encode()


if __name__ == "__main__":
    main()
