"""Which contacts Kafka has already acknowledged: a repeated mail, submission or call is no second event.

A row is written after the acknowledgement, so a crash in between repeats the event under the same id: harmless. That
is why marks are gathered for a moment and not waited for by the disk, and why questions asked together share a query.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.held import Held
from services.intake.store.tables import SEEN
from services.intake.store.together import Together
from shared.errors import TransientError

GATHER_SECONDS = 0.1
_MARK = "INSERT INTO intake.seen (contact_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_KNOWN = "SELECT contact_id FROM intake.seen WHERE contact_id = ANY($1::text[])"


class Seen:
    """Runs a contact's publication once, on one held connection of the driver (the hottest path of the house)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._held = Held(engine, durable=False)
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
            await self._held.query(_MARK, sorted(set(contact_ids)))

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
        await self._held.let_go()

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
        found = {row["contact_id"] for row in await self._held.query(_KNOWN, contact_ids)} if contact_ids else set()
        return {one: one in found or one in self._unwritten for one in contact_ids}
