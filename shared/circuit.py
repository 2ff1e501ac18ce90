"""What remembers that Kafka is silent: the first caller waits for it, all others are told as soon as she is."""

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from shared import metrics
from shared.errors import LogUnavailableError, TransientError
from shared.publish import Message

EVERY = 0.5
"""Seconds between two looks whether it answers again."""
PATIENCE = 3.0
"""Seconds that one look may take."""
LEAVING = 1.0
"""Seconds that who comes later lets those go first who were waiting when Kafka fell silent."""

log = structlog.get_logger(__name__)


class Publishing(Protocol):
    """The publisher beneath."""

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None: ...  # noqa: ASYNC109 - as Publisher's
    async def check(self) -> str | None: ...


class Circuit:
    """Publishes; after a silence nothing is tried until Kafka answers and `caught_up` says that the spool is empty.

    So no caller waits to find out what another one has found out, and nothing new goes ahead of what was spooled:
    LogUnavailableError is raised in the order in which they came.
    """

    def __init__(self, publisher: Publishing, caught_up: Callable[[], Awaitable[bool]], *, source: str) -> None:
        self._publisher = publisher
        self._caught_up = caught_up
        self._source = source
        self._watch: asyncio.Task[None] | None = None
        self._under_way: dict[asyncio.Timeout, None] = {}
        """Who waits for Kafka, in the order in which they came."""
        self._left = asyncio.Event()
        """Set when nobody does any more."""

    @property
    def silent(self) -> bool:
        """Say whether Kafka is taken to be silent."""
        return self._watch is not None and not self._watch.done()

    @property
    def waiting(self) -> int:
        """Return how many wait for Kafka at this moment."""
        return len(self._under_way)

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None:  # noqa: ASYNC109 - as Publisher's
        """Return when all are acknowledged; LogUnavailableError at once while Kafka is known to be silent."""
        if self.silent:
            await self._after_those_before()
            raise LogUnavailableError("Kafka is silent")
        waiting = asyncio.timeout(None)
        self._under_way[waiting] = None
        try:
            async with waiting:
                await self._publisher.publish(*messages, timeout=timeout)
        except LogUnavailableError:
            self._leave(waiting)
            self._open()
            raise
        except TimeoutError as error:
            raise LogUnavailableError("Kafka has fallen silent") from error
        finally:
            self._leave(waiting)

    async def stop(self) -> None:
        """Look no more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    def _open(self) -> None:
        """Watch Kafka from now on; nobody else waits for what is known."""
        if self.silent:
            return
        self._watch = asyncio.create_task(self._until_well(), context=contextvars.Context())
        for waiting in self._under_way:
            if not waiting.expired():
                waiting.reschedule(0.0)

    def _leave(self, waiting: asyncio.Timeout) -> None:
        self._under_way.pop(waiting, None)
        if self._under_way:
            self._left.clear()
        else:
            self._left.set()

    async def _after_those_before(self) -> None:
        if self._under_way:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVING):
                    await self._left.wait()

    async def _until_well(self) -> None:
        metrics.LOG_SILENT.labels(self._source).set(1)
        log.warning("kafka_silent", source=self._source)
        try:
            while not await self._well():  # noqa: ASYNC110 - nothing tells us, we must ask
                await asyncio.sleep(EVERY)
        finally:
            metrics.LOG_SILENT.labels(self._source).set(0)
        log.info("kafka_answers_again", source=self._source)

    async def _well(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._publisher.check() is None and await self._caught_up()
        except (TransientError, TimeoutError):
            return False
