"""The SMS door of 46elks as its API reference describes it, on a real socket: a simulator, no more."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl

from deploy.local.part import HOST, free_ports


@dataclass(slots=True)
class ElksPeer:
    """Takes `POST /a1/sms` with HTTP Basic and form fields `from`, `to`, `message`; answers with an id."""

    user: str = "u-test"
    password: str = "hemligt"
    status: int = 200
    """What is answered; 0 hangs up when the order is wholly there."""
    taken: list[dict[str, str]] = field(default_factory=list)
    """The orders that reached it, whatever it answered."""
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

    def _answer(self, line: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, dict[str, str]]:
        known = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if headers.get("authorization") != f"Basic {known}":
            return 401, {"error": "login"}
        if line.split(" ")[:2] != ["POST", "/a1/sms"] or {"from", "to", "message"} - set(form):
            return 400, {"error": "missing"}
        self.taken.append(form)
        return self.status, {"id": f"s{len(self.taken):032x}", "status": "created", "direction": "outgoing", **form}
