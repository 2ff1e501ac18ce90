"""What waiting agents cost, and a stop with all of them connected: `python -m tests.bench.waiters --agents 500`.

A waiter's memory is the growth of the process since it was ready, with her connection and everything kept for her.
"""

import argparse
import asyncio
from collections import Counter
from typing import Any

import psutil
import uvloop

from tests.bench.common import finish, flat, show
from tests.bench.routers import House, agents, house
from tests.bench.seats import Seat, seated
from tests.bench.waking import all_wait


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=500)
    asked = parser.parse_args()
    with house() as own:
        result = uvloop.run(measure(own, asked.agents))
    show(f"{asked.agents} agents waiting", ("measure", "value"), flat(result))
    finish(result)


async def measure(own: House, count: int) -> dict[str, Any]:
    staff = agents(count)
    await own.publish(staff)
    process = own.start_router()
    idle = rss(process)
    async with own.domain() as domain, seated(own.url, own.token, [agent.id for agent in staff]) as seats:
        await asyncio.gather(*(seat.pull(0) for seat in seats))
        before = rss(process)
        pulls = [asyncio.create_task(answer(seat)) for seat in seats]
        await all_wait(domain, count)
        after = rss(process)
        code, seconds = await asyncio.to_thread(own.stop_router)
        answers = Counter(await asyncio.gather(*pulls))
    return {
        "kb_per_waiter": round((after - idle) / count / 1e3, 1),
        "rss_mb": {"idle": mb(idle), "connected": mb(before), "waiting": mb(after)},
        "exit_code": code,
        "stop_s": round(seconds, 2),
        "answers": dict(answers),
    }


async def answer(seat: Seat) -> str:
    """Return how a pull ended: `nothing` is the answer that a client goes on from."""
    try:
        return "nothing" if await seat.pull(30) is None else "offer"
    except (OSError, asyncio.IncompleteReadError):
        return "broken"


def mb(size: int) -> float:
    return round(size / 1e6, 1)


def rss(process: psutil.Process) -> int:
    return int(process.memory_info().rss)


if __name__ == "__main__":
    main()
