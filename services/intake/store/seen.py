"""Which contacts Kafka has already acknowledged: a repeated mail, submission or call is no second event.

A row is written after the acknowledgement, so a crash in between repeats the event under the same id: harmless. That
is why marks are gathered for a moment and not waited for by the disk, and why questions asked together share a query.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.tables import SEEN
from services.intake.store.together import Together
from shared.errors import TransientError

GATHER_SECONDS = 0.1
DEADLINE = 5.0
_MARK = "INSERT INTO intake.seen (contact_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_KNOWN = "SELECT contact_id FROM intake.seen WHERE contact_id = ANY($1::text[])"


class Seen:
    """Runs a contact's publication once, on one held connection of the driver (the hottest path of the house)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._held: AsyncConnection | None = None
        self._driver: Any = None
        self._line = asyncio.Lock()
        self._questions: Together[str, bool] = Together(self._ask)
        self._running: dict[str, asyncio.Future[None]] = {}
        self._unwritten: set[str] = set()
        self._writer: asyncio.Task[None] | None = None

    async def once(self, contact_id: str, publish: Callable[[], Awaitable[None]]) -> bool:
        """Publish unless it was done before; return whether it was done now. Simultaneous callers share one attempt."""
        if (running := self._running.get(contact_id)) is not None:
            await asyncio.shield(running)
            return False
        attempt: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._running[contact_id] = attempt
        try:
            known = contact_id in self._unwritten or await self._questions.ask(contact_id)
            if not known:
                await publish()
                self._mark_soon(contact_id)
            attempt.set_result(None)
        except BaseException as error:
            attempt.set_exception(error if isinstance(error, Exception) else TransientError("interrupted"))
            attempt.exception()  # nobody may have waited for it
            raise
        finally:
            del self._running[contact_id]
        return not known

    async def known(self, contact_ids: Collection[str]) -> frozenset[str]:
        """Return those that were published before."""
        answers = await self._ask(list(contact_ids))
        return frozenset(one for one, known in answers.items() if known)

    async def mark(self, contact_ids: Collection[str]) -> None:
        """Remember that these are published."""
        if contact_ids:
            await self._query(_MARK, sorted(set(contact_ids)))

    async def forget_before(self, moment: datetime) -> int:
        """Remove what is older; return how many."""
        async with transaction(self._engine) as connection:
            return (await connection.execute(delete(SEEN).where(SEEN.c.seen_at < moment))).rowcount

    async def stop(self) -> None:
        """Write what is still to be written and let the connection go."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._write()
        await self._let_go()

    def _mark_soon(self, contact_id: str) -> None:
        self._unwritten.add(contact_id)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_later())

    async def _write_later(self) -> None:
        while self._unwritten:
            await asyncio.sleep(GATHER_SECONDS)
            await self._write()

    async def _write(self) -> None:
        """Write the gathered marks; lost ones only mean that a repetition comes under the same id."""
        marks = list(self._unwritten)
        try:
            await self.mark(marks)
        except TransientError:
            return
        finally:
            self._unwritten.difference_update(marks)

    async def _ask(self, contact_ids: list[str]) -> Mapping[str, bool]:
        found = {row["contact_id"] for row in await self._query(_KNOWN, contact_ids)} if contact_ids else set()
        return {one: one in found or one in self._unwritten for one in contact_ids}

    async def _query(self, statement: str, contact_ids: list[str]) -> list[Any]:
        try:
            async with self._line, asyncio.timeout(DEADLINE):
                driver = self._driver or await self._connect()
                return list(await driver.fetch(statement, contact_ids))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, OSError, TimeoutError) as error:
            await self._let_go()
            raise TransientError(f"database: {type(error).__name__}") from error

    async def _connect(self) -> Any:
        plain = await self._engine.connect()
        self._held = await plain.execution_options(isolation_level="AUTOCOMMIT")
        self._driver = (await self._held.get_raw_connection()).driver_connection
        await self._driver.execute("SET synchronous_commit = off")
        return self._driver

    async def _let_go(self) -> None:
        held, self._held, self._driver = self._held, None, None
        if held is not None:
            await held.invalidate()
            await held.close()
