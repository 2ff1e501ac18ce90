"""How long a contact is on its way: `python -m tests.bench.latency --rate 10 --seconds 60` against the local stack.

From the first byte of a signed form to its `contact.routed` read from Kafka, and to the answer of a waiting agent's
pull; the agents accept and complete at once. What waits from before is worked off first, outside the measurement.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from shared.events import ContactRouted
from tests.bench.common import STACK, Stack, finish, quantile, show
from tests.bench.forms import Sender, expected_contact
from tests.bench.http import Connection
from tests.bench.log import Log

_DRAIN_SECONDS = 300.0
_LEAVE_SECONDS = 10.0
_HEARTBEAT_SECONDS = 8.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=10, help="contacts a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--repeat", type=int, default=1, help="runs; the median by p50 to routed is reported")
    parser.add_argument("--stack", type=Path, default=STACK)
    asked = parser.parse_args()
    stack = Stack.read(asked.stack)
    runs = [uvloop.run(Latency(stack, asked.rate, asked.seconds).run()) for _ in range(asked.repeat)]
    result = sorted(runs, key=lambda run: run["door_to_routed_ms"]["p50"])[len(runs) // 2]
    rows = [(name, result[name]["p50"], result[name]["p99"]) for name in result if name.endswith("_ms")]
    show(f"{result['sent']} contacts at {asked.rate:g}/s, milliseconds", ("from the form's door", "p50", "p99"), rows)
    finish(result)


@dataclass
class Times:
    """Monotonic moments by contact id."""

    sent: dict[str, float] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)
    routed: dict[str, float] = field(default_factory=dict)
    offered: dict[str, float] = field(default_factory=dict)
    completed: dict[str, float] = field(default_factory=dict)

    def since(self, moments: dict[str, float]) -> list[float]:
        return [(moments[each] - self.sent[each]) * 1e3 for each in self.sent if each in moments]


@dataclass
class Latency:
    """One run."""

    stack: Stack
    rate: float
    seconds: float
    times: Times = field(default_factory=Times)

    async def run(self) -> dict[str, Any]:
        sender = Sender(self.stack["webhook_secret"], f"latency-{time.time_ns()}")
        agents = [Agent(self.stack, name, self.times) for name in self.stack["agents"]]
        await asyncio.gather(*(agent.work_off() for agent in agents))
        log = Log(self.stack["kafka"], "routing")
        await log.open()
        tasks = [asyncio.create_task(agent.work()) for agent in agents]
        tasks.append(asyncio.create_task(self._watch(log)))
        try:
            await self._send(sender)
            await self._wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(agent.leave() for agent in agents))
            await log.close()
        return self._summary()

    async def _watch(self, log: Log) -> None:
        def note(record: Any, _: bytes) -> None:
            self.times.routed.setdefault(record.key.decode(), time.monotonic())

        while True:
            await log.each(ContactRouted.event_type, note)

    async def _send(self, sender: Sender) -> None:
        """Send at an even pace, each on its own schedule: a slow answer delays nobody else."""
        started = time.monotonic()
        idle = [Connection(self.stack["intake"]) for _ in range(8)]
        async with asyncio.TaskGroup() as under_way:
            for number, (submission, body) in enumerate(sender.bodies(round(self.rate * self.seconds))):
                await asyncio.sleep(max(0.0, started + number / self.rate - time.monotonic()))
                under_way.create_task(self._post(sender, idle, submission, body))

    async def _post(self, sender: Sender, idle: list[Connection], submission: str, body: bytes) -> None:
        connection = idle.pop() if idle else Connection(self.stack["intake"])
        contact = expected_contact(submission)
        self.times.sent[contact] = time.monotonic()
        if await sender.post(connection, submission, body) == contact:
            self.times.taken[contact] = time.monotonic()
        idle.append(connection)

    async def _wait(self) -> None:
        until = time.monotonic() + _LEAVE_SECONDS
        while self.times.sent.keys() - self.times.completed.keys() and time.monotonic() < until:  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.05)

    def _summary(self) -> dict[str, Any]:
        times = self.times
        steps = {
            "door_to_answer_ms": times.taken,
            "door_to_routed_ms": times.routed,
            "door_to_offer_ms": times.offered,
            "door_to_completed_ms": times.completed,
        }
        found: dict[str, Any] = {name: _quantiles(times.since(moments)) for name, moments in steps.items()}
        missing = {name: len(times.sent) - len(times.since(moments)) for name, moments in steps.items()}
        return found | {
            "sent": len(times.sent),
            "missing": {name[:-3]: count for name, count in missing.items() if count},
        }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    return {"p50": quantile(values, 0.5, 1), "p99": quantile(values, 0.99, 1)}


class Agent:
    """One invented agent who takes whatever she is offered and is done at once."""

    def __init__(self, stack: Stack, name: str, times: Times) -> None:
        bearer = {"Authorization": f"Bearer {stack['token']}"}
        self._pulling = Connection(stack["router"], bearer)
        self._other = Connection(stack["router"], bearer)
        self._path = f"/api/v1/agents/{name}"
        self._times = times

    async def work(self) -> None:
        """Pull, accept, complete, until cancelled."""
        beat = asyncio.create_task(self._beat())
        try:
            while True:
                await self._one(wait=25)
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat

    async def work_off(self) -> None:
        """Take what waits from before, until nothing is offered."""
        await self._present("ready")
        until = time.monotonic() + _DRAIN_SECONDS
        while await self._one(wait=0):
            if time.monotonic() > until:
                raise SystemExit("too many contacts wait from before: `make reset` first")

    async def leave(self) -> None:
        await self._present("offline")

    async def _beat(self) -> None:
        while True:
            await self._present("ready")
            await asyncio.sleep(_HEARTBEAT_SECONDS)

    async def _present(self, presence: str) -> None:
        status, answer = await self._other.json("PUT", f"{self._path}/presence", {"presence": presence})
        if status != 200:
            raise SystemExit(f"presence was answered {status}: {answer}")

    async def _one(self, *, wait: int) -> bool:
        status, offer = await self._pulling.json("POST", f"{self._path}/pull?wait={wait}", {})
        if status != 200:
            return False
        contact, epoch = offer["contact_id"], {"epoch": offer["epoch"]}
        self._times.offered.setdefault(contact, time.monotonic())
        status, mine = await self._pulling.json("POST", f"/api/v1/offers/{offer['offer_id']}/accept", epoch)
        if status == 200:
            kind = offer["candidates"][0]["case_type"] if offer["candidates"] else ""
            done = {"epoch": mine["epoch"], "case_type": kind}
            await self._pulling.json("POST", f"/api/v1/contacts/{contact}/complete", done)
            self._times.completed.setdefault(contact, time.monotonic())
        return True


if __name__ == "__main__":
    main()
