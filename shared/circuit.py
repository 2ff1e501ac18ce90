"""What remembers that Kafka is silent: the first caller waits for it, those who come after her are told at once."""

import asyncio
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

log = structlog.get_logger(__name__)


class Publishing(Protocol):
    """The publisher beneath."""

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None: ...  # noqa: ASYNC109 - as Publisher's
    async def check(self) -> str | None: ...


class Circuit:
    """Publishes; after a silence nothing is tried until Kafka answers and `caught_up` says that the spool is empty.

    So no caller waits to find out what another one has found out, and nothing new goes ahead of what was spooled.
    """

    def __init__(self, publisher: Publishing, caught_up: Callable[[], Awaitable[bool]], *, source: str) -> None:
        self._publisher = publisher
        self._caught_up = caught_up
        self._source = source
        self._watch: asyncio.Task[None] | None = None

    @property
    def silent(self) -> bool:
        """Say whether Kafka is taken to be silent."""
        return self._watch is not None and not self._watch.done()

    async def publish(self, *messages: Message, timeout: float = 2.0) -> None:  # noqa: ASYNC109 - as Publisher's
        """Return when all are acknowledged; LogUnavailableError at once while Kafka is known to be silent."""
        if self.silent:
            raise LogUnavailableError("Kafka is silent")
        try:
            await self._publisher.publish(*messages, timeout=timeout)
        except LogUnavailableError:
            self._open()
            raise

    async def stop(self) -> None:
        """Look no more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    def _open(self) -> None:
        if not self.silent:
            self._watch = asyncio.create_task(self._until_well(), context=contextvars.Context())

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
