"""The API of 46elks as its reference describes it, on a real socket: a simulator, no more.

`POST /a1/sms`, `POST /a1/calls`, `GET /a1/calls` with its pages, `GET /a1/calls/{id}`; HTTP Basic, forms in, JSON out.
What plays the calls themselves is `elks_simulator`.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.json_peer import JsonPeer

Answer = tuple[int, Mapping[str, Any]]
PAGE = 100
"""What the history gives at most at once."""


def moment(at: datetime | None = None) -> str:
    """UTC as 46elks writes it: microseconds, no zone."""
    return (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


@dataclass(slots=True)
class ElksPeer(JsonPeer):
    """Takes orders with HTTP Basic and form fields, answers with an id; tells which calls there were."""

    user: str = "u-test"
    password: str = "hemligt"
    status: int = 200
    """What is answered to a text message; 0 hangs up when the order is wholly there."""
    taken: list[dict[str, str]] = field(default_factory=list)
    """The text messages that reached it, whatever it answered."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """The calls of the account in any order, as the history shows them: `id`, `created`, `state`, …, lists as lists."""
    ordered: list[dict[str, str]] = field(default_factory=list)
    """The calls that were ordered with `POST /a1/calls`."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The queries of the history so far."""
    history_status: int = 200
    """What the history answers; anything but 200 comes without calls, and 0 hangs up."""
    dial: Callable[[dict[str, str]], dict[str, Any]] | None = None
    """What makes a call that was ordered, and returns it as the history shows it."""

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        known = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if headers.get("authorization") != f"Basic {known}":
            return 401, {"error": "login"}
        url, form = urlsplit(target), dict(parse_qsl(body.decode()))
        match (method, *url.path.split("/")[1:]):
            case ("POST", "a1", "sms"):
                return self._sms(form)
            case ("POST", "a1", "calls"):
                return self._order(form)
            case ("GET", "a1", "calls"):
                return self._history(dict(parse_qsl(url.query)))
            case ("GET", "a1", "calls", call_id):
                found = next((call for call in self.known() if call["id"] == call_id), None)
                return (200, found) if found else (404, {"error": "unknown"})
            case _:
                return 404, {"error": "unknown"}

    def known(self) -> list[dict[str, Any]]:
        """Return the calls that the history is made of."""
        return self.calls

    def _sms(self, form: dict[str, str]) -> Answer:
        if {"from", "to", "message"} - set(form):
            return 400, {"error": "missing"}
        self.taken.append(form)
        return self.status, {"id": f"s{len(self.taken):032x}", "status": "created", "direction": "outgoing", **form}

    def _order(self, form: dict[str, str]) -> Answer:
        if {"from", "to", "voice_start"} - set(form):
            return 400, {"error": "missing"}
        self.ordered.append(form)
        if self.dial is not None:
            return 200, self.dial(form)
        told = {"id": f"c{len(self.ordered):032x}", "created": moment(), "state": "ongoing", "direction": "outgoing"}
        self.calls.append(told | {"from": form["from"], "to": form["to"]})
        return 200, self.calls[-1]

    def _history(self, query: dict[str, str]) -> Answer:
        """Newest first, from `start` back to `end`; `next` is the `start` of the next page where there is one."""
        self.asked.append(query)
        if self.history_status != 200:
            return self.history_status, {"error": "history"}
        start, end = query.get("start", ""), query.get("end", "")
        within = [call for call in self.known() if (not start or call["created"] <= start) and call["created"] >= end]
        within.sort(key=lambda call: str(call["created"]), reverse=True)
        limit = max(1, min(PAGE, int(query.get("limit", PAGE))))
        page, rest = within[:limit], within[limit:]
        return 200, {"data": page} | ({"next": rest[0]["created"]} if rest else {})
