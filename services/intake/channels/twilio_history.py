"""The calls that Twilio knows: `GET {base}/2010-04-01/Accounts/{account}/Calls.json`, newest first, page by page.

By its documentation `StartTime>` is a day in UTC, `PageSize` at most 1000, and `next_page_uri` the address of the
following page (without the host), null on the last. The phones that a call was connected to are calls of their own with
its `parent_call_sid`; they began later, so they are read before it. `duration` is a number in a string.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.intake.channels import twilio
from services.intake.channels.provider import SECONDS, ProviderAwayError, ask, client_of
from services.intake.domain.call import HangUp
from shared.errors import DomainError

PREFIX = "twilio/"
MOST_PAGES = 40
_PAGE = 500
_API = "/2010-04-01/Accounts"


class TwilioHistory:
    """A client of the history; `user` is an API key or the account itself, `password` its secret or token."""

    def __init__(self, url: str, account: str, user: str, password: str, *, seconds: float = SECONDS) -> None:
        self._calls = f"{_API}/{account}/Calls.json"
        self._http = client_of(url, user or account, password, seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ended(self, since: datetime, wanted: frozenset[str]) -> AsyncIterator[HangUp]:
        """Give the ends of those `wanted` calls, begun on the day of a moment or later, that are over.

        Reads no further than needed and at most MOST_PAGES pages; ProviderAwayError when that was not enough.
        """
        legs: dict[str, list[float]] = defaultdict(list)
        seen: set[str] = set()
        query: dict[str, str] | None = {"StartTime>": since.astimezone(UTC).date().isoformat(), "PageSize": str(_PAGE)}
        path = self._calls
        for _ in range(MOST_PAGES):
            page = await ask(self._http, path, query)
            for record in _records(page):
                parent = record.get("parent_call_sid")
                if isinstance(parent, str) and parent:
                    legs[parent] += _answered(record)
                    continue
                call_id = PREFIX + record["sid"]
                seen.add(call_id)
                if call_id in wanted and (end := _end(record, legs[record["sid"]])):
                    yield end
            following = page.get("next_page_uri")
            if not isinstance(following, str) or not following.startswith(f"{_API}/") or wanted <= seen:
                return
            path, query = following, None
        raise ProviderAwayError("more pages than are read")


def _records(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = page.get("calls")
    each = calls if isinstance(calls, list) else []
    return [one for one in each if isinstance(one, dict) and isinstance(one.get("sid"), str)]


def _answered(leg: Mapping[str, Any]) -> tuple[float, ...]:
    return (
        twilio.leg_seconds({"DialCallDuration": str(leg.get("duration"))}) if leg.get("status") == "completed" else ()
    )


def _end(record: Mapping[str, Any], legs: list[float]) -> HangUp | None:
    """Return the end of a call that is over; who was connected to nobody has talked for no second."""
    try:
        over = twilio.hang_up({"CallSid": record["sid"], "CallStatus": str(record.get("status"))})
    except DomainError:
        return None
    return replace(over, leg_seconds=tuple(legs) or (0.0,)) if over else None
