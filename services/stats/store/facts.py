"""Folding exactly once: one transaction that locks the offset, writes the facts, and counts only what was new."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.stats.domain.case import Case
from services.stats.domain.contact import Contact
from services.stats.domain.cube import MEASURES, Tally
from services.stats.domain.fact import Fact
from services.stats.store import tables
from services.stats.store.cluster import AnotherClusterError

Place = tuple[str, int]
"""A topic, with its prefix, and a partition."""

_LOCK = text(
    "INSERT INTO stats.offsets AS o (topic, part, last, cluster) "
    "SELECT t, p, -1, :cluster FROM unnest(CAST(:topics AS text[]), CAST(:parts AS int[])) AS x(t, p) "
    "ON CONFLICT (topic, part) DO UPDATE SET last = o.last RETURNING topic, part, last, cluster"
)
_MOVE = text(
    "UPDATE stats.offsets AS o SET last = x.last, folded_at = clock_timestamp() FROM unnest(CAST(:topics AS text[]), "
    "CAST(:parts AS int[]), CAST(:lasts AS bigint[])) AS x(topic, part, last) "
    "WHERE o.topic = x.topic AND o.part = x.part"
)


_GATE = "hashtext('stats.folding')"
"""Every fold holds it with the others; a replay holds it alone."""


class Folding:
    """One open transaction of a fold; what it writes is there altogether or not at all."""

    def __init__(self, conn: AsyncConnection, cluster: str) -> None:
        self._conn = conn
        self._cluster = cluster

    async def lock(self, places: Collection[Place]) -> dict[Place, int]:
        """Lock the offset rows and return the last offset folded of each, -1 for none."""
        topics, parts = zip(*sorted(places), strict=True)
        bound = {"topics": list(topics), "parts": list(parts), "cluster": self._cluster}
        last: dict[Place, int] = {}
        for topic, part, offset, cluster in await self._conn.execute(_LOCK, bound):
            if cluster != self._cluster:
                raise AnotherClusterError(cluster, self._cluster)
            last[topic, part] = offset
        return last

    async def move(self, lasts: Mapping[Place, int]) -> None:
        """Write down how far each partition is folded."""
        rows = [(topic, part, last) for (topic, part), last in sorted(lasts.items())]
        topics, parts, offsets = (list(column) for column in zip(*rows, strict=True))
        await self._conn.execute(_MOVE, {"topics": topics, "parts": parts, "lasts": offsets})

    async def add(self, facts: Sequence[Fact]) -> set[str]:
        """Write the facts that are not there yet and return their ids."""
        return set(await tables.FACTS.write(self._conn, map(_fact_row, facts)))

    async def contacts(self, ids: Collection[str]) -> dict[str, Contact]:
        """Return the projections of the contacts that are known."""
        rows = await self._conn.execute(
            text(f"SELECT {', '.join(tables.CONTACTS.columns)} FROM stats.contacts WHERE contact_id = ANY(:ids)"),  # noqa: S608 - our own columns
            {"ids": list(ids)},
        )
        return {row[0]: _contact(*row) for row in rows}

    async def keep_contacts(self, contacts: Collection[Contact]) -> None:
        """Write the projections."""
        await tables.CONTACTS.write(self._conn, map(_contact_row, sorted(contacts, key=lambda one: one.id)))

    async def cases(self, ids: Collection[str]) -> dict[str, Case]:
        """Return the projections of the cases that are known."""
        rows = await self._conn.execute(
            text(f"SELECT {', '.join(tables.CASES.columns)} FROM stats.cases WHERE case_id = ANY(:ids)"),  # noqa: S608 - our own columns
            {"ids": list(ids)},
        )
        return {row[0]: Case(*row) for row in rows}

    async def keep_cases(self, cases: Collection[Case]) -> None:
        """Write the projections."""
        await tables.CASES.write(self._conn, map(_case_row, sorted(cases, key=lambda one: one.id)))

    async def keep_presence(self, facts: Sequence[Fact]) -> None:
        """Write the newest presence of each agent."""
        newest = {fact.agent_id: fact for fact in sorted(facts, key=lambda one: one.at)}
        rows = [(name, one.detail, one.capacity, one.used, one.at) for name, one in sorted(newest.items())]
        await tables.PRESENCE.write(self._conn, rows)

    async def count(self, tally: Tally) -> None:
        """Add the tally to the cube."""
        rows = [
            (
                cell.start,
                cell.channel,
                cell.unit,
                cell.case_type,
                cell.entrance,
                *tuple(getattr(measures, name) for name in MEASURES),
            )
            for cell, measures in tally.rows()
        ]
        await tables.CUBE.write(self._conn, rows)


class FactStore:
    """Opens foldings, and sees to it that there is a partition for every month."""

    def __init__(self, engine: AsyncEngine, cluster: str) -> None:
        self._engine = engine
        self._cluster = cluster
        self._months: set[date] = set()
        self._alone = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Folding]:
        """Open one transaction, committed at the end."""
        async with self._engine.begin() as conn:
            if not self._alone:
                await conn.execute(text(f"SELECT pg_advisory_xact_lock_shared({_GATE})"))
            yield Folding(conn, self._cluster)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep every other process from folding meanwhile."""
        async with self._engine.connect() as plain:
            conn = await plain.execution_options(isolation_level="AUTOCOMMIT")
            await conn.execute(text(f"SELECT pg_advisory_lock({_GATE})"))
            self._alone = True
            try:
                yield
            finally:
                self._alone = False
                await conn.execute(text(f"SELECT pg_advisory_unlock({_GATE})"))

    async def make_months(self, months: Collection[date]) -> None:
        """Make the partitions of `months` that are missing; one process at a time."""
        missing = sorted(set(months) - self._months)
        if not missing:
            return
        async with self._engine.begin() as conn:
            await conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('stats.facts.months'))"))
            for month in missing:
                end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
                await conn.execute(
                    text(
                        f"CREATE TABLE IF NOT EXISTS stats.facts_{month:%Y_%m} PARTITION OF stats.facts "
                        f"FOR VALUES FROM ('{month}') TO ('{end}')"
                    )
                )
        self._months.update(missing)

    async def empty(self) -> None:
        """Drop every projection, to be built again from the log."""
        async with self._engine.begin() as conn:
            await conn.execute(text("TRUNCATE " + ", ".join(f"stats.{name}" for name in tables.PROJECTIONS)))


