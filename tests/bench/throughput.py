"""How many contacts a second go all the way: `python -m tests.bench.throughput --seconds 60` against the local stack.

Signed `POST /webhooks/forms` without an applicant, nobody pulling; a contact counts when its `contact.routed` is in
Kafka and its case is open. The clock runs from the first request until the last of both, the drain included.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from shared.events import CaseOpened, ContactRouted
from tests.bench.common import STACK, Stack, finish, quantile, show
from tests.bench.cost import SERVICES, Snapshot, spent
from tests.bench.forms import Sender
from tests.bench.http import Connection
from tests.bench.log import Log, Seen
from tests.bench.plain import plain_loop

_PLAIN_RECORDS = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=32, help="requests in flight")
    parser.add_argument(
        "--rate", type=float, default=0, help="contacts a second at most; 0 is as fast as they are taken"
    )
    parser.add_argument("--patience", type=float, default=30, help="seconds without progress before a contact is lost")
    parser.add_argument("--repeat", type=int, default=1, help="runs; the median by contacts_per_s is reported")
    parser.add_argument("--stack", type=Path, default=STACK)
    asked = parser.parse_args()
    stack = Stack.read(asked.stack)
    runs = [uvloop.run(Throughput(stack, asked).run()) for _ in range(asked.repeat)]
    result = sorted(runs, key=lambda run: run["contacts_per_s"])[len(runs) // 2]
    show_costs(result)
    finish(result)


@dataclass
class Sent:
    """What the doors took: contact ids, milliseconds each, and how many they refused."""

    contacts: list[str]
    each_ms: list[float]
    refused: int = 0


@dataclass
class Throughput:
    """One run."""

    stack: Stack
    asked: argparse.Namespace

    async def run(self) -> dict[str, Any]:
        sender = Sender(self.stack["webhook_secret"], f"bench-{time.time_ns()}")
        await self._warm(sender)
        routing, cases = Log(self.stack["kafka"], "routing"), Log(self.stack["kafka"], "cases")
        await asyncio.gather(routing.open(), cases.open())
        before, started = Snapshot.of(self.asked.stack.parent), time.time()
        sent = await self._send(sender)
        taken = time.time() - started
        routed, opened = await asyncio.gather(
            routing.gather(ContactRouted.event_type, sent.contacts, patience=self.asked.patience),
            cases.gather(CaseOpened.event_type, sent.contacts, patience=self.asked.patience, of=contact_of),
        )
        after = Snapshot.of(self.asked.stack.parent)
        await asyncio.gather(routing.close(), cases.close())
        rows = await self._rows(sent.contacts)
        plain = await plain_loop(self.stack["kafka"], "contacts", min(_PLAIN_RECORDS, len(sent.contacts)))
        return summary(sent, routed, opened, rows, Clock(started, taken, before, after, plain))

    async def _warm(self, sender: Sender) -> None:
        """Send a few that do not count, so that connections and caches are there."""
        async with Connection(self.stack["intake"]) as connection:
            for submission, body in sender.bodies(20, start=10_000_000):
                if await sender.post(connection, submission, body) is None:
                    raise SystemExit("the stack does not take signed forms")

    async def _send(self, sender: Sender) -> Sent:
        sent = Sent([], [])
        until = time.monotonic() + self.asked.seconds
        bodies = sender.bodies(10_000_000)
        await asyncio.gather(*(self._keep(sender, bodies, sent, until) for _ in range(self.asked.connections)))
        return sent

    async def _keep(self, sender: Sender, bodies: Iterator[tuple[str, bytes]], sent: Sent, until: float) -> None:
        """Send one after the other on one connection until time is up."""
        pause = self.asked.connections / self.asked.rate if self.asked.rate else 0.0
        async with Connection(self.stack["intake"]) as connection:
            while (started := time.monotonic()) < until:
                contact = await sender.post(connection, *next(bodies))
                sent.each_ms.append((time.monotonic() - started) * 1e3)
                if contact is None:
                    sent.refused += 1
                else:
                    sent.contacts.append(contact)
                if pause:
                    await asyncio.sleep(max(0.0, started + pause - time.monotonic()))

    async def _rows(self, contacts: Sequence[str]) -> int:
        """Count the cases of these contacts in casework's own tables."""
        connection = await asyncpg.connect(self.stack["postgres"])
        try:
            asked = "SELECT count(*) FROM casework.cases WHERE contact_id = ANY($1::text[])"
            return int(await connection.fetchval(asked, list(contacts)))
        finally:
            await connection.close()


def contact_of(record: Any) -> str:
    return str(json.loads(record.value)["contact_id"])


@dataclass(frozen=True)
class Clock:
    """When a run began, how long the doors took contacts, what it cost, and the yardstick beside it."""

    started: float
    taken: float
    before: Snapshot
    after: Snapshot
    plain: float


def summary(sent: Sent, routed: Seen, opened: Seen, rows: int, clock: Clock) -> dict[str, Any]:
    count = len(sent.contacts)
    last = max([*routed.first_ms.values(), *opened.first_ms.values(), 0]) / 1e3
    whole = max(last - clock.started, clock.taken)
    complete = len(routed.ids.keys() & opened.ids.keys())
    used = spent(clock.before, clock.after)
    extra = sum(len(ids) - 1 for seen in (routed, opened) for ids in seen.ids.values())
    rate = complete / whole if whole else 0.0
    return {
        "contacts_per_s": round(rate, 1),
        "sent": count,
        "refused": sent.refused,
        "routed": len(routed.ids),
        "cases": rows,
        "lost": count - min(complete, rows),
        "duplicates": extra,
        "drain_s": round(whole - clock.taken, 1),
        "webhook_ms": {"p50": quantile(sent.each_ms, 0.5, 1), "p99": quantile(sent.each_ms, 0.99, 1)},
        "rss_mb": {name: [round(at.rss_mb.get(name, 0)) for at in (clock.before, clock.after)] for name in SERVICES},
        "cpu_ms_per_contact": {name: round(seconds * 1e3 / max(count, 1), 2) for name, seconds in used.items()},
        "plain_loop_per_s": round(clock.plain),
        "share_of_plain_loop": round(rate / clock.plain, 4) if clock.plain else None,
    }


def show_costs(result: dict[str, Any]) -> None:
    costs, memory = result["cpu_ms_per_contact"], result["rss_mb"]
    rows = [(name, cost, *memory.get(name, ("", ""))) for name, cost in costs.items()]
    rows.append(("all", round(sum(costs.values()), 2), "", ""))
    show("Cost", ("part", "CPU ms a contact", "MB at start", "MB at end"), rows)
    names = (
        "contacts_per_s",
        "sent",
        "refused",
        "routed",
        "cases",
        "lost",
        "duplicates",
        "drain_s",
        "plain_loop_per_s",
    )
    show(
        "Contacts from the form's door to an open case", ("measure", "value"), [(name, result[name]) for name in names]
    )


if __name__ == "__main__":
    main()
