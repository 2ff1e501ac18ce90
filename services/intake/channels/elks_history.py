"""The calls that 46elks knows: `GET {base}/a1/calls` with HTTP Basic, newest first, page by page.

By its documentation `start` is the newest moment that is wanted and `end` the oldest (UTC without a zone), `limit` is
at most 100, and `next` is the `start` of the following page, if there is one. A call that is over has the state
`success`, `busy` or `failed`; its `legs` are a list here, not a string as in the webhook.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from services.intake.channels import elks
from services.intake.channels.provider import SECONDS, ProviderAwayError, ask, client_of
from services.intake.domain.call import HangUp
from shared.errors import DomainError

_OVER = frozenset({"success", "busy", "failed"})
_PAGE = 100
MOST_PAGES = 20


class ElksHistory:
    """A client of the history."""

    def __init__(self, url: str, user: str, password: str, *, seconds: float = SECONDS) -> None:
        self._http = client_of(url, user, password, seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ended(self, since: datetime, wanted: frozenset[str]) -> AsyncIterator[HangUp]:
        """Give the ends of those `wanted` calls, created after a moment, that are over; ProviderAwayError.

        Reads no further than needed, and at most MOST_PAGES pages; what one has told is given before the next is read.
        """
        seen: set[str] = set()
        query = {"end": _moment(since), "limit": str(_PAGE)}
        for _ in range(MOST_PAGES):
            page = await ask(self._http, "/a1/calls", query)
            for record in _records(page):
                seen.add(record["id"])
                if record["id"] in wanted and _is_over(record) and (end := _end(record)):
                    yield end
            following = page.get("next")
            if not isinstance(following, str) or not following or wanted <= seen or following == query.get("start"):
                return
            query["start"] = following
        raise ProviderAwayError("more pages than are read")


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
