"""Two router processes on one store, each SIGKILLed in turn under load: every contact reaches its end once."""

import asyncio
import os
import signal
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import cycle, pairwise
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local.part import free_ports
from deploy.local.running import Running, start
from shared.ids import new_id
from shared.vocabulary import Channel
from tests.bench.routers import House, agents, house
from tests.support.floor_day import received
from tests.support.parts import BACKEND

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(180),
    pytest.mark.skipif(BACKEND != "local", reason="kills processes, which a container hides"),
]
CONTACTS, AGENTS = 240, 8


class Pair:
    """Two processes that differ in port and name alone."""

    def __init__(self, own: House) -> None:
        self.own = own
        part = next(part for part in own.plan.services() if part.name == "router")
        ports = free_ports(2)
        self.urls = [f"http://127.0.0.1:{port}" for port in ports]
        self.parts = [
            replace(part, port=port, environment=part.environment | {"KC_PORT": str(port), "KC_INSTANCE": f"r{n}"})
            for n, port in enumerate(ports)
        ]
        self.running: list[Running] = []

    def begin(self, number: int) -> Running:
        made = start(self.parts[number], self.own.plan.root / "logs" / f"router-{number}.log")
        self.own.running.callback(made.kill)
        return made


class Hands:
    """An agent's requests: each is sent to one process after the other until one of them has answered."""

    def __init__(self, pair: Pair, http: httpx.AsyncClient, number: int) -> None:
        self.agent = f"agent-{number:04}"
        self._urls = cycle(pair.urls if number % 2 else reversed(pair.urls))
        self._http = http

    async def ask(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        async with asyncio.timeout(60):
            while True:
                with suppress(httpx.HTTPError):
                    answer = await self._http.request(method, f"{next(self._urls)}/api/v1{path}", json=body)
                    if answer.status_code < 500:
                        return answer
                await asyncio.sleep(0.05)


async def work(pair: Pair, number: int, done: Counter[str], over: asyncio.Event) -> None:
    """Pull, accept and complete."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {pair.own.token}"}, timeout=8) as http:
        hands = Hands(pair, http, number)
        while not over.is_set():
            await hands.ask("PUT", f"/agents/{hands.agent}/presence", {"presence": "ready"})
            answer = await hands.ask("POST", f"/agents/{hands.agent}/pull?wait=1", {})
            if answer.status_code == 200:
                await take(hands, answer.json(), done)


async def take(hands: Hands, offer: dict[str, Any], done: Counter[str]) -> None:
    accepted = await hands.ask("POST", f"/offers/{offer['offer_id']}/accept", {"epoch": offer["epoch"]})
    if accepted.status_code != 200:
        return
    body = {"epoch": accepted.json()["epoch"], "case_type": "ct"}
    ended = await hands.ask("POST", f"/contacts/{offer['contact_id']}/complete", body)
    if ended.status_code == 204:
        done[offer["contact_id"]] += 1


async def told(own: House) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return what is on `routing`, by contact, each event once."""
    consumer = AIOKafkaConsumer("routing", bootstrap_servers=own.settings.kafka, auto_offset_reset="earliest")
    await consumer.start()
    found: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    seen: set[str] = set()
    try:
        while batches := await consumer.getmany(timeout_ms=2000):
            for records in batches.values():
                for record in records:
                    said = {name: value.decode() for name, value in record.headers}
                    if said["ce_id"] not in seen:
                        seen.add(said["ce_id"])
                        found[record.key.decode()].append((said["ce_type"], orjson.loads(record.value)))
    finally:
        await consumer.stop()
    return found


async def reached(done: Counter[str], wanted: int, within: float) -> None:
    async with asyncio.timeout(within):
        while len(done) < wanted:  # noqa: ASYNC110 - counts what several tasks do
            await asyncio.sleep(0.02)


async def swap(pair: Pair, number: int) -> None:
    """One process is killed, and comes back under its name."""
    os.kill(pair.running[number].process.pid, signal.SIGKILL)
    await asyncio.to_thread(pair.running[number].process.wait)
    pair.running[number] = await asyncio.to_thread(pair.begin, number)


def longest_between_offers(story: dict[str, list[tuple[str, dict[str, Any]]]]) -> float:
    gaps = [0.0]
    for events in story.values():
        made = [datetime.fromisoformat(event["at"]) for kind, event in events if kind == "offer.made.v1"]
        gaps += [(later - earlier).total_seconds() for earlier, later in pairwise(made)]
    return max(gaps)


def test_two_processes_share_one_store_and_either_may_die():
    with house() as own:
        asyncio.run(_day(own))


async def _day(own: House) -> None:
    pair, done, over = Pair(own), Counter[str](), asyncio.Event()
    await own.publish(agents(AGENTS))
    pair.running = [await asyncio.to_thread(pair.begin, number) for number in range(2)]
    ids = [new_id() for _ in range(CONTACTS)]
    await own.publish(received(one, channel=Channel.EMAIL) for one in ids)
    working = [asyncio.create_task(work(pair, number, done, over)) for number in range(AGENTS)]
    try:
        await reached(done, 60, 60)
        await swap(pair, 0)
        await reached(done, 130, 60)
        await swap(pair, 1)
        await reached(done, CONTACTS - AGENTS, 60)
        async with asyncio.timeout(60):
            while len(await _open(pair)) > 0:  # noqa: ASYNC110 - asks the store
                await asyncio.sleep(0.2)
    finally:
        over.set()
        await asyncio.gather(*working, return_exceptions=True)
    story = await told(own)
    completed = Counter(key for key, events in story.items() for kind, _ in events if kind == "contact.completed.v1")
    assert completed == Counter(ids), "each contact reaches its end once"
    assert max(done.values()) == 1, "nobody ended one twice"
    print(f"two processes: longest between two offers of one contact {longest_between_offers(story):.1f} s")


async def _open(pair: Pair) -> list[str]:
    """Return the contacts that are not at their end."""
    async with pair.own.domain() as domain:
        names: list[Any] = await domain.plain.keys(domain.key("c:*"))
        states = [await domain.plain.hget(name, "state") for name in names]
    return [str(name) for name, state in zip(names, states, strict=True) if state != b"completed"]
