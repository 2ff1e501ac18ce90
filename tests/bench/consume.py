"""Contacts a second of the router's consumer: `python -m tests.bench.consume --contacts 30000`.

The contacts lie in Kafka before the process starts: matching on texts of 20 words, store, relay. The rate is that of
the last nine tenths of `contact.queued` by their time of writing, so that the start of the process is outside.
"""

import argparse
import time
from typing import Any

import uvloop

from shared.events import ContactQueued
from tests.bench.arrivals import arrivals
from tests.bench.common import finish, flat, show
from tests.bench.log import Log
from tests.bench.plain import plain_loop
from tests.bench.routers import House, catalogue, cpu, house

_PATIENCE = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=30_000)
    parser.add_argument("--words", type=int, default=20)
    asked = parser.parse_args()
    with house() as own:
        result = uvloop.run(measure(own, asked))
    show(f"{asked.contacts} contacts of {asked.words} words", ("measure", "value"), flat(result))
    finish(result)


async def measure(own: House, asked: argparse.Namespace) -> dict[str, Any]:
    await own.publish(catalogue())
    own.start_router()
    own.wait_for_model()
    own.stop_router()
    contacts = list(arrivals(asked.contacts, asked.words))
    await own.publish(contacts)
    log = Log(own.settings.kafka, "routing")
    await log.open()
    began = time.time()
    process = own.start_router()
    ready = time.time() - began
    keys = [contact.contact_id for contact in contacts]
    seen = await log.gather(ContactQueued.event_type, keys, patience=_PATIENCE)
    used = cpu(process)
    await log.close()
    moments = sorted(seen.first_ms.values())
    if len(moments) < 2:
        raise SystemExit(f"nothing was queued; the router's log: {own.log}")
    first = len(moments) // 10
    span = max(1, moments[-1] - moments[first]) / 1e3
    own.stop_router()
    plain = await plain_loop(own.settings.kafka, "contacts", asked.contacts)
    return {
        "contacts_per_s": round((len(moments) - first) / span, 1),
        "queued": len(moments),
        "lost": asked.contacts - len(moments),
        "duplicates": seen.records - len(moments),
        "ready_s": round(ready, 2),
        "all_s": round(moments[-1] / 1e3 - began, 2),
        "router_ms_per_contact": round(used * 1e3 / asked.contacts, 3),
        "baseline": {"plain_loop_per_s": round(plain)},
    }


if __name__ == "__main__":
    main()
