"""Where services remember what was decided about their dead letters: in their schema, or in Redis for the router."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from sqlalchemy import Column, DateTime, MetaData, Table, Text, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import utc_now
from shared.database import make_engine
from shared.dead import DeadLetters
from shared.publish import Publisher
from shared.settings import ServiceSettings


def decisions_table(metadata: MetaData) -> Table:
    """Return the table of decisions of a schema; a migration creates it like any other table."""
    return Table(
        "dead_decision",
        metadata,
        Column("letter", Text, primary_key=True),
        Column("decision", Text, nullable=False),
        Column("by", Text, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


class SqlDecisions:
    """Decisions in a service's own schema; the latest about a letter counts."""

    def __init__(self, engine: AsyncEngine, table: Table) -> None:
        self._engine = engine
        self._table = table

    async def decided(self) -> set[str]:
        """Return the letters that something was decided about."""
        async with self._engine.connect() as connection:
            return set((await connection.scalars(select(self._table.c.letter))).all())

    async def decide(self, name: str, decision: str, by: str) -> None:
        """Remember a decision and who made it."""
        row = {"letter": name, "decision": decision, "by": by, "at": utc_now()}
        statement = insert(self._table).values(row)
        latest = statement.on_conflict_do_update(index_elements=["letter"], set_=row)
        async with self._engine.begin() as connection:
            await connection.execute(latest)


class RedisDecisions:
    """Decisions in one hash, for the service that has no schema."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._redis = redis
        self._key = key

    async def decided(self) -> set[str]:
        """Return the letters that something was decided about."""
        return {_text(name) for name in await self._redis.hkeys(self._key)}

    async def decide(self, name: str, decision: str, by: str) -> None:
        """Remember a decision and who made it."""
        await self._redis.hset(self._key, name, f"{decision} {by} {utc_now().isoformat()}")


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


@asynccontextmanager
async def open_letters(settings: ServiceSettings, service: str, table: Table) -> AsyncIterator[DeadLetters]:
    """Open the dead letters of a service with a schema for a command, and close what they stand on."""
    engine, publisher = make_engine(settings, service, pool=1), Publisher(settings, service)
    await publisher.start()
    try:
        yield DeadLetters(settings, service, publisher, SqlDecisions(engine, table))
    finally:
        await publisher.stop()
        await engine.dispose()
