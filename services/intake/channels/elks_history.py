"""The calls that 46elks knows: `GET {base}/a1/calls` with HTTP Basic, newest first, page by page.

By its documentation `start` is the newest moment that is wanted and `end` the oldest (UTC without a zone), `limit` is
at most 100, and `next` is the `start` of the following page, if there is one. A call that is over has the state
`success`, `busy` or `failed`; its `legs` are a list here, not a string as in the webhook.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from services.intake.channels import elks
from services.intake.domain.call import HangUp
from shared.errors import DomainError, TransientError

_SECONDS = 10.0
_OVER = frozenset({"success", "busy", "failed"})
_PAGE = 100
_LARGEST = 2_000_000
MOST_PAGES = 20


class HistoryAwayError(TransientError):
    """46elks did not give its history: silent, refused, or nothing that can be read."""


class ElksHistory:
    """A client of the history."""

    def __init__(self, url: str, user: str, password: str, *, seconds: float = _SECONDS) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            auth=httpx.BasicAuth(user, password),
            timeout=httpx.Timeout(seconds, connect=5.0),
            limits=httpx.Limits(max_connections=2),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ended(self, since: datetime, wanted: frozenset[str]) -> AsyncIterator[HangUp]:
        """Give the ends of those `wanted` calls, created after a moment, that are over; HistoryAwayError.

        Reads no further than needed, and at most MOST_PAGES pages; what one has told is given before the next is read.
        """
        seen: set[str] = set()
        query = {"end": _moment(since), "limit": str(_PAGE)}
        for _ in range(MOST_PAGES):
            page = await self._page(query)
            for record in _records(page):
                seen.add(record["id"])
                if record["id"] in wanted and _is_over(record) and (end := _end(record)):
                    yield end
            following = page.get("next")
            if not isinstance(following, str) or not following or wanted <= seen or following == query.get("start"):
                return
            query["start"] = following
        raise HistoryAwayError("more pages than are read")

    async def _page(self, query: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            answer = await self._http.get("/a1/calls", params=query)
        except httpx.HTTPError as error:
            raise HistoryAwayError(type(error).__name__) from error
        if answer.status_code != 200 or len(answer.content) > _LARGEST:
            raise HistoryAwayError(f"answered {answer.status_code}")
        try:
            page = answer.json()
        except (ValueError, RecursionError) as error:
            raise HistoryAwayError("no JSON") from error
        if not isinstance(page, dict):
            raise HistoryAwayError("no page")
        return page


def _records(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = page.get("data")
    each = data if isinstance(data, list) else []
    return [one for one in each if isinstance(one, dict) and isinstance(one.get("id"), str)]


def _is_over(record: Mapping[str, Any]) -> bool:
    """Say whether a call is over beyond doubt: a `success` that has no duration may be one that still goes on."""
    if record.get("state") == "success":
        seconds = record.get("duration")
        return isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return record.get("state") in _OVER


def _end(record: Mapping[str, Any]) -> HangUp | None:
    try:
        return elks.hang_up(
            {"id": record["id"], "state": record["state"], "legs": json.dumps(record.get("legs") or [])}
        )
    except DomainError:
        return None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
