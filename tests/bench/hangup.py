"""How soon a hang-up withdraws an offer: `python -m tests.bench.hangup --hangups 200 --rate 5` on the local stack.

Callers ring by 46elks' door and a few agents pull; a moment of at most a fifth of a second after one is on offer, she
hangs up. Timed from the first byte of that post until `contact.abandoned` is read from Kafka, which the router tells
when it has withdrawn the offer; on the way, until the door's answer and until intake's `contact.ended` is read. The
baseline in the same run, at the same pace: a bare app that publishes the same form, acknowledged, and the same reader
of what it published. What waits from before is worked off first, outside the measurement.
"""

import argparse
import asyncio
import random
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import uvloop

from deploy.demo.agents import AgentClient, Json, Taken
from deploy.demo.stack_info import StackInfo
from shared.events import ContactAbandoned, ContactEnded
from shared.ids import natural_contact_id
from tests.bench.common import STACK, Stack, finish, quantile, show
from tests.bench.doors import plain_app
from tests.bench.doors_plain import TOPIC
from tests.bench.http import Connection
from tests.bench.log import Log

NUMBER = "+46846500400"
AGENTS = 6
_PAUSE = 0.2
_PATIENCE = 15.0
_DRAIN_SECONDS = 300.0
_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hangups", type=int, default=200, help="in each run")
    parser.add_argument("--rate", type=float, default=5, help="calls a second")
    parser.add_argument("--repeat", type=int, default=3, help="runs; the median by p99 is reported")
    parser.add_argument("--stack", type=Path, default=STACK)
    asked = parser.parse_args()
    stack = Stack.read(asked.stack)
    with plain_app(stack["kafka"]) as (plain, _):
        runs = [uvloop.run(HangUps(stack, plain, asked.hangups, asked.rate).run()) for _ in range(asked.repeat)]
    result = sorted(runs, key=lambda run: run["hangup_to_withdrawn_ms"]["p99"])[len(runs) // 2]
    result["runs_p99_ms"] = [run["hangup_to_withdrawn_ms"]["p99"] for run in runs]
    result["runs_lost"] = [run["lost"] for run in runs]
    rows = [
        ("to the door's answer", *result["hangup_to_answer_ms"].values()),
        ("to contact.ended, read", *result["hangup_to_ended_ms"].values()),
        ("to contact.abandoned, read", *result["hangup_to_withdrawn_ms"].values()),
        ("a bare app's record, read", *result["baseline"]["hop_ms"].values()),
    ]
    title = f"{result['hangups']} hang-ups at {asked.rate:g}/s, {result['lost']} lost; milliseconds"
    show(title, ("from the hang-up's post", "p50", "p95", "p99", "max"), rows)
    finish(result)


@dataclass
class Moments:
    """Monotonic moments by contact id."""

    sent: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    withdrawn: dict[str, float] = field(default_factory=dict)
    hop_sent: dict[str, float] = field(default_factory=dict)
    hopped: dict[str, float] = field(default_factory=dict)


@dataclass
class HangUps:
    """One run."""

    stack: Stack
    plain: str
    hangups: int
    rate: float
    name: str = field(default_factory=lambda: f"hangup-{time.time_ns()}")
    at: Moments = field(default_factory=Moments)
    calls: dict[str, str] = field(default_factory=dict)
    """Call ids by contact."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    idle: dict[str, list[Connection]] = field(default_factory=dict)
    connections: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def run(self) -> dict[str, Any]:
        info = StackInfo.of(dict(self.stack.facts))
        dice = random.Random(7)
        routing, contacts, hops = (Log(self.stack["kafka"], topic) for topic in ("routing", "contacts", TOPIC))
        async with httpx.AsyncClient(timeout=40) as http, self.connections:
            team = [AgentClient(info, http, name) for name in info.agents[:AGENTS]]
            async with asyncio.timeout(_DRAIN_SECONDS):
                await asyncio.gather(*(work_off(agent) for agent in team))
            for log in (routing, contacts, hops):
                await log.open()
            tasks = [
                asyncio.create_task(self._watch(routing, ContactAbandoned.event_type, self.at.withdrawn)),
                asyncio.create_task(self._watch(contacts, ContactEnded.event_type, self.at.ended)),
                asyncio.create_task(self._watch(hops, ContactEnded.event_type, self.at.hopped)),
                *(asyncio.create_task(self._work(agent, dice)) for agent in team),
            ]
            try:
                await self._ring()
                await self._wait(tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await asyncio.gather(*(agent.presence("offline") for agent in team))
                for log in (routing, contacts, hops):
                    await log.close()
        return self._summary()

    async def _watch(self, log: Log, wanted: str, moments: dict[str, float]) -> None:
        def note(record: Any, _: bytes) -> None:
            moments.setdefault(record.key.decode(), time.monotonic())
            self.gone.set()

        while True:
            await log.each(wanted, note)

    async def _ring(self) -> None:
        """Let them ring at an even pace, each on its own schedule; between two of them, one for the baseline."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as under_way:
            for number in range(self.hangups):
                await asyncio.sleep(max(0.0, began + number / self.rate - time.monotonic()))
                under_way.create_task(self._call(number))
                await asyncio.sleep(max(0.0, began + (number + 0.5) / self.rate - time.monotonic()))
                under_way.create_task(self._hop(f"{self.name}-hop-{number}"))

    async def _call(self, number: int) -> None:
        call_id = f"{self.name}-{number}"
        self.calls[natural_contact_id("call", call_id)] = call_id
        form = {"callid": call_id, "direction": "incoming", "from": f"+4670174{605 + number % 95:04}", "to": NUMBER}
        status = await self._post(self.stack["intake"], "voice", form)
        if status != 200:
            raise SystemExit(f"a ring was answered {status}")

    async def _hop(self, name: str) -> None:
        self.at.hop_sent[name] = time.monotonic()
        await self._post(self.plain, "hangup", _end(name))

    async def _work(self, agent: AgentClient, dice: random.Random) -> None:
        """Let whoever is offered to this agent hang up, and be ready for the next when her offer is gone."""
        while True:
            offer = await agent.pull()
            if offer is None:
                continue
            if offer["contact_id"] not in self.calls:
                await take(agent, offer)
                continue
            await asyncio.sleep(dice.uniform(0, _PAUSE))
            await self._hang_up(offer["contact_id"])

    async def _hang_up(self, contact: str) -> None:
        """Post the end; return when the offer is gone, or patience is over."""
        self.at.sent[contact] = time.monotonic()
        if await self._post(self.stack["intake"], "hangup", _end(self.calls[contact])) == 204:
            self.at.answered[contact] = time.monotonic()
        until = time.monotonic() + _PATIENCE
        while contact not in self.at.withdrawn and time.monotonic() < until:
            await self._news(until)

    async def _news(self, until: float) -> None:
        """Wait for the next record of any kind."""
        self.gone.clear()
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self.gone.wait()
        except TimeoutError:
            return

    async def _wait(self, tasks: list["asyncio.Task[None]"]) -> None:
        """Wait for the last of them; who of us has failed ends the run."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and not any(task.done() for task in tasks):
            at = self.at
            if len(at.withdrawn.keys() & self.calls.keys()) == self.hangups and len(at.hopped) == self.hangups:
                break
            await self._news(min(until, time.monotonic() + 0.2))
        for task in tasks:
            if task.done():
                task.result()

    async def _post(self, url: str, door: str, form: dict[str, str]) -> int:
        idle = self.idle.setdefault(url, [])
        connection = idle.pop() if idle else await self.connections.enter_async_context(Connection(url))
        status, _ = await connection.call("POST", f"/webhooks/46elks/{door}", urlencode(form).encode(), _FORM)
        idle.append(connection)
        return status

    def _summary(self) -> dict[str, Any]:
        at = self.at
        return {
            "hangup_to_withdrawn_ms": quantiles(since(at.sent, at.withdrawn)),
            "hangup_to_answer_ms": quantiles(since(at.sent, at.answered)),
            "hangup_to_ended_ms": quantiles(since(at.sent, at.ended)),
            "baseline": {"hop_ms": quantiles(since(at.hop_sent, at.hopped))},
            "hangups": len(at.sent),
            "never_offered": len(self.calls) - len(at.sent),
            "lost": len(at.sent.keys() - at.withdrawn.keys()),
        }


async def work_off(agent: AgentClient) -> None:
    """Take what waits from before, until nothing is offered."""
    await agent.presence("ready")
    while (offer := await agent.pull(wait=0)) is not None:
        await take(agent, offer)


async def take(agent: AgentClient, offer: Json) -> None:
    """Take a contact that is none of ours, and be done with it."""
    with suppress(Taken):
        await agent.complete(await agent.accept(offer), None)


def _end(call_id: str) -> dict[str, str]:
    """Return what 46elks posts of a caller who has left while she waited."""
    return {"id": call_id, "callid": call_id, "state": "success", "start": "2026-11-30T12:00:00.000000"}


def since(sent: dict[str, float], moments: dict[str, float]) -> list[float]:
    return [(moments[each] - sent[each]) * 1e3 for each in sent if each in moments]


def quantiles(values: list[float]) -> dict[str, float]:
    names = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: quantile(values, share, 1) for name, share in names.items()}


if __name__ == "__main__":
    main()
