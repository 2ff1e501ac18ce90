"""Callers who wait at once on one intake process: `python -m tests.bench.callers --callers 200` on the local stack.

Each is a call of our simulator of 46elks that asks again whenever its piece of hold sound has been played; then a few
agents take them all, in the order in which they rang: each is connected, hangs up, and is done. The baseline is the
same crowd, ringing an asyncio server that answers every question with the same hold sound and knows nothing.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import uvloop

from deploy.demo.agents import AgentClient
from deploy.demo.stack_info import StackInfo
from deploy.local.part import HOST, free_ports
from shared.ids import natural_contact_id
from tests.bench.common import STACK, Stack, finish, flat, quantile, show
from tests.support.elks_call import ElksCall
from tests.support.elks_simulator import ElksSimulator

NUMBER = "+46846500400"
RINGS_PER_SECOND = 40
AGENTS = 6
PATIENCE = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60, help="how long all of them wait together")
    parser.add_argument("--speed", type=float, default=1, help="seconds of hold sound that are played in one")
    parser.add_argument("--stack", type=Path, default=STACK)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        uvloop.run(serve(asked.serve))
        return
    crowd = Crowd(Stack.read(asked.stack), asked.callers, asked.seconds, asked.speed)
    result = uvloop.run(crowd.run())
    show(f"{asked.callers} callers waiting", ("measure", "value"), flat(result))
    finish(result)


@dataclass
class Crowd:
    """One run."""

    stack: Stack
    callers: int
    seconds: float
    speed: float
    taken: list[str] = field(default_factory=list)
    """Contacts in the order in which agents were offered them."""
    accepted: dict[str, float] = field(default_factory=dict)

    async def run(self) -> dict[str, Any]:
        info = StackInfo.of(dict(self.stack.facts))
        await self._empty(info)
        process = listener(int(info.intake.rsplit(":", 1)[1]))
        idle = rss(process)
        door = f"{info.intake}/webhooks/46elks/voice"
        async with ElksSimulator(voice_start=door, speed=self.speed) as elks:
            calls = await self._ring(elks)
            await asyncio.sleep(self.seconds)
            waiting, turns = rss(process), seconds_of(calls, first=False)
            await self._take(info, {natural_contact_id("call", call.id): call for call in calls})
            connected = [each for each in (self._connected(call) for call in calls) if each is not None]
        order = [natural_contact_id("call", call.id) for call in calls if self._connected(call) is not None]
        return {
            "callers": self.callers,
            "turns": len(turns),
            "ring_ms": quantiles(seconds_of(calls, first=True)),
            "turn_ms": quantiles(turns),
            "baseline": {"turn_ms": quantiles(await self._baseline())},
            "accept_to_connect_s": quantiles(connected, unit=1.0),
            "rss_mb": {"idle": mb(idle), "waiting": mb(waiting)},
            "kb_per_caller": round((waiting - idle) / self.callers / 1e3, 1),
            "lost": self.callers - len(connected),
            "out_of_place": max((abs(self.taken.index(one) - n) for n, one in enumerate(order)), default=0),
        }

    async def _ring(self, elks: ElksSimulator) -> list[ElksCall]:
        """Let them ring one after the other, each answered before the next so that their order is known."""
        calls = []
        for _ in range(self.callers):
            call = elks.ring(NUMBER)
            calls.append(call)
            await call.hears("play", within=30)
            await asyncio.sleep(1 / RINGS_PER_SECOND)
        return calls

    async def _empty(self, info: StackInfo) -> None:
        async with httpx.AsyncClient(timeout=30) as http:
            found = (await http.get(f"{info.router}/api/v1/queues", headers=info.machine)).json()["items"]
        if any(queue["waiting"] for queue in found):
            sys.exit("somebody waits already: `make reset` first")

    async def _take(self, info: StackInfo, calls: Mapping[str, ElksCall]) -> None:
        """Let agents take everybody, each call until its caller has been connected and has hung up."""
        async with httpx.AsyncClient(timeout=40) as http:
            team = [AgentClient(info, http, name) for name in info.agents[:AGENTS]]
            try:
                async with asyncio.timeout(PATIENCE):
                    await asyncio.gather(*(self._work(agent, calls) for agent in team))
            except TimeoutError:
                print("some were never taken", file=sys.stderr)
            finally:
                await asyncio.gather(*(agent.presence("offline") for agent in team))

    async def _work(self, agent: AgentClient, calls: Mapping[str, ElksCall]) -> None:
        while len(self.taken) < len(calls):
            await agent.presence("ready")
            offer = await agent.pull(wait=1)
            if offer is None:
                continue
            contact = offer["contact_id"]
            self.taken.append(contact)
            accepted = await agent.accept(offer)
            self.accepted[contact] = time.monotonic()
            await calls[contact].hears("connect")
            calls[contact].hang_up()
            await calls[contact].over()
            await agent.complete(accepted, None)

    def _connected(self, call: ElksCall) -> float | None:
        """Return the seconds from accept to the turn that rings the agent; None when there was none."""
        accepted = self.accepted.get(natural_contact_id("call", call.id))
        rung = next((step.at for step in call.steps if step.verb == "connect"), None)
        return None if accepted is None or rung is None else rung - accepted

    async def _baseline(self) -> list[float]:
        async with plain_door() as door, ElksSimulator(voice_start=door, speed=self.speed) as elks:
            calls = await self._ring(elks)
            await asyncio.sleep(min(self.seconds, 30))
            return seconds_of(calls, first=False)


def seconds_of(calls: Sequence[ElksCall], *, first: bool) -> list[float]:
    """Return how long our door took for each ring, or for each turn after it."""
    told = [call.told[:1] if first else call.told[1:] for call in calls]
    return [each for one in itertools.chain.from_iterable(told) for each in one.seconds]


def quantiles(values: Sequence[float], unit: float = 1e3) -> dict[str, float]:
    scaled = [value * unit for value in values]
    return {"p50": quantile(scaled, 0.5, 2), "p99": quantile(scaled, 0.99, 2)}


def listener(port: int) -> psutil.Process:
    """Return the process that listens on a port of this machine."""
    for found in psutil.net_connections("tcp"):
        if found.status == psutil.CONN_LISTEN and found.laddr.port == port and found.pid:
            return psutil.Process(found.pid)
    sys.exit(f"nothing listens on {port}")


def rss(process: psutil.Process) -> int:
    return int(process.memory_info().rss)


def mb(size: int) -> float:
    return round(size / 1e6, 1)


@asynccontextmanager
async def plain_door() -> AsyncIterator[str]:
    """Run the baseline in a process of its own."""
    [port] = free_ports(1)
    words = [sys.executable, "-m", "tests.bench.callers", "--serve", str(port)]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    await asyncio.wait_for(process.stdout.readline(), 30)
    try:
        yield f"http://{HOST}:{port}/voice"
    finally:
        process.kill()
        await process.wait()


async def serve(port: int) -> None:
    """Answer every question with a piece of hold sound."""
    action = {"play": "https://example.se/hold.wav", "skippable": False, "next": f"http://{HOST}:{port}/next"}
    body = json.dumps(action).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
                length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
                await reader.readexactly(length)
                writer.write(head.encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, HOST, port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    main()
