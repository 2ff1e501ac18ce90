"""From enqueue to the answer of a waiting pull: `python -m tests.bench.waking --agents 100 --contacts 500`.

The contact is put into the store as the router's consumer does it; the clock stops when the long poll is answered.
Then the herd: many idle agents wait, one contact comes, and who is woken is counted.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import uvloop

from services.router.store.domain import Domain
from services.router.store.rows import enqueue_row
from shared.ids import new_id
from shared.records import OpenContact
from shared.vocabulary import Channel, ContactState, Priority
from tests.bench.common import finish, flat, quantile, show
from tests.bench.routers import House, agents, house
from tests.bench.seats import Seat, seated

_PATIENCE = 30.0
_LISTEN_SECONDS = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--contacts", type=int, default=500)
    parser.add_argument("--rate", type=float, default=20, help="contacts a second")
    parser.add_argument("--herd", type=int, default=1_000, help="idle agents of the second part")
    parser.add_argument("--times", type=int, default=10, help="contacts of the second part, one after the other")
    asked = parser.parse_args()
    with house() as own:
        result = uvloop.run(measure(own, asked))
    show(f"{asked.agents} agents waiting", ("measure", "value"), flat(result))
    finish(result)


async def measure(own: House, asked: argparse.Namespace) -> dict[str, Any]:
    names = [agent.id for agent in agents(max(asked.agents, asked.herd))]
    await own.publish(agents(len(names)))
    own.start_router()
    async with own.domain() as domain:
        async with seated(own.url, own.token, names[: asked.agents]) as seats:
            ms = await wakings(domain, seats, asked)
        async with seated(own.url, own.token, names[: asked.herd]) as seats:
            woken, answered = await herd(domain, seats, asked.times)
    return {
        "p50_ms": quantile(ms, 0.5, 2),
        "p99_ms": quantile(ms, 0.99, 2),
        "contacts": len(ms),
        "herd": {"agents": asked.herd, "woken_most": max(woken), "answered_most": max(answered)},
    }


async def wakings(domain: Domain, seats: Sequence[Seat], asked: argparse.Namespace) -> list[float]:
    """Return the milliseconds of each contact."""
    came: dict[str, float] = {}
    ms: list[float] = []

    async def work(seat: Seat) -> None:
        while True:
            offer = await seat.pull(25)
            if offer is not None:
                ms.append((time.perf_counter() - came[offer["contact_id"]]) * 1e3)
                await seat.complete(await seat.accept(offer))

    working = [asyncio.create_task(work(seat)) for seat in seats]
    await all_wait(domain, len(seats))
    began = time.perf_counter()
    for number in range(asked.contacts):
        await asyncio.sleep(max(0.0, began + number / asked.rate - time.perf_counter()))
        contact = arrival()
        came[contact.contact_id] = time.perf_counter()
        await domain.call("enqueue", *enqueue_row(contact, None))
    until = time.monotonic() + _PATIENCE
    while len(ms) < asked.contacts and time.monotonic() < until:  # noqa: ASYNC110 - what is waited for happens elsewhere
        await asyncio.sleep(0.02)
    await ended(working)
    return ms


async def herd(domain: Domain, seats: Sequence[Seat], times: int) -> tuple[list[int], list[int]]:
    """Return for each contact how many agents the store woke, and how many long polls were answered."""
    woken, answered = [], []
    async with domain.plain.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(domain.key("wake"))
        for _ in range(times):
            pulls = {asyncio.create_task(seat.pull(25)): seat for seat in seats}
            await all_wait(domain, len(seats))
            await domain.call("enqueue", *enqueue_row(arrival(), None))
            woken.append(await heard(channel))
            done = [task for task in pulls if task.done()]
            answered.append(len(done))
            for task in done:
                if offer := task.result():
                    await pulls[task].complete(await pulls[task].accept(offer))
            await ended([task for task in pulls if not task.done()])
            await all_wait(domain, 0)
    return woken, answered


async def heard(channel: Any) -> int:
    count, until = 0, time.monotonic() + _LISTEN_SECONDS
    while (left := until - time.monotonic()) > 0:
        count += await channel.get_message(timeout=left) is not None
    return count


async def all_wait(domain: Domain, wanted: int) -> None:
    """Return when so many agents sit on the benches."""
    until = time.monotonic() + _PATIENCE
    while await sitting(domain) != wanted:
        if time.monotonic() > until:
            raise SystemExit(f"{await sitting(domain)} agents wait instead of {wanted}")
        await asyncio.sleep(0.05)


async def sitting(domain: Domain) -> int:
    benches: Any = await domain.plain.zrange(domain.key("benches"), 0, -1)
    return sum([await domain.plain.zcard(domain.key("wa:").encode() + bench) for bench in benches])


async def ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def arrival() -> OpenContact:
    return OpenContact(
        contact_id=new_id(),
        state=ContactState.WAITING,
        epoch=0,
        channel=Channel.EMAIL,
        entrance="kontakt-mejl",
        unit="kontaktcenter",
        queue="kontaktcenter",
        priority=Priority.NORMAL,
        received_at=datetime.now(UTC),
    )


if __name__ == "__main__":
    main()
