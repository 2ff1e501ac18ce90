"""Which contacts Kafka has already acknowledged: a repeated mail, submission or call is no second event.

A row is written after the acknowledgement, so a crash in between repeats the event under the same id. The writing is
not waited for by the disk: a lost row means the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.store.database import transaction
from services.intake.store.tables import SEEN
from services.intake.store.together import Together
from shared.database import transient
from shared.errors import TransientError

_MARK = text("INSERT INTO intake.seen (contact_id) SELECT unnest(CAST(:ids AS text[])) ON CONFLICT DO NOTHING")
_KNOWN = text("SELECT contact_id FROM intake.seen WHERE contact_id = ANY(CAST(:ids AS text[]))")
Question = tuple[str, bool]
"""A contact id, and whether it is to be marked (or only asked about)."""


class Seen:
    """Runs a contact's publication once; asks and marks of many contacts share a statement on one held connection."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._held: AsyncConnection | None = None
        self._together: Together[Question, bool] = Together(self._work)
        self._running: dict[str, asyncio.Future[None]] = {}
        self._marks: set[asyncio.Task[None]] = set()

    async def once(self, contact_id: str, publish: Callable[[], Awaitable[None]]) -> bool:
        """Publish unless it was done before; return whether it was done now. Simultaneous callers share one attempt."""
        if (running := self._running.get(contact_id)) is not None:
            await asyncio.shield(running)
            return False
        attempt: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._running[contact_id] = attempt
        try:
            if await self._together.ask((contact_id, False)):
                attempt.set_result(None)
                return False
            await publish()
            self._mark_soon(contact_id)
            attempt.set_result(None)
        except BaseException as error:
            attempt.set_exception(error if isinstance(error, Exception) else TransientError("interrupted"))
            attempt.exception()  # nobody may have waited for it
            raise
        finally:
            del self._running[contact_id]
        return True

    async def known(self, contact_ids: Collection[str]) -> frozenset[str]:
        """Return those that were published before."""
        asked = [self._together.ask((one, False)) for one in contact_ids]
        answers = await asyncio.gather(*asked)
        return frozenset(one for one, known in zip(contact_ids, answers, strict=True) if known)

    async def mark(self, contact_ids: Collection[str]) -> None:
        """Remember that these are published."""
        await asyncio.gather(*(self._together.ask((one, True)) for one in contact_ids))

    async def forget_before(self, moment: datetime) -> int:
        """Remove what is older; return how many."""
        async with transaction(self._engine) as connection:
            return (await connection.execute(delete(SEEN).where(SEEN.c.seen_at < moment))).rowcount

    async def count(self) -> int:
        """Return how many are remembered."""
        async with transaction(self._engine) as connection:
            return len((await connection.execute(select(SEEN.c.contact_id))).all())

    async def stop(self) -> None:
        """Write what is still to be written and let the connection go."""
        await asyncio.gather(*self._marks, return_exceptions=True)
        await self._together.settle()
        await self._let_go()

    def _mark_soon(self, contact_id: str) -> None:
        """Mark behind the answer; a mark that is lost only means that a repetition has the same id."""
        task = asyncio.create_task(self._mark_quietly(contact_id))
        self._marks.add(task)
        task.add_done_callback(self._marks.discard)

    async def _mark_quietly(self, contact_id: str) -> None:
        try:
            await self._together.ask((contact_id, True))
        except TransientError:
            return

    async def _work(self, questions: list[Question]) -> Mapping[Question, bool]:
        try:
            async with asyncio.timeout(5):
                return await self._ask(questions)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            await self._let_go()
            if transient(error):
                raise TransientError(f"database: {type(error).__name__}") from error
            raise

    async def _ask(self, questions: list[Question]) -> Mapping[Question, bool]:
        connection = await self._connection()
        asked = [one for one, marks in questions if not marks]
        marked = [one for one, marks in questions if marks]
        known: set[str] = set()
        if marked:  # before the question: a repetition may be in the same batch
            await connection.execute(_MARK, {"ids": sorted(set(marked))})
        if asked:
            known.update((await connection.execute(_KNOWN, {"ids": asked})).scalars())
        return {(one, marks): marks or one in known for one, marks in questions}

    async def _connection(self) -> AsyncConnection:
        if self._held is None:
            plain = await self._engine.connect()
            self._held = await plain.execution_options(isolation_level="AUTOCOMMIT")
            await self._held.execute(text("SET synchronous_commit = off"))
        return self._held

    async def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            await held.invalidate()
            await held.close()
