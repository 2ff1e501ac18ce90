"""Forged posts are refused twice: by what the browser says of their origin, and by a token bound to the login."""

import hashlib
import hmac
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import DomainError
from shared.web.errors import problem_response

FIELD = "_csrf"
HEADER = "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class ForgedError(DomainError):
    """The post did not come from a page of ours."""

    type = "forged-request"
    status = 403
    title = "Sidan är för gammal eller kommer från fel plats. Läs in den igen."


def token_for(secret: bytes, session_key: str) -> str:
    """Return the form token of a session: an HMAC, so that nothing needs to be stored."""
    return hmac.new(secret, session_key.encode(), hashlib.sha256).hexdigest()[:40]


async def check_token(request: Request, session_key: str) -> None:
    """Refuse an unsafe request of a logged-in browser that holds no valid token, in header or form."""
    if request.method in _SAFE:
        return
    sent = request.headers.get(HEADER)
    if sent is None and "form" in request.headers.get("content-type", ""):
        field = (await request.form()).get(FIELD)
        sent = field if isinstance(field, str) else None
    expected = token_for(request.app.state.settings.key_for("csrf"), session_key)
    if not hmac.compare_digest((sent or "").encode(), expected.encode()):
        raise ForgedError


class SameOrigin:
    """Refuse unsafe requests that a browser says come from another origin; other programs send no such header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is safe or ours."""
        if scope["type"] == "http" and scope["method"] not in _SAFE and _is_foreign(Headers(scope=scope)):
            await problem_response(Request(scope), ForgedError())(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_foreign(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")
