"""HTTP/1.1 with bounds on what comes before there is a request: connections, the head's bytes and fields, its time.

uvicorn's own parser reads heads of any length for any time; a sender that stays silent, or an answer that nobody
reads, holds a connection for ever. What is refused here is said as a problem in the caller's language, too.
"""

import asyncio
from typing import Any

import httptools
from fastapi import FastAPI, Request
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.errors import DomainError
from shared.settings import ServiceSettings
from shared.web.errors import HeadTooLargeError, TooSlowError, UnreadableError, problem_json
from shared.web.refusals import refused

SPARE = 100
"""Connections above the limit that are still told so; the others are closed without a word."""
LINGER_SECONDS = 5.0
"""How long what a refused caller goes on sending is read and thrown away, so that she can read the answer."""
SLOWEST = 65_536
"""Bytes of an answer that are read while a body may take to come, at least."""
_DOOR = "connection"


def protocol_for(app: FastAPI, settings: ServiceSettings) -> type[HttpToolsProtocol]:
    """Return the protocol class of a service."""
    return type("Bounded", (BoundedProtocol,), {"service": app, "settings": settings})


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools, with an end to everything that is waited for."""

    service: FastAPI
    settings: ServiceSettings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._in_body = False
        self._head_bytes = 0
        self._crowded = False
        self._problem: DomainError | None = None
        self._reason = ""
        self._over = False
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Take a connection, or let it go at once when there are far too many."""
        super().connection_made(transport)
        above = len(self.connections) - self.settings.connections
        self._crowded = above > 0
        if above > SPARE:
            refused(_DOOR, "connections")
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers with the connection."""
        for name in tuple(self._timers):
            self._stop(name)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, unless the caller has had her answer."""
        if self._over:
            return
        if self._in_head:
            self._await_head()
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.settings.head_bytes:
            self._refuse(HeadTooLargeError(), "head_size")

    def on_message_begin(self) -> None:
        """Begin a request; whether there is room for its connection goes with it."""
        super().on_message_begin()
        self._in_head = True
        self._crowded = self._crowded and len(self.connections) > self.settings.connections
        self.scope["state"]["crowded"] = self._crowded

    def on_headers_complete(self) -> None:
        """End a head; one that is too large goes no further."""
        self._in_head, self._head_bytes = False, 0
        self._stop("head")
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.settings.head_bytes or len(self.headers) > self.settings.head_fields:
            self._problem, self._reason = HeadTooLargeError(), "head_size"
            raise httptools.HttpParserError  # ends in `send_400_response`
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request; the next head may come."""
        super().on_message_complete()
        self._in_head, self._in_body = True, False
        if "linger" in self._timers:
            self._stop("linger")
            self._keep_alive()

    def on_response_complete(self) -> None:
        """End an answer; a body that nobody wants any more is thrown away for a while only."""
        super().on_response_complete()
        own = self.cycle.response_complete  # the body may be that of a request behind it
        if self._in_body and own and not self.transport.is_closing():
            self._start("linger", LINGER_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request."""
        del msg
        self._refuse(self._problem or UnreadableError(), self._reason or "unreadable")

    def pause_writing(self) -> None:
        """Wait for a reader, for as long as she goes on reading."""
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        """Go on writing."""
        self._stop("write")
        super().resume_writing()

    def _await_reader(self) -> None:
        unread = self.transport.get_write_buffer_size()

        def look() -> None:
            if unread - self.transport.get_write_buffer_size() >= SLOWEST:
                self._await_reader()
            else:
                self.transport.abort()

        self._start("write", self.settings.body_seconds, look)

    def _await_head(self) -> None:
        if "head" not in self._timers:
            self._start("head", self.settings.head_seconds, self._late)

    def _late(self) -> None:
        """End the wait for a head: with an answer if it has begun, without a word to who never spoke."""
        if self._head_bytes:
            self._refuse(TooSlowError(), "head_time")
        else:
            self.transport.close()

    def _refuse(self, error: DomainError, reason: str) -> None:
        """Say why, then read no more of what comes; an answer under way must not be broken into."""
        self._stop("head")
        if self._over or self.transport.is_closing():
            return
        self._over = True
        refused(_DOOR, reason)
        cycle = getattr(self, "cycle", None)  # None before the first request, whatever uvicorn's types say
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            return
        self.transport.write(_written(self.service, self.headers or [], error))
        self.transport.write_eof()
        self._start("linger", LINGER_SECONDS, self.transport.close)

    def _keep_alive(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _start(self, name: str, seconds: float, then: Any) -> None:
        self._stop(name)
        self._timers[name] = self.loop.call_later(seconds, self._fire, name, then)

    def _fire(self, name: str, then: Any) -> None:
        self._timers.pop(name, None)
        then()

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()


def _written(service: FastAPI, headers: list[tuple[bytes, bytes]], error: DomainError) -> bytes:
    """Return the bytes of an answer to what never became a request."""
    scope: Scope = {"type": "http", "app": service, "headers": headers, "method": "GET", "path": "/", "state": {}}
    answer = problem_json(Request(scope), error)
    answer.headers["connection"] = "close"
    answer.headers["cache-control"] = "no-store"
    answer.headers["x-content-type-options"] = "nosniff"
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in answer.raw_headers)
    return STATUS_LINE[error.status] + lines + b"\r\n" + bytes(answer.body)
