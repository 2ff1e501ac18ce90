"""How telephony providers' own APIs are asked: HTTP Basic, a deadline for each question, an answer of bounded size."""

from collections.abc import Mapping
from typing import Any

import httpx

from shared.errors import TransientError

SECONDS = 10.0
"""What one question may take."""
_LARGEST = 2_000_000


class ProviderAwayError(TransientError):
    """The provider was silent, refused, or answered nothing that can be read."""


def client_of(url: str, user: str, password: str, seconds: float = SECONDS) -> httpx.AsyncClient:
    """Return a client of a provider's API; it connects at the first question."""
    return httpx.AsyncClient(
        base_url=url.rstrip("/"),
        auth=httpx.BasicAuth(user, password),
        timeout=httpx.Timeout(seconds, connect=min(5.0, seconds)),
        limits=httpx.Limits(max_connections=2),
    )


async def ask(
    http: httpx.AsyncClient, path: str, query: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """Return the JSON object that is answered to a question, or (with a form) to an order; ProviderAwayError."""
    try:
        answer = await http.request("GET" if form is None else "POST", path, params=query, data=form)
    except httpx.HTTPError as error:
        raise ProviderAwayError(type(error).__name__) from error
    if answer.status_code not in {200, 201} or len(answer.content) > _LARGEST:
        raise ProviderAwayError(f"answered {answer.status_code}")
    try:
        told = answer.json()
    except (ValueError, RecursionError) as error:
        raise ProviderAwayError("no JSON") from error
    if not isinstance(told, dict):
        raise ProviderAwayError("no page")
    return told
