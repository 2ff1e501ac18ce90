"""Each service, then Kafka and Valkey, killed in turn in the middle of 500 contacts: nothing lost, nothing twice."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.demo.agents import AgentClient, Json, Taken
from deploy.demo.citizens import Citizens
from deploy.demo.messages import load
from deploy.demo.stack_info import StackInfo
from deploy.local.stack import Stack
from shared.topics import CONTACTS, ROUTING, Topic
from tests.support.parts import MailServer
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

TOTAL = 500
MAILS, FORMS, VISITS, CALLS = 120, 260, 60, 60
VICTIMS = ("intake", "router", "casework", "stats", "kafka", "valkey")
T = TypeVar("T")


async def persist(attempt: Callable[[], Awaitable[T]], within: float = 90) -> T:
    """Try until the door answers well, as a sender that retries does; what the door refuses for good is an error."""
    async with asyncio.timeout(within):
        while True:
            try:
                return await attempt()
            except httpx.HTTPStatusError as error:
                if error.response.status_code < 500:
                    raise
            except (httpx.TransportError, TimeoutError):
                pass
            await asyncio.sleep(0.2)


class Crowd:
    """500 contacts through four doors, each with its own idempotency key, a few at a time."""

    def __init__(self, citizens: Citizens, http: httpx.AsyncClient) -> None:
        self.citizens = citizens
        self.http = http
        self.sent = 0
        self._gate = asyncio.Semaphore(8)
        self._messages = load()

    async def send_all(self) -> None:
        plan = ["mail"] * MAILS + ["form"] * FORMS + ["visit"] * VISITS + ["call"] * CALLS
        random.Random(7).shuffle(plan)
        async with asyncio.TaskGroup() as tasks:
            for number, door in enumerate(plan):
                await self._gate.acquire()
                tasks.create_task(self._one(number, door))

    async def reached(self, count: int) -> None:
        await eventually(lambda: self.sent >= count, timeout=120)

    async def _one(self, number: int, door: str) -> None:
        message = self._messages[number * 2 % len(self._messages)]
        try:
            match door:
                case "mail":
                    await self.citizens.mail(message)
                case "form":
                    await persist(lambda: self.citizens.file_form(message, f"kill-{number}"))
                case "visit":
                    await persist(lambda: self.citizens.visit(message, f"kill-{number}"))
                case _:
                    await persist(lambda: self._call(number))
        finally:
            self._gate.release()
        self.sent += 1

    async def _call(self, number: int) -> None:
        form = {"callid": f"ckill{number:05d}", "direction": "incoming", "from": "+46701740690", "to": "+46846500400"}
        answer = await self.http.post(f"{self.citizens.stack.intake}/webhooks/46elks/voice", data=form)
        answer.raise_for_status()


class Worker:
    """An agent who goes on whatever happens around her; what lies on her desk after a crash she ends too."""

    def __init__(self, agent: AgentClient) -> None:
        self.agent = agent
        self.troubles: list[str] = []

    async def work(self) -> None:
        beat = asyncio.create_task(self._beat())
        try:
            while True:
                try:
                    await self._one()
                except (httpx.HTTPStatusError, TimeoutError, Taken) as error:
                    self.troubles.append(repr(error))
                    await self._clear_desk()
        finally:
            beat.cancel()

    async def _beat(self) -> None:
        while True:
            await persist(lambda: self.agent.presence("ready"))
            await asyncio.sleep(5)

    async def _one(self) -> None:
        offer = await persist(lambda: self.agent.pull(wait=5))
        if offer is None:
            await self._clear_desk()
            return
        await persist(lambda: self.agent.accept(offer))
        case = await persist(lambda: self.agent.case_of(offer["contact_id"], within=60))
        await persist(lambda: self._close(case["number"]))

    async def _clear_desk(self) -> None:
        """End the cases that stand on her desk: what she had accepted when the answer was lost."""
        hers = await persist(self._open_cases)
        for case in hers:
            await persist(partial(self._close, case["number"]))

    async def _open_cases(self) -> list[Json]:
        url = f"{self.agent.stack.casework}/api/v1/cases?state=open&limit=200"
        answer = await self.agent.http.get(url, headers=self.agent.stack.machine)
        answer.raise_for_status()
        return [case for case in answer.json()["items"] if case["agent_id"] == self.agent.agent]

    async def _close(self, number: str) -> None:
        if (await self.agent.case(number))["state"] == "open":
            await self.agent.close(number, {"resolution": "lost_av_kc"})


async def kill_in_turn(stack: Stack, crowd: Crowd) -> None:
    """Kill the next victim each time another share of the contacts has been sent, and start it again."""
    for number, victim in enumerate(VICTIMS):
        await crowd.reached((number + 1) * TOTAL // (len(VICTIMS) + 2))
        await asyncio.to_thread(stack.kill, victim)
        await asyncio.to_thread(stack.restart, victim)


async def log_of(info: StackInfo, topic: Topic) -> list[tuple[str, str, str, Json]]:
    """Return everything on a topic, in order per key: (key, type, event id, body)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=info.kafka)
    partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    consumer.assign(partitions)
    await consumer.start()
    found: list[tuple[str, str, str, Json]] = []
    try:
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [fact for record in records for fact in _read(record)]
    finally:
        await consumer.stop()
    return found


