"""How long a rebuild takes: `python -m tests.bench.rebuild --contacts 100000`; the store is emptied under the router.

First in this process, reading and restoring apart; then the router process, until a pull is answered with an offer.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from typing import Any

import uvloop

from services.router.store.generation import Generation
from services.router.store.open import OpenContacts, read_open
from services.router.usecases.rebuild import Rebuild
from shared.records import OpenContact
from tests.bench.common import finish, flat, show
from tests.bench.routers import House, agents, house
from tests.bench.seats import Refused, Seat
from tests.bench.waking import arrival

_PATIENCE = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    asked = parser.parse_args()
    with house() as own:
        result = uvloop.run(measure(own, asked.contacts))
    show(f"{asked.contacts} open contacts", ("measure", "value"), flat(result))
    finish(result)


async def measure(own: House, count: int) -> dict[str, Any]:
    (agent,) = agents(1)
    await own.publish([agent])
    await own.publish(opened(count))
    read, restored, found = await apart(own)
    own.start_router()
    seat = Seat(own.url, own.token, agent.id)
    async with own.domain() as domain:
        await domain.plain.flushall()
        began = time.monotonic()
        while not await offered(seat):
            if time.monotonic() - began > _PATIENCE:
                raise SystemExit(f"no offer came; the router's log: {own.log}")
            await asyncio.sleep(0.05)
    seconds = time.monotonic() - began
    await seat.close()
    return {"answering_s": round(seconds, 2), "read_s": round(read, 2), "restore_s": round(restored, 2), "found": found}


async def apart(own: House) -> tuple[float, float, int]:
    """Return the seconds of reading, those of all else, and how many contacts were found."""
    read: list[float] = []
    found = 0

    async def reading() -> OpenContacts:
        nonlocal found
        began = time.monotonic()
        contacts = await read_open(own.settings)
        read.append(time.monotonic() - began)
        found = len(contacts.open)
        return contacts

    async with own.domain() as domain:
        began = time.monotonic()
        await Rebuild(domain, Generation(domain), reading).ensure()
        return read[0], time.monotonic() - began - read[0], found


async def offered(seat: Seat) -> bool:
    """Say whether the agent gets an offer; while the state is rebuilt she is refused."""
    try:
        await seat.present()
        return await seat.pull() is not None
    except Refused:
        return False


def opened(count: int) -> Iterator[OpenContact]:
    for _ in range(count):
        yield arrival().model_copy(update={"epoch": 1})


if __name__ == "__main__":
    main()
