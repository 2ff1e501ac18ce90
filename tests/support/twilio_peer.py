"""A stand-in for Twilio's REST API as its reference describes it, on a real socket: made by us, no more.

`GET /2010-04-01/Accounts/{account}/Calls.json` with its pages, and `POST` there to order a call; HTTP Basic.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.json_peer import JsonPeer
from tests.support.twilio_line import ACCOUNT

Answer = tuple[int, Mapping[str, Any]]
LARGEST_PAGE = 1000


def record(sid: str, status: str, *, ago: float = 10, parent: str | None = None, duration: int = 0) -> dict[str, Any]:
    """Return a call as the API shows it: moments as in mails, a duration only when somebody had answered."""
    began = datetime.now(UTC) - timedelta(seconds=ago)
    told = {"sid": sid, "parent_call_sid": parent, "status": status, "account_sid": ACCOUNT, "start": began}
    told |= {"start_time": format_datetime(began), "direction": "outbound-dial" if parent else "inbound"}
    return told | {"duration": str(duration) if status == "completed" else None}


@dataclass(slots=True)
class TwilioPeer(JsonPeer):
    """Tells which calls there were, newest first, and takes orders for new ones."""

    user: str = ACCOUNT
    password: str = "1" * 32
    status: int = 200
    """What is answered to a question; 0 hangs up."""
    page: int = LARGEST_PAGE
    """How many calls a page has at most."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    """The questions so far."""
    ordered: list[dict[str, str]] = field(default_factory=list)
    """The calls that were ordered."""

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        known = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        url = urlsplit(target)
        if headers.get("authorization") != f"Basic {known}":
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}
        if url.path != self.path:
            return 404, {"code": 20404, "status": 404}
        return self._order(body) if method == "POST" else self._list(dict(parse_qsl(url.query)))

    @property
    def path(self) -> str:
        return f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"

    def _order(self, body: bytes) -> Answer:
        form = dict(parse_qsl(body.decode()))
        if {"To", "From"} - set(form) or not {"Url", "Twiml"} & set(form):
            return 400, {"code": 21201, "status": 400}
        if self.status != 200:
            return self.status, {"code": 20500, "status": self.status}
        self.ordered.append(form)
        return 201, {"sid": f"CA{len(self.ordered):032x}", "status": "queued", "direction": "outbound-api"}

    def _list(self, query: dict[str, str]) -> Answer:
        self.asked.append(query)
        if self.status != 200:
            return self.status, {"code": 20500, "status": self.status}
        since = query.get("StartTime>", "")
        within = [call for call in self.calls if call["start"].date().isoformat() >= since]
        within.sort(key=lambda call: call["start"], reverse=True)
        size, page = min(self.page, int(query.get("PageSize", 50))), int(query.get("Page", 0))
        shown = within[page * size : (page + 1) * size]
        more = urlencode(query | {"Page": str(page + 1), "PageToken": "PA1"}) if within[(page + 1) * size :] else ""
        calls = [{name: value for name, value in call.items() if name != "start"} for call in shown]
        return 200, {"calls": calls, "page": page, "next_page_uri": f"{self.path}?{more}" if more else None}