def _fact_row(fact: Fact) -> tuple[object, ...]:
    return (
        fact.id,
        fact.month,
        fact.type,
        fact.time,
        fact.at,
        fact.contact_id,
        fact.case_id,
        fact.agent_id,
        fact.channel,
        fact.unit,
        fact.case_type,
        fact.entrance,
        fact.queue,
        fact.epoch,
        fact.seconds,
        fact.detail,
        fact.handover_id,
    )


def _contact(*row: Any) -> Contact:
    fields = dict(zip(Contact.__slots__, row, strict=True))
    return Contact(**fields | {"skills": tuple(fields["skills"].split())})


def _contact_row(one: Contact) -> tuple[object, ...]:
    head = (one.id, one.channel, one.unit, one.entrance, one.case_type, one.queue, " ".join(one.skills))
    times = (one.received_at, one.queued_at, one.accepted_at, one.ended_at)
    return (
        *head,
        one.person_key,
        one.state,
        one.epoch,
        *times,
        one.waited,
        one.agent,
        one.taken_over,
        one.left_at,
        one.short,
    )


def _case_row(one: Case) -> tuple[object, ...]:
    head = (one.id, one.contact_id, one.channel, one.unit, one.entrance, one.case_type)
    end = (one.opened_at, one.ended_at, one.outcome, one.solved, one.solved_wide, one.days, one.taken_over)
    return (*head, *end, one.withdrawn, one.allowed, one.handling, one.cause)
