"""Server-sent events with limits, and the in-process hub that says what changed.

A stream lives at most ten minutes, looks every 30 s whether its login still lives (and never prolongs it), and ends
at once when the browser leaves or the service closes; the browser then comes back by itself.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.web.errors import UnavailableError
from shared.web.session import session_of

T = TypeVar("T")

REFETCH = "refetch"
"""The notice that replaces what a slow reader missed: fetch everything again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream: its name, and data of one or several lines."""

    name: str
    data: str = ""

    def encode(self) -> bytes:
        """Return the event as it goes over the wire."""
        lines = "".join(f"data: {line}\n" for line in self.data.split("\n"))
        return f"event: {self.name}\n{lines}\n".encode()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a stream is held to, in seconds; `streams` is how many a process carries."""

    life: float = 600.0
    check: float = 30.0
    beat: float = 15.0
    streams: int = 500


async def stream(
    request: Request,
    source: AsyncIterator[Event],
    *,
    limits: Limits | None = None,
    on_end: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Answer with the events of `source` until a limit, the browser or the closing service ends it."""
    limits = limits or Limits()
    state = request.app.state
    if state.closing.is_set() or state.streams >= limits.streams:
        raise UnavailableError
    session = await session_of(request)

    async def still_in() -> bool:
        return session is None or bool(await state.sessions.alive(session))

    return _EventStream(request, source, limits, still_in, on_end)


class _EventStream(Response):
    """The response: one task reads the source, one waits for the browser to leave, one for the service to close."""

    media_type = "text/event-stream"

    def __init__(
        self,
        request: Request,
        source: AsyncIterator[Event],
        limits: Limits,
        still_in: Callable[[], Awaitable[bool]],
        on_end: Callable[[], Awaitable[None]] | None,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._state = request.app.state
        self._source = source
        self._limits = limits
        self._still_in = still_in
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's shape
        """Send until the end, then say so and let everything go."""
        self._state.streams += 1
        leaving = asyncio.create_task(_gone(receive))
        closing = asyncio.create_task(self._state.closing.wait())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
            await self._send_events(send, {leaving, closing})
            if not leaving.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            pass  # the browser left while we wrote
        finally:
            self._state.streams -= 1
            await _cancel(leaving, closing)
            await _close(self._source)
            if self._on_end is not None:
                await self._on_end()

    async def _send_events(self, send: Send, ends: set[asyncio.Task[Any]]) -> None:
        born = checked = time.monotonic()
        coming: asyncio.Task[Event] | None = None
        try:
            while (now := time.monotonic()) - born < self._limits.life:
                if now - checked >= self._limits.check:
                    checked = now
                    if not await self._still_in():
                        await _write(send, Event("ended").encode())
                        return
                coming = coming or asyncio.create_task(_next(self._source))
                wait = min(self._limits.beat, self._limits.check, self._limits.life - (now - born))
                done, _ = await asyncio.wait({coming, *ends}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                if ends & done:
                    return
                if coming not in done:
                    await _write(send, b": beat\n\n")
                    continue
                try:
                    event = coming.result()
                except StopAsyncIteration:
                    return
                coming = None
                await _write(send, event.encode())
        finally:
            if coming is not None:
                await _cancel(coming)


class Subscription:
    """What one reader has not read yet: each notice once; too many become one `refetch`."""

    def __init__(self, hub: "Hub", topics: frozenset[str], bound: int) -> None:
        self._hub = hub
        self.topics = topics
        self._bound = bound
        self._pending: dict[Event, None] = {}
        self._ready = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Put a notice in line; never waits."""
        if len(self._pending) >= self._bound and event not in self._pending:
            self._pending = {Event(REFETCH): None}
        else:
            self._pending[event] = None
        self._ready.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over the notices as they come."""
        return self

    async def __anext__(self) -> Event:
        """Return the oldest notice, waiting for one."""
        while not self._pending:
            self._ready.clear()
            await self._ready.wait()
        event = next(iter(self._pending))
        del self._pending[event]
        return event

    async def aclose(self) -> None:
        """Stop listening."""
        self._hub.forget(self)


class Hub:
    """Fans notices out inside one process; a reader that is slow loses detail, never the news that there is some."""

    def __init__(self, *, bound: int = 64) -> None:
        self._bound = bound
        self._readers: dict[str, set[Subscription]] = {}

    def publish(self, topic: str, event: str, data: str = "") -> None:
        """Tell the readers of `topic`; data says what changed, not how it looks."""
        notice = Event(event, data)
        for reader in tuple(self._readers.get(topic, ())):
            reader.offer(notice)

    def subscribe(self, topics: Iterable[str]) -> Subscription:
        """Listen from now on; close with `aclose`."""
        reader = Subscription(self, frozenset(topics), self._bound)
        for topic in reader.topics:
            self._readers.setdefault(topic, set()).add(reader)
        return reader

    def forget(self, reader: Subscription) -> None:
        """Take a reader off every topic."""
        for topic in reader.topics:
            readers = self._readers.get(topic)
            if readers is not None:
                readers.discard(reader)
                if not readers:
                    del self._readers[topic]

    @property
    def readers(self) -> int:
        """How many listen."""
        return len({reader for readers in self._readers.values() for reader in readers})


async def until_gone(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """Await a handler's waiting, or return None as soon as the caller leaves or the service closes."""
    task = asyncio.create_task(work)
    leaving = asyncio.create_task(_gone(request.receive))
    closing = asyncio.create_task(request.app.state.closing.wait())
    try:
        await asyncio.wait({task, leaving, closing}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        await _cancel(task, leaving, closing)


async def _next(source: AsyncIterator[Event]) -> Event:
    return await anext(source)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _close(source: AsyncIterator[Event]) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
            await task
