"""Matches a second on Valkey alone, and what one pull costs with few and with many: `python -m tests.bench.matches`.

Functions are called as the router calls them, in four pipelines of 100 at once; agents and contacts are spread over the
catalogue's units, the channels and several skills, and no two agents have the same profile. What the out-stream holds
is thrown away: nobody relays here.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

import uvloop

from services.router.domain.skills import Terms, profile_of
from services.router.store.domain import Domain
from services.router.store.generation import Generation
from services.router.store.open import OpenContacts
from services.router.store.queues import Queues
from services.router.store.rows import enqueue_row
from services.router.store.watermark import Watermark
from services.router.usecases.rebuild import Rebuild
from shared.records import OpenContact, UnitRecord
from shared.vocabulary import Channel, Presence, Priority
from tests.bench.common import finish, flat, quantile, show
from tests.bench.routers import catalogue, house
from tests.bench.waking import arrival

_BATCH = 100
_IN_FLIGHT = 4
"""Pipelines at once, so that the store never waits for the client."""
_WAIT_MS = 600_000
Who = dict[str, Terms]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1_000)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=100, help="agents and contacts that many are compared with")
    parser.add_argument("--pulls", type=int, default=500, help="pulls that are timed one by one")
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    with house(kafka=False) as own:
        result = uvloop.run(measure(own, asked))
    show("Matches on Valkey alone", ("measure", "value"), flat(result))
    finish(result)


async def measure(own: Any, asked: argparse.Namespace) -> dict[str, Any]:
    units = [record.id for record in catalogue() if isinstance(record, UnitRecord)]
    dice = random.Random(1)
    async with own.domain() as domain:
        runs = [
            (await enqueued(domain, units, dice, asked), await pulled(domain, units, dice, asked))
            for _ in range(asked.repeat)
        ]
        few = await one_pull(domain, units, dice, (asked.few, asked.few, asked.pulls))
        many = await one_pull(domain, units, dice, (asked.agents, asked.waiting, asked.pulls))
    return {
        "enqueue_matches_per_s": round(statistics.median(run[0] for run in runs)),
        "pull_matches_per_s": round(statistics.median(run[1] for run in runs)),
        "round_trips_per_match": round(1 / min(_BATCH, asked.agents), 4),
        "few_pull_ms": few,
        "many_pull_ms": many,
        "ratio": round(many / few, 2),
    }


async def enqueued(domain: Domain, units: Sequence[str], dice: random.Random, asked: argparse.Namespace) -> float:
    """Contacts come to agents who wait."""
    await emptied(domain)
    who = staff(asked.agents, units, dice)
    await seat(domain, who)
    await domain.call_many("pull", pulls(who, _WAIT_MS))
    rows = [enqueue_row(contact(units, dice), None) for _ in range(asked.agents)]
    return await timed(domain, "enqueue", rows)


async def pulled(domain: Domain, units: Sequence[str], dice: random.Random, asked: argparse.Namespace) -> float:
    """Agents come to contacts that wait."""
    await emptied(domain)
    await queue(domain, units, dice, min(asked.waiting, 10 * asked.agents))
    who = staff(asked.agents, units, dice)
    await seat(domain, who)
    return await timed(domain, "pull", pulls(who, 0))


async def one_pull(domain: Domain, units: Sequence[str], dice: random.Random, size: tuple[int, int, int]) -> float:
    """Return the median milliseconds of a pull that gets an offer; the contact is ended and replaced each time."""
    count, waiting, times = size
    await emptied(domain)
    await queue(domain, units, dice, waiting)
    who = staff(count, units, dice)
    await seat(domain, who)
    queues, names, ms = Queues(domain, Watermark()), list(who), []
    for number in range(times):
        agent = names[number % len(names)]
        began = time.perf_counter()
        found = await queues.pull(agent, who[agent], wait=0)
        spent = (time.perf_counter() - began) * 1e3
        if found is None:
            continue
        ms.append(spent)
        mine = await domain.call("accept", found.contact_id, found.epoch, agent, 0)
        await domain.call("complete", found.contact_id, int(mine[1]), agent, "")
        await domain.call("enqueue", *enqueue_row(contact(units, dice), None))
    return quantile(ms, 0.5)


async def timed(domain: Domain, function: str, rows: Sequence[Sequence[Any]]) -> float:
    """Return offers a second, as the out-stream counts them."""
    await domain.plain.delete(domain.key("out"))
    began = time.perf_counter()
    batches = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]

    async def send(mine: Sequence[Sequence[Sequence[Any]]]) -> None:
        for batch in mine:
            await domain.call_many(function, batch)

    await asyncio.gather(*(send(batches[number::_IN_FLIGHT]) for number in range(_IN_FLIGHT)))
    spent = time.perf_counter() - began
    told: Any = await domain.plain.xrange(domain.key("out"))
    made = [fields for _, fields in told if fields[b"t"] == b"offer.made.v1"]
    return len(made) / spent


async def emptied(domain: Domain) -> None:
    async def nothing() -> OpenContacts:
        return OpenContacts()

    await domain.plain.flushall()
    await Rebuild(domain, Generation(domain), nothing).ensure()


async def queue(domain: Domain, units: Sequence[str], dice: random.Random, count: int) -> None:
    for start in range(0, count, _BATCH):
        rows = [enqueue_row(contact(units, dice), None) for _ in range(min(_BATCH, count - start))]
        await domain.call_many("enqueue", rows)
        await domain.plain.delete(domain.key("out"))


async def seat(domain: Domain, who: Who) -> None:
    queues = Queues(domain, Watermark())
    for agent, terms in who.items():
        await queues.presence(agent, Presence.READY, None, terms)


def pulls(who: Who, wait_ms: int) -> list[tuple[Any, ...]]:
    return [
        (agent, terms.capacity, terms.profile.channel_words, terms.profile.skill_words, terms.words, wait_ms)
        for agent, terms in who.items()
    ]


def staff(count: int, units: Sequence[str], dice: random.Random) -> Who:
    """Agents for a third of the units each; every fifth speaks Finnish."""
    made = {}
    for number in range(count):
        skills = {unit: dice.randint(1, 5) for unit in dice.sample(list(units), max(1, len(units) // 3))}
        languages = ["sv", "fi"] if number % 5 == 0 else ["sv"]
        made[f"agent-{number}"] = Terms(profile_of(skills, languages, list(Channel)))
    return made


def contact(units: Sequence[str], dice: random.Random) -> OpenContact:
    unit, channel = dice.choice(units), dice.choice(list(Channel))
    skills = (f"{unit}={dice.choice((1, 1, 1, 3))}",)
    language = "fi" if dice.random() < 0.05 else "sv"
    live = channel in {Channel.PHONE, Channel.VISIT}
    said = {"unit": unit, "queue": unit, "channel": channel, "skills": skills, "language": language}
    return arrival().model_copy(update=said | {"priority": Priority.HIGH if live else Priority.NORMAL})


if __name__ == "__main__":
    main()
