"""Pull, accept, complete through the HTTP API: `python -m tests.bench.pull --agents 100 --waiting 10000`.

One router process on its own Kafka and Valkey. First as many cycles a second as there are, every agent at once; then
cycles on a fixed schedule, each timed from the moment that it was due, so that a pause of the router is in every cycle
that it delays. In the same run the floors: a bare PING, and a hop through Celery on the same Valkey.
"""

import argparse
import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import uvloop

from tests.bench.arrivals import fill
from tests.bench.common import finish, flat, quantile, show
from tests.bench.hop import hops, pings, worker
from tests.bench.routers import House, agents, catalogue, cpu, house
from tests.bench.seats import Refused, Seat, seated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--waiting", type=int, default=10_000, help="contacts that wait when a phase begins")
    parser.add_argument("--cycles", type=int, default=6_000, help="cycles at full speed")
    parser.add_argument("--rate", type=float, default=100, help="cycles a second of the second phase")
    parser.add_argument("--seconds", type=float, default=30, help="length of the second phase")
    parser.add_argument("--hops", type=int, default=3_000, help="Celery tasks; pings are ten times as many")
    asked = parser.parse_args()
    if max(asked.cycles, asked.rate * asked.seconds) > asked.waiting:
        parser.error("more cycles than contacts that wait")
    with house() as own:
        found = uvloop.run(measure(own, asked))
        floor = floors(own, asked)
    result = found | floor
    show(f"{asked.agents} agents, {asked.waiting} contacts waiting", ("measure", "value"), flat(result))
    finish(result)


async def measure(own: House, asked: argparse.Namespace) -> dict[str, Any]:
    staff = agents(asked.agents)
    await own.publish([*catalogue(), *staff])
    process = own.start_router()
    await fill(own, asked.waiting)
    async with seated(own.url, own.token, [agent.id for agent in staff]) as seats:
        before, began = cpu(process), time.perf_counter()
        fast = await at_full_speed(seats, asked.cycles)
        spent = time.perf_counter() - began
        used = cpu(process) - before
        await fill(own, asked.waiting)
        steady = await on_schedule(seats, asked.rate, asked.seconds)
    return {
        "cycles_per_s": round(fast.cycles / spent, 1),
        "full_speed_ms": fast.summary(),
        "router_ms_per_cycle": round(used * 1e3 / max(1, fast.cycles), 2),
        "rate": asked.rate,
        "p50_ms": quantile(steady.ms["cycle"], 0.5, 1),
        "p99_ms": quantile(steady.ms["cycle"], 0.99, 1),
        "at_rate_ms": steady.summary(),
        "cycles": fast.cycles + steady.cycles,
        "refused": fast.refused + steady.refused,
        "empty": fast.empty + steady.empty,
    }


def floors(own: House, asked: argparse.Namespace) -> dict[str, Any]:
    own.stop_router()
    bare, piped = pings(own.plan.ports.redis, asked.hops * 10)
    with worker(own.settings.redis, own.log.with_name("celery.log")):
        rate, alone = hops(asked.hops, asked.agents)
    return {
        "ping_per_s": round(bare),
        "ping_pipelined_per_s": round(piped),
        "baseline": {"celery_tasks_per_s": round(rate, 1), "celery_p50_ms": alone},
    }


@dataclass
class Tally:
    """What a phase did."""

    cycles: int = 0
    refused: int = 0
    empty: int = 0
    ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def summary(self) -> dict[str, dict[str, float]]:
        return {name: {"p50": quantile(of, 0.5, 2), "p99": quantile(of, 0.99, 2)} for name, of in self.ms.items()}

    async def one(self, seat: Seat, due: float) -> bool:
        """Run one cycle that was due at a moment; True when it came to its end."""
        try:
            with_offer = await self._timed("pull", seat.pull())
            if with_offer is None:
                self.empty += 1
                return False
            mine = await self._timed("accept", seat.accept(with_offer))
            await self._timed("complete", seat.complete(mine))
        except Refused as error:
            if not self.refused:
                print(f"refused: {error}")
            self.refused += 1
            return False
        self.ms["cycle"].append((time.perf_counter() - due) * 1e3)
        self.cycles += 1
        return True

    async def _timed(self, name: str, asking: Any) -> Any:
        began = time.perf_counter()
        answer = await asking
        self.ms[name].append((time.perf_counter() - began) * 1e3)
        return answer


async def at_full_speed(seats: Sequence[Seat], cycles: int) -> Tally:
    tally, left = Tally(), iter(range(cycles))

    async def work(seat: Seat) -> None:
        for _ in left:
            if not await tally.one(seat, time.perf_counter()) and tally.empty + tally.refused > cycles:
                return

    await asyncio.gather(*(work(seat) for seat in seats))
    return tally


async def on_schedule(seats: Sequence[Seat], rate: float, seconds: float) -> Tally:
    """Begin a cycle whenever one is due; while every agent is busy it waits for the first to be free."""
    tally, free, began = Tally(), asyncio.Queue[Seat](), time.perf_counter()
    for seat in seats:
        free.put_nowait(seat)

    async def cycle(due: float) -> None:
        seat = await free.get()
        await tally.one(seat, due)
        free.put_nowait(seat)

    async with asyncio.TaskGroup() as under_way:
        for number in range(round(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            under_way.create_task(cycle(due))
    return tally


if __name__ == "__main__":
    main()
