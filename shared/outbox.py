"""Events written in the same transaction as what they tell, and moved to Kafka afterwards, in order.

An event cannot be lost (it is committed with its cause) nor invented (a rollback takes it away). Order holds per key
for writers that lock the key's row before they add, as use cases do.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    Table,
    Text,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import metrics
from shared.errors import TransientError
from shared.publish import Message, Publisher, check_size
from shared.received import is_transient
from shared.topics import TOPICS, Topic

_BATCH = 500
_POLL_SECONDS = 1.0
_ACKNOWLEDGED_WITHIN = 15.0
_LONGEST_WAIT = 5.0

_BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}

log = structlog.get_logger(__name__)


def outbox_table(metadata: MetaData) -> Table:
    """Return the outbox of a schema; a migration creates it like any other table."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("event_id", Text, nullable=False),
        Column("time", DateTime(timezone=True), nullable=False),
        Column("value", LargeBinary),
        Column("traceparent", Text),
    )


def channel(table: Table) -> str:
    """Return the NOTIFY channel and lock name of an outbox."""
    return f"{table.schema or 'public'}_outbox"


async def add(conn: AsyncConnection, table: Table, *messages: Message) -> None:
    """Write messages within the caller's transaction and wake the relay when it commits."""
    if not messages:
        return
    for item in messages:
        check_size(item)
    await conn.execute(insert(table), [_row(item) for item in messages])
    await conn.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel(table)})


def _row(item: Message) -> dict[str, Any]:
    return {
        "topic": item.topic.name,
        "key": item.key,
        "type": item.type,
        "event_id": item.id,
        "time": item.time,
        "value": item.value,
        "traceparent": item.traceparent,
    }


class Relay:
    """Moves an outbox to Kafka; of all relays of an outbox only the one that holds the lock works."""

    def __init__(self, engine: AsyncEngine, table: Table, publisher: Publisher) -> None:
        self._engine = engine
        self._table = table
        self._publisher = publisher
        self._channel = channel(table)
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled; a lost database or broker is waited for."""
        wait = 0.1
        while True:
            try:
                await self._hold()
                wait = 0.1
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("relay_interrupted", outbox=self._channel, error=type(error).__name__)
                wait = min(wait * 2, _LONGEST_WAIT)
            await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - jitter is no secret

    async def _hold(self) -> None:
        """Work with one connection for as long as it lives; its end releases the lock."""
        async with self._engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            try:
                await self._listen(connection)
                while not await self._locked(connection):
                    await self._pause()
                while True:
                    self._woken.clear()
                    await self._drain(connection)
                    await self._pause()
            finally:
                await connection.invalidate()

    async def _listen(self, connection: AsyncConnection) -> None:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.add_listener(self._channel, self._notified)

    def _notified(self, *_: object) -> None:
        self._woken.set()

    async def _locked(self, connection: AsyncConnection) -> bool:
        question = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
        return bool(await connection.scalar(question, {"name": self._channel}))

    async def _pause(self) -> None:
        """Wait for a NOTIFY, or for a while in case one was missed."""
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _drain(self, connection: AsyncConnection) -> None:
        oldest = select(self._table).order_by(self._table.c.id).limit(_BATCH)
        while rows := (await connection.execute(oldest)).all():
            done = await self._publisher.publish_prefix(*map(_message, rows), timeout=_ACKNOWLEDGED_WITHIN)
            await self._forget(connection, [row.id for row in rows[:done]])
            if done < len(rows):
                await self.depth()
                raise TransientError(f"{done} of {len(rows)} acknowledged")
            if len(rows) < _BATCH:
                break
        metrics.OUTBOX_DEPTH.labels(self._channel).set(0)

    async def _forget(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """Delete exactly what was acknowledged: a smaller id may have become visible meanwhile."""
        if ids:
            array = bindparam(None, list(ids), ARRAY(BigInteger))
            await connection.execute(delete(self._table).where(self._table.c.id == any_(array)))
            metrics.OUTBOX_RELAYED.labels(self._channel).inc(len(ids))

    async def depth(self) -> int:
        """Return how many events wait."""
        async with self._engine.connect() as connection:
            waiting = int(await connection.scalar(select(func.count()).select_from(self._table)) or 0)
        metrics.OUTBOX_DEPTH.labels(self._channel).set(waiting)
        return waiting


def _message(row: Any) -> Message:
    return Message(_BY_NAME[row.topic], row.key, row.type, row.event_id, row.value, row.time, row.traceparent)
