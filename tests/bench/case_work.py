"""Opening cases from Kafka, working them by HTTP, and the way of an event from its commit to Kafka."""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.casework.store.tables import outbox as outbox_table
from shared import outbox as box
from shared.events import CaseOpened, CaseStepDone, ChecklistRef, ContactReceived, Sender
from shared.ids import new_id
from shared.publish import message
from shared.vocabulary import Channel
from tests.bench.case_data import Town, said
from tests.bench.case_house import CaseHouse
from tests.bench.common import quantile
from tests.bench.http import Connection
from tests.bench.log import Log

_PATIENCE = 60.0
_AT_ONCE = 8
_OUTBOX_RATE = 200
_WARM = 10
"""Deeds of each kind that are not counted: a process that has just started compiles what it says."""
_DEEDS = {"reply": "svar", "handover": "lämnat över", "close": "avslutat"}


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of contacts that lay in Kafka."""

    per_second: float
    lost: int
    contacts: list[str]


def _arrivals(town: Town, count: int, number: int) -> list[ContactReceived]:
    rng, texts = random.Random(number), said()
    found = []
    for at in range(count):
        person, text = rng.choice(town.people), rng.choice(texts)
        found.append(
            ContactReceived(
                contact_id=new_id(),
                channel=Channel.EMAIL if at % 3 else Channel.E_SERVICE,
                entrance="kontakt-mejl" if at % 3 else "formular-kontakt",
                unit="kontaktcenter",
                received_at=datetime.now(UTC),
                person_key=person.key,
                sender=Sender(name=person.name, email=f"{number}.{at}.{person.email}", phone=person.phone),
                subject=text["subject"],
                text=f"{text['text']}\n\n{person.street}\n{person.name}",
                message_id=f"<{number}.{at}@medborgare.example>",
            )
        )
    return found


async def opening(own: CaseHouse, town: Town, count: int, number: int) -> Opened:
    """Let contacts lie in Kafka, start casework, and return how fast their cases were opened."""
    contacts = _arrivals(town, count, number)
    await own.publish(contacts)
    log = Log(own.settings.kafka, "cases")
    await log.open()
    moments: dict[str, int] = {}

    def note(record: Any, _: bytes) -> None:
        moments.setdefault(json.loads(record.value)["contact_id"], record.timestamp)

    wanted = {one.contact_id for one in contacts}
    await asyncio.to_thread(own.start)
    last, before = time.monotonic(), 0
    while len(moments) < len(wanted) and time.monotonic() - last < _PATIENCE:
        await log.each(CaseOpened.event_type, note)
        if len(moments) > before:
            last, before = time.monotonic(), len(moments)
    await log.close()
    times = sorted(moments[one] for one in wanted if one in moments)
    if len(times) < 2:
        raise SystemExit(f"no case was opened; casework's log: {own.log}")
    first = len(times) // 10
    span = max(1, times[-1] - times[first]) / 1e3
    return Opened(round((len(times) - first) / span, 1), count - len(times), [one.contact_id for one in contacts])


async def deeds(own: CaseHouse, contacts: Sequence[str], rate: float) -> dict[str, Any]:
    """Work on cases at a steady rate: a reply on each, then every second is closed, every other handed over."""
    spent: dict[str, list[float]] = {name: [] for name in _DEEDS}
    async with own.connections(_AT_ONCE) as connections:
        numbers = [await _number(connections[0], one) for one in contacts]
        plan = [("reply", number) for number in numbers]
        plan += [("close" if at % 2 else "handover", number) for at, number in enumerate(numbers)]
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for one in connections:
            free.put_nowait(one)
        began, waiting = time.perf_counter(), []
        for at, (name, number) in enumerate(plan):
            await asyncio.sleep(max(0.0, began + at / rate - time.perf_counter()))
            waiting.append(asyncio.create_task(_deed(free, name, number, spent)))
        await asyncio.gather(*waiting)
    return {
        f"{name}_ms": {"p50": quantile(times, 0.5, 1), "p95": quantile(times, 0.95, 1)} for name, times in spent.items()
    }


async def _number(connection: Connection, contact: str) -> str:
    status, found = await connection.json("GET", f"/api/v1/cases?contact_id={contact}")
    if status != 200 or not found["items"]:
        raise SystemExit(f"the case of {contact} is not there: {status}")
    return str(found["items"][0]["number"])


async def _deed(free: "asyncio.Queue[Connection]", name: str, number: str, spent: dict[str, list[float]]) -> None:
    bodies = {
        "reply": {"text": "Hej! Vi har tagit emot det och återkommer i veckan."},
        "close": {"resolution": "lost_av_kc", "text": "Nu är det klart."},
        "handover": {"request_id": new_id(), "to": "gata-och-park", "message": "Ni tar det härifrån."},
    }
    connection = await free.get()
    try:
        began = time.perf_counter()
        path = f"/api/v1/cases/{number}/{name}"
        status, raw = await connection.call(
            "POST", path, json.dumps(bodies[name]).encode(), f"Idempotency-Key: {new_id()}\r\n"
        )
        spent[name].append((time.perf_counter() - began) * 1e3)
    finally:
        free.put_nowait(connection)
    if status >= 300:
        raise SystemExit(f"{name} {number}: {status} {raw[:300]!r}")


async def outbox(own: CaseHouse, engine: AsyncEngine, count: int) -> dict[str, float]:
    """Commit events at 200 a second, each in a transaction of its own; return when they were in a consumer's hands."""
    log = Log(own.settings.kafka, "cases")
    await log.open()
    committed: dict[bytes, float] = {}
    seen: dict[bytes, float] = {}

    def note(_: Any, one: bytes) -> None:
        seen.setdefault(one, time.perf_counter())

    writing = asyncio.create_task(_write(engine, count, committed))
    last = time.monotonic()
    while len(seen) < count and time.monotonic() - last < _PATIENCE:
        before = len(seen)
        await log.each(CaseStepDone.event_type, note)
        if len(seen) > before:
            last = time.monotonic()
    await writing
    await log.close()
    spent = [(seen[one] - at) * 1e3 for one, at in committed.items() if one in seen]
    return {"p50": quantile(spent, 0.5, 1), "p99": quantile(spent, 0.99, 1), "lost": count - len(spent)}


async def _write(engine: AsyncEngine, count: int, committed: dict[bytes, float]) -> None:
    began = time.perf_counter()
    for at in range(count):
        await asyncio.sleep(max(0.0, began + at / _OUTBOX_RATE - time.perf_counter()))
        event = CaseStepDone(
            case_id=f"bench-{at % 50}",
            case_number="KC-2026-000001",
            checklist=ChecklistRef(id="bench", version=1),
            step="s1",
            by="agent-bench",
            at=datetime.now(UTC),
        )
        made = message(event)
        async with engine.begin() as conn:
            await box.add(conn, outbox_table, made)
        committed[made.id.encode()] = time.perf_counter()
