"""What wraps every request: an id, how it was spoken to us, and the headers that keep browsers careful."""

import re
from collections.abc import Sequence

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.ids import new_id
from shared.web.callers import Network, scheme_of
from shared.web.errors import unexpected

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
)
"""A frame of our own is a mail as it looked, which comes sandboxed; nothing else lets itself be framed."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Frame:
    """Give the request its id (the caller's, if sane), scheme and prefix, and every answer its security headers."""

    def __init__(
        self, app: ASGIApp, *, form_targets: str = "'self'", trusted: Sequence[Network] = (), prefix: str = ""
    ) -> None:
        self._app = app
        self._trusted = trusted
        self._prefix = prefix
        self._headers = {
            "content-security-policy": _CSP.format(forms=form_targets),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "cross-origin-opener-policy": "same-origin",
            "x-frame-options": "DENY",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        scope["scheme"] = scheme_of(Request(scope), self._trusted)
        if self._prefix:
            scope["root_path"] = self._prefix

        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message), scope, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            except Exception as error:
                if started:
                    raise
                await unexpected(Request(scope), error)(scope, receive, send_with_headers)

    def _add_headers(self, headers: MutableHeaders, scope: Scope, request_id: str) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers["x-request-id"] = request_id
        headers.setdefault("cache-control", "no-store")
        if scope["scheme"] == "https":
            headers.setdefault("strict-transport-security", "max-age=31536000")


def _request_id(headers: Headers) -> str:
    sent = headers.get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else new_id()
