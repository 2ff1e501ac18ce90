"""How soon a called ticket is on the screen: `python -m tests.bench.callup --calls 50` against the local stack.

Each visitor is registered at the default desk, taken by the stack's first agents as the router offers her, and timed
from the first byte of *accept* at the router's door until her ticket stands in what the screen's stream sent. What
waits from before is worked off first, outside the measurement.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.bench.common import STACK, Stack, finish, quantile, show

_PATIENCE = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--stack", type=Path, default=STACK)
    asked = parser.parse_args()
    result = asyncio.run(CallUp(Stack.read(asked.stack)).run(asked.calls))
    told = result["accept_to_screen_ms"]
    show(
        f"{result['called']} call-ups, milliseconds",
        ("from accept at the router's door", "p50", "p95", "max"),
        [("to the ticket on the screen's stream", told["p50"], told["p95"], told["max"])],
    )
    finish(result)


@dataclass(frozen=True, slots=True)
class Taken:
    """A contact in the agent's hands, and when accepting it began."""

    contact_id: str
    epoch: int
    began: float


@dataclass
class CallUp:
    """One run."""

    stack: Stack
    seen: dict[str, float] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, calls: int) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.stack['token']}"}
        async with httpx.AsyncClient(headers=headers, timeout=_PATIENCE) as http:
            await self._present(http, "ready")
            while (taken := await self._take(http, wait=0)) is not None:
                await self._complete(http, taken)
            found = (await http.get(f"{self.stack['casework']}/api/v1/entrances")).json()["items"]
            desk = next(one["id"] for one in found if one["kind"] == "desk")
            watching = asyncio.create_task(self._watch(http, desk))
            try:
                times = [await self._call(http, desk, number) for number in range(calls)]
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await self._present(http, "offline")
        kept = [one * 1e3 for one in times if one is not None]
        if not kept:
            raise SystemExit("no ticket reached the screen")
        quantiles = {"p50": quantile(kept, 0.5, 1), "p95": quantile(kept, 0.95, 1), "max": round(max(kept), 1)}
        return {"called": len(kept), "missing": calls - len(kept), "accept_to_screen_ms": quantiles}

    async def _watch(self, http: httpx.AsyncClient, desk: str) -> None:
        """Note when each ticket first stands in what the screen is sent."""
        address = f"{self.stack['intake']}/waiting-room/live?desk={desk}"
        async with http.stream("GET", address, timeout=httpx.Timeout(_PATIENCE, read=None)) as answer:
            async for line in answer.aiter_lines():
                for part in line.split('data-call="')[1:]:
                    self.seen.setdefault(part.partition(" ")[0], time.monotonic())
                self.news.set()

    async def _call(self, http: httpx.AsyncClient, desk: str, number: int) -> float | None:
        """Register, take, and wait for the ticket; seconds from accept to the screen, None when it never came."""
        await self._present(http, "ready")
        body = {"entrance": desk, "matter": f"Mätning {number}"}
        ticket = (await http.post(f"{self.stack['intake']}/api/v1/visits", json=body)).json()["ticket"]
        taken = await self._take(http, wait=int(_PATIENCE) - 1)
        if taken is None:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                while ticket not in self.seen:
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return None
        finally:
            await self._complete(http, taken)
        return self.seen[ticket] - taken.began

    async def _take(self, http: httpx.AsyncClient, *, wait: int) -> Taken | None:
        offered = await http.post(f"{self._agent}/pull?wait={wait}", json={})
        if offered.status_code != 200:
            return None
        offer, began = offered.json(), time.monotonic()
        address = f"{self.stack['router']}/api/v1/offers/{offer['offer_id']}/accept"
        mine = await http.post(address, json={"epoch": offer["epoch"]})
        return Taken(offer["contact_id"], mine.json()["epoch"], began) if mine.status_code == 200 else None

    async def _complete(self, http: httpx.AsyncClient, taken: Taken) -> None:
        address = f"{self.stack['router']}/api/v1/contacts/{taken.contact_id}/complete"
        await http.post(address, json={"epoch": taken.epoch, "case_type": ""})

    async def _present(self, http: httpx.AsyncClient, presence: str) -> None:
        await http.put(f"{self._agent}/presence", json={"presence": presence})

    @property
    def _agent(self) -> str:
        return f"{self.stack['router']}/api/v1/agents/{self.stack['agents'][0]}"


if __name__ == "__main__":
    main()
