"""The API of 46elks as its reference describes it, on a real socket: a simulator, no more.

`POST /a1/sms`, `POST /a1/calls`, `GET /a1/calls` with its pages, `GET /a1/calls/{id}`; HTTP Basic, forms in, JSON out.
What plays the calls themselves is `elks_simulator`.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from deploy.local.part import HOST, free_ports

Answer = tuple[int, Mapping[str, Any]]
PAGE = 100
"""What the history gives at most at once."""


def moment(at: datetime | None = None) -> str:
    """UTC as 46elks writes it: microseconds, no zone."""
    return (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


@dataclass(slots=True)
class ElksPeer:
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
    port: int = 0
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def __aenter__(self) -> Self:
        self.port = self.port or free_ports(1)[0]
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            code, answer = self._answer(head[0], headers, dict(parse_qsl(body.decode())))
            if code:
                sent = json.dumps(answer).encode()
                length = f"Content-Length: {len(sent)}\r\nConnection: close"
                writer.write(f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\n{length}\r\n\r\n".encode() + sent)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # hung up on
        finally:
            writer.close()

    def _answer(self, line: str, headers: dict[str, str], form: dict[str, str]) -> Answer:
        known = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if headers.get("authorization") != f"Basic {known}":
            return 401, {"error": "login"}
        method, target = line.split(" ")[:2]
        url = urlsplit(target)
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
