"""The limits of every door, one request at a time: how often, how large, how slowly, how long.

What comes before there is a request (its head, connections without one) is bounded in `shared/web/protocol.py`.
"""

import asyncio
import hmac
import re
from collections.abc import Mapping
from typing import NoReturn

from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import DomainError
from shared.settings import ServiceSettings
from shared.web.callers import address_of
from shared.web.errors import BusyError, TooLargeError, TooManyError, UnavailableError, problem_response
from shared.web.rates import Rates
from shared.web.refusals import refused

SMALL = 65_536
"""Bytes of a body that there is always room for: few large bodies must not shut out what everybody sends."""
HEALTH = "health"
"""The doors of the supervisor and of the metrics: they answer above all when much is going on."""
_DOORS = (("/webhooks/", "webhooks"), ("/api/", "api"), ("/health/", HEALTH))


def door_of(scope: Scope) -> str:
    """Return the class that a request's door belongs to: webhooks, api, health or pages."""
    path = _path(scope)
    if path == "/metrics":
        return HEALTH
    return next((name for start, name in _DOORS if path.startswith(start)), "pages")


def _path(scope: Scope) -> str:
    """Return the path within the service, whether the proxy before it keeps the service's prefix or not."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


class Turnstile:
    """Refuse who calls too often or comes when there is no room; who shows the machine token is one of our own."""

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings) -> None:
        self._app = app
        self._trusted = settings.trusted_proxies
        self._token = f"Bearer {settings.machine_token.get_secret_value()}".encode()
        self._rates = Rates(
            {"webhooks": settings.rate_webhooks, "api": settings.rate_api, "pages": settings.rate_pages}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer it."""
        error = self._refusal(scope) if scope["type"] == "http" else None
        if error is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(Request(scope), error)(scope, receive, send)

    def _refusal(self, scope: Scope) -> DomainError | None:
        door = door_of(scope)
        if door == HEALTH:
            return None
        if scope.get("state", {}).get("crowded"):
            refused(door, "connections")
            return BusyError()
        request = Request(scope)
        wait = self._rates.take(door, address_of(request, self._trusted)) if not self._is_ours(request) else 0
        if not wait:
            return None
        refused(door, "rate")
        error = TooManyError()
        error.retry_after = wait
        return error

    def _is_ours(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return bool(given) and hmac.compare_digest(given.encode("latin-1"), self._token)


class Bounds:
    """Bound a request's body in bytes and time, all bodies together in bytes, and the time until its answer begins.

    `larger` are limits of paths (by an expression for the whole path) where files come in.
    """

    def __init__(
        self, app: ASGIApp, *, settings: ServiceSettings, limit: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._limit = limit
        self._larger = [(re.compile(path), most) for path, most in (larger or {}).items()]
        self._body_seconds = settings.body_seconds
        self._request_seconds = settings.request_seconds
        self._room = max(settings.bodies_bytes, limit, *(most for _, most in self._larger), 0)
        self._held = 0

    def _limit_of(self, path: str) -> int:
        return next((most for pattern, most in self._larger if pattern.fullmatch(path)), self._limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch over one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(_path(scope))
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > limit:
            refused(door_of(scope), "body_size")
            await problem_response(Request(scope), TooLargeError())(scope, receive, send)
            return
        body = _Body(self, scope, receive, limit)
        try:
            await self._within(scope, body, send)
        finally:
            self._held -= body.seen

    async def _within(self, scope: Scope, body: "_Body", send: Send) -> None:
        deadline = asyncio.timeout(self._request_seconds)
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            if not started:
                started = True
                if not deadline.expired():
                    deadline.reschedule(None)  # streams may last
            await send(message)

        try:
            async with deadline:
                await self._app(scope, body.receive, noted)
        except TimeoutError:
            if started or not deadline.expired():
                raise
            refused(door_of(scope), "request_time")
            await problem_response(Request(scope), UnavailableError())(scope, body.receive, send)

    def hold(self, size: int) -> bool:
        """Note that so many bytes more lie in memory; say whether there was room for them."""
        self._held += size
        return self._held <= self._room

    def until(self) -> float:
        """Return when a body that begins now must have come."""
        return asyncio.get_running_loop().time() + self._body_seconds


class _Body:
    """The body of one request as it comes in."""

    def __init__(self, bounds: Bounds, scope: Scope, receive: Receive, limit: int) -> None:
        self._bounds = bounds
        self._scope = scope
        self._receive = receive
        self._limit = limit
        self._until: float | None = None
        self._whole = False
        self.seen = 0

    async def receive(self) -> Message:
        """Receive the next piece, or whatever comes after the body."""
        if self._whole:
            return await self._receive()
        message = await self._in_time()
        piece = message.get("body", b"")
        self._whole = not message.get("more_body", False)
        self.seen += len(piece)
        room = self._bounds.hold(len(piece))
        if self.seen > self._limit:
            self._refuse("body_size", 413)
        if not room and self.seen > SMALL:
            self._refuse("bodies", 503)
        return message

    async def _in_time(self) -> Message:
        self._until = self._until or self._bounds.until()
        try:
            async with asyncio.timeout_at(self._until):
                return await self._receive()
        except TimeoutError:
            self._refuse("body_time", 408)

    def _refuse(self, reason: str, status: int) -> NoReturn:
        refused(door_of(self._scope), reason)
        raise HTTPException(status)  # FastAPI passes on no other error out of a body
