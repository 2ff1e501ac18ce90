"""Casework with a year of cases in its database: `python -m tests.bench.cases --cases 150000 --rounds 3`.

Own Kafka, PostgreSQL and Valkey, one casework process. A year is put in by COPY and indexed; then, as often as there
are rounds, and the medians of it: `--open` contacts lie in Kafka and their cases are opened by a process that starts
(the rate of the last nine tenths of `case.opened`, receipts and search words included); deeds are done by HTTP at
`--rate` a second (a reply, then a hand-over or a close, each on a case of its own); searches of six kinds by HTTP, and
the same by ILIKE as it was; events through the outbox at 200 a second, from commit to a consumer's hands.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from typing import Any

import psutil
import uvloop

from shared.database import make_engine, upgrade
from tests.bench import case_data, case_search, case_work
from tests.bench.case_house import CaseHouse, case_house
from tests.bench.common import finish, flat, show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=150_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--open", type=int, default=6_000, help="contacts that wait in Kafka, a round")
    parser.add_argument("--deeds", type=int, default=300, help="cases that are worked on, a round")
    parser.add_argument("--rate", type=float, default=10.0, help="deeds a second")
    parser.add_argument("--searches", type=int, default=60, help="of each kind, a round")
    parser.add_argument("--events", type=int, default=2_000, help="through the outbox, a round")
    asked = parser.parse_args()
    with case_house() as own:
        upgrade(own.settings.postgres, "services.casework.migrations")
        result = uvloop.run(measure(own, asked))
    show(f"{asked.cases} cases, medians of {asked.rounds}", ("measure", "value"), flat(result))
    finish(result)


async def measure(own: CaseHouse, asked: argparse.Namespace) -> dict[str, Any]:
    engine = make_engine(own.settings, "casework", pool=8)
    try:
        await own.seed(engine)
        began = time.perf_counter()
        town = case_data.Town(asked.cases, case_data.moment(), case_data.case_types(own.settings.postgres))
        await asyncio.to_thread(case_data.fill, own.settings.postgres, town)
        indexed = await case_data.index(engine, own.settings.postgres)
        built = time.perf_counter() - began
        rounds = [await _round(own, engine, town, asked, number) for number in range(asked.rounds)]
        recall = await case_search.recall(engine, town, asked.searches)
        baseline = await case_search.baseline(engine, town, max(3, asked.searches // 20))
    finally:
        await engine.dispose()
    return {
        "build_s": round(built, 1),
        "index_s": round(indexed, 1),
        **_medians(rounds),
        "recall_first_5": recall,
        "baseline": {"search_ilike_ms_p50": baseline},
    }


async def _round(
    own: CaseHouse, engine: Any, town: case_data.Town, asked: argparse.Namespace, number: int
) -> dict[str, Any]:
    opened = await case_work.opening(own, town, asked.open, number)
    process = psutil.Process(own.pid)
    used = process.cpu_times()
    deeds = await case_work.deeds(own, opened.contacts[: asked.deeds], asked.rate)
    searched = await case_search.speed(own, town, asked.searches, number)
    outbox = await case_work.outbox(own, engine, asked.events)
    spent, memory = process.cpu_times(), process.memory_info().rss
    own.stop()
    return {
        "opened_per_s": opened.per_second,
        "lost": opened.lost,
        **deeds,
        "search": searched,
        "outbox_ms": outbox,
        "cpu_s": round(spent.user + spent.system - used.user - used.system, 1),
        "rss_mb": round(memory / 1e6),
    }


def _medians(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each figure over the rounds."""
    first = rounds[0]
    return {
        name: _medians([one[name] for one in rounds])
        if isinstance(value, dict)
        else round(statistics.median(one[name] for one in rounds), 1)
        for name, value in first.items()
    }


if __name__ == "__main__":
    main()
