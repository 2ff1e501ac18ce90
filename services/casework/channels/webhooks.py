"""Webhooks to a unit's own system (*verksamhetssystem*), signed as the Standard Webhooks specification says.

`webhook-id` is the same however often it is tried, so that the receiver can tell a repetition; `webhook-signature` is
`v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body` with the unit's secret. The body is thin: ids, states and
times, and where to read the rest with the receiver's own rights; no personal data leaves by this door.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from standardwebhooks import Webhook

from shared.errors import PermanentError, TransientError

_SECONDS = 10.0
_GONE = 410
PREFIX = "whsec_"


class WebhookGoneError(PermanentError):
    """The receiver says that it wants no more (410), or the address cannot be one."""


class WebhookUnsentError(TransientError):
    """The receiver did not take it; it is tried again, since a repetition harms nobody."""


def secret_of(key: bytes) -> str:
    """Return a unit's secret as its system is given it: `whsec_` and Base64."""
    return PREFIX + base64.b64encode(key).decode()


def allowed(url: str) -> bool:
    """Say whether an address may be called: over TLS, or on this very machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))
    )


class Webhooks:
    """A client for all receivers; redirects are not followed, since an address is somebody's decision."""

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=5.0),
            limits=httpx.Limits(max_connections=8),
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, url: str, key: bytes, webhook_id: str, content: Mapping[str, Any], now: datetime) -> None:
        """Send one webhook; the errors above say what is known when that fails."""
        if not allowed(url):
            raise WebhookGoneError("address")
        body = orjson.dumps(content)
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret_of(key)).sign(webhook_id, now, body.decode()),
        }
        try:
            answer = await self._http.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise WebhookUnsentError(type(error).__name__) from error
        if answer.status_code == _GONE:
            raise WebhookGoneError(f"{_GONE}")
        if not answer.is_success:
            raise WebhookUnsentError(f"{answer.status_code}")
