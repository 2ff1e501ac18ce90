"""How many calls and forms one intake takes, and how soon: `python -m tests.bench.doors` (a stack of its own).

Intake alone on Kafka, PostgreSQL and Valkey, as `make run` has them; the answer comes after Kafka's acknowledgement.
`per_s`: as many as `--connections` at once can send, one after the other. `ms`: at `--rate` a second, each on its own
schedule. `baseline`: a bare app that only publishes, in turn with ours. Every contact is
counted in Kafka.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol
from urllib.parse import urlencode

import psutil
import uvloop

from deploy.local.part import HOST, free_ports, listening
from shared.events import ContactReceived
from shared.ids import natural_contact_id
from tests.bench.common import finish, quantile, show
from tests.bench.cost import seconds_of
from tests.bench.forms import Sender
from tests.bench.http import Connection
from tests.bench.log import Log
from tests.support.stack import own_stack

_NUMBERS = [f"+4670174{number:04}" for number in range(600, 700)]  # a fictitious series
_PATIENCE = 20.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--door", choices=["voice", "forms", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement")
    parser.add_argument("--rate", type=float, default=100, help="a second, for the latency")
    parser.add_argument("--connections", type=int, default=48, help="requests in flight, for the throughput")
    parser.add_argument("--repeat", type=int, default=3, help="runs; the median by per_s is reported")
    asked = parser.parse_args()
    os.environ["KC_RATE_WEBHOOKS"] = "0"  # all come from one address here
    with own_stack(services=("intake",)) as stack, plain_app(stack.info["kafka"]) as (plain_url, plain_pid):
        pid = stack.pids()["intake"]
        result = uvloop.run(measure(asked, stack.info, (stack.info["intake"], pid), (plain_url, plain_pid)))
    rows = [
        (f"{door}{name}", one["per_s"], one["ms"]["p50"], one["ms"]["p99"], one["cpu_ms"], one["lost"], one["doubled"])
        for door, found in result.items()
        for name, one in (("", found), (" (bare app)", found["baseline"]))
    ]
    title = f"One intake, {asked.connections} at once; milliseconds at {asked.rate:g}/s"
    show(title, ("door", "a second", "p50 ms", "p99 ms", "CPU ms each", "lost", "doubled"), rows)
    finish(result)


@contextmanager
def plain_app(kafka: str) -> Iterator[tuple[str, int]]:
    """Run the bare app beside the stack."""
    (port,) = free_ports(1)
    words = [sys.executable, "-m", "tests.bench.doors_plain", "--port", str(port), "--kafka", kafka]
    process = subprocess.Popen(words)
    try:
        until = time.monotonic() + 60
        while not listening(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the bare app did not start")
            time.sleep(0.1)
        yield f"http://{HOST}:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


class Door(Protocol):
    """What can be sent to a door."""

    def post(self, connection: Connection, number: int) -> Awaitable[str | None]:
        """Send one; return its contact id, None when it was not taken."""
        ...


@dataclass
class Voice:
    """Rings of 46elks."""

    run: str

    async def post(self, connection: Connection, number: int) -> str | None:
        call_id = f"{self.run}-{number}"
        form = {"callid": call_id, "direction": "incoming", "from": _NUMBERS[number % 100], "to": "+46846500400"}
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        body = urlencode(form | {"created": "2026-11-30T12:00:00.000000"}).encode()
        status, answer = await connection.call("POST", "/webhooks/46elks/voice", body, kind)
        return natural_contact_id("call", call_id) if status == 200 and answer.startswith(b"{") else None


@dataclass
class Forms:
    """Signed forms, each of them made and signed when it is sent."""

    sender: Sender
    bodies: list[tuple[str, bytes]]

    async def post(self, connection: Connection, number: int) -> str | None:
        submission, body = self.bodies[number % len(self.bodies)]
        own = f"{submission}-{number}"
        return await self.sender.post(connection, own, body.replace(submission.encode(), own.encode(), 1))


@dataclass
class Sent:
    """What was taken, and milliseconds each."""

    contacts: list[str] = field(default_factory=list)
    each_ms: list[float] = field(default_factory=list)
    refused: int = 0

    async def post(self, door: Door, connection: Connection, number: int) -> None:
        began = time.monotonic()
        contact = await door.post(connection, number)
        self.each_ms.append((time.monotonic() - began) * 1e3)
        if contact is None:
            self.refused += 1
        else:
            self.contacts.append(contact)


async def measure(
    asked: argparse.Namespace, info: dict[str, Any], ours: tuple[str, int], bare: tuple[str, int]
) -> dict[str, Any]:
    """Measure each door, ours and the bare one in turn."""
    result: dict[str, Any] = {}
    for name in ("voice", "forms") if asked.door == "both" else (asked.door,):
        runs: list[dict[str, Any]] = []
        for _ in range(asked.repeat):
            plain = await one_run(asked, await made(name, info), bare, None)
            own = await one_run(asked, await made(name, info), ours, Log(info["kafka"], "contacts"))
            runs.append(own | {"baseline": plain})
        result[name] = sorted(runs, key=lambda run: run["per_s"])[len(runs) // 2]
        result[name]["runs_per_s"] = [run["per_s"] for run in runs]
    return result


async def made(name: str, info: dict[str, Any]) -> Door:
    run = f"doors-{time.time_ns()}"
    if name == "voice":
        return Voice(run)
    sender = Sender(info["webhook_secret"], run)
    return Forms(sender, list(sender.bodies(500)))


async def one_run(asked: argparse.Namespace, door: Door, server: tuple[str, int], log: Log | None) -> dict[str, Any]:
    """Warm up, then the throughput, then the latency; what was taken is looked for in Kafka."""
    url, pid = server
    numbers = count()
    await flood(door, url, numbers, 8, 1.0)
    if log is not None:
        await log.open()
    before = seconds_of(psutil.Process(pid))
    began = time.monotonic()
    flooded = await flood(door, url, numbers, asked.connections, asked.seconds)
    taken = time.monotonic() - began
    cpu = seconds_of(psutil.Process(pid)) - before
    paced = await pace(door, url, numbers, asked.rate, asked.seconds)
    lost, doubled = await found(log, [*flooded.contacts, *paced.contacts]) if log is not None else (0, 0)
    return {
        "per_s": round(len(flooded.contacts) / taken, 1),
        "at_once_ms": {"p50": quantile(flooded.each_ms, 0.5, 1), "p99": quantile(flooded.each_ms, 0.99, 1)},
        "ms": {"p50": quantile(paced.each_ms, 0.5, 1), "p99": quantile(paced.each_ms, 0.99, 1)},
        "cpu_ms": round(cpu * 1e3 / max(len(flooded.contacts), 1), 2),
        "sent": len(flooded.contacts) + len(paced.contacts),
        "refused": flooded.refused + paced.refused,
        "lost": lost,
        "doubled": doubled,
    }


async def flood(door: Door, url: str, numbers: Iterator[int], connections: int, seconds: float) -> Sent:
    """Send one after the other on each connection until time is up."""
    sent, until = Sent(), time.monotonic() + seconds

    async def keep() -> None:
        async with Connection(url, {}) as connection:
            while time.monotonic() < until:
                await sent.post(door, connection, next(numbers))

    await asyncio.gather(*(keep() for _ in range(connections)))
    return sent


async def pace(door: Door, url: str, numbers: Iterator[int], rate: float, seconds: float) -> Sent:
    """Send at an even pace, each on its own schedule: a slow answer delays nobody else."""
    sent, began, idle = Sent(), time.monotonic(), [Connection(url) for _ in range(4)]

    async def one(number: int) -> None:
        connection = idle.pop() if idle else Connection(url)
        await sent.post(door, connection, number)
        idle.append(connection)

    async with asyncio.TaskGroup() as under_way:
        for turn in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began + turn / rate - time.monotonic()))
            under_way.create_task(one(next(numbers)))
    return sent


async def found(log: Log, contacts: list[str]) -> tuple[int, int]:
    """Return how many contacts are not in Kafka, and how many records there are too many."""
    seen = await log.gather(ContactReceived.event_type, contacts, patience=_PATIENCE)
    await log.close()
    return len(set(contacts)) - len(seen.ids), seen.records - len(seen.ids)


if __name__ == "__main__":
    main()