def _read(record: Any) -> Iterator[tuple[str, str, str, Json]]:
    """Yield the record, unless it is one of those that other tests made unreadable."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    try:
        yield record.key.decode(), headers["ce_type"], headers["ce_id"], json.loads(record.value)
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def two_at_once(routing: list[tuple[str, str, str, Json]]) -> list[str]:
    """Contacts that an agent took while another one had them."""
    holder: dict[str, str] = {}
    wrong = []
    seen: set[str] = set()
    for contact, kind, event_id, body in routing:
        if event_id in seen:
            continue
        seen.add(event_id)
        match kind:
            case "offer.accepted.v1":
                if holder.get(contact, body["agent_id"]) != body["agent_id"]:
                    wrong.append(contact)
                holder[contact] = body["agent_id"]
            case "contact.requeued.v1" | "contact.completed.v1":
                holder.pop(contact, None)
            case _:
                pass
    return wrong


@asynccontextmanager
async def at_work(info: StackInfo, http: httpx.AsyncClient) -> AsyncIterator[list[Worker]]:
    """Every seeded agent works until the block ends."""
    workers = [Worker(AgentClient(info, http, agent)) for agent in info.agents]
    shifts = [asyncio.create_task(worker.work()) for worker in workers]
    try:
        yield workers
    finally:
        for shift in shifts:
            shift.cancel()
        await asyncio.gather(*shifts, return_exceptions=True)


async def all_ended(database: asyncpg.Connection, before: set[str]) -> bool:
    rows = await database.fetch("SELECT contact_id::text, state FROM casework.cases")
    ours = {row["contact_id"]: row["state"] for row in rows if row["contact_id"] not in before}
    assert len(ours) == TOTAL, f"{len(ours)} cases"
    assert set(ours.values()) == {"closed"}, Counter(ours.values())
    return True


async def nothing_held(workers: list[Worker]) -> bool:
    used = [(await worker.agent.presence("ready"))["used"] for worker in workers]
    assert used == [0] * len(workers), used
    return True


async def received(info: StackInfo) -> set[str]:
    return {key for key, kind, _, _ in await log_of(info, CONTACTS) if kind == "contact.received.v1"}


async def test_nothing_is_lost_or_doubled_whatever_is_killed(stack, info, http, citizens, mailboxes: MailServer):
    database = await asyncpg.connect(info.postgres)
    before = {row["contact_id"] for row in await database.fetch("SELECT contact_id::text FROM casework.cases")}
    known = await received(info)
    citizens.who = "kill"
    crowd = Crowd(citizens, http)
    async with at_work(info, http) as workers:
        await asyncio.gather(crowd.send_all(), kill_in_turn(stack, crowd))
        await eventually(lambda: all_ended(database, before), timeout=150, every=1)
        await eventually(lambda: nothing_held(workers), timeout=60, every=0.5)
    assert len(await received(info) - known) == TOTAL
    assert two_at_once(await log_of(info, ROUTING)) == []
    await receipts_came_once(citizens, mailboxes)
    await database.close()


async def receipts_came_once(citizens: Citizens, mailboxes: MailServer) -> None:
    """No citizen has two receipts for one contact; nearly all have one (at most once: marked before it is sent)."""
    counts: list[int] = []
    for number in range(1, next(citizens._serial)):
        mails = await mailboxes.fetch(citizens.address(number))
        counts.append(sum(mail["Auto-Submitted"] == "auto-replied" for mail in mails))
    assert max(counts) <= 1, Counter(counts)
