"""Orchestra's webhook sender and queues as its public module describes them: a stand-in on a real socket, no more."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from deploy.local.part import HOST, free_ports


@dataclass(slots=True)
class QmaticPeer:
    """Registers endpoints, lists who waits, and sends events; it forgets an endpoint after one failure."""

    token: str = "gateway"
    status: int = 200
    """What is answered to everything, when it is not 200."""
    waiting: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Visits by queue id, of every branch."""
    endpoints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
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

    async def send(self, http: httpx.AsyncClient, event: dict[str, Any]) -> None:
        """Send an event to every endpoint; one that does not take it is asked no more."""
        for endpoint in tuple(self.endpoints):
            if not (await http.post(endpoint, json=event)).is_success:
                self.endpoints.remove(endpoint)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            code, answer = self._answer(head[0].split(" ")[1], headers)
            sent = b"" if answer is None else json.dumps(answer).encode()
            said = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 {code} X\r\n{said}\r\n\r\n".encode() + sent)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # hung up on
        finally:
            writer.close()

    def _answer(self, target: str, headers: dict[str, str]) -> tuple[int, Any]:
        address = urlsplit(target)
        self.asked.append(address.path)
        if self.status != 200 or headers.get("auth-token") != self.token:
            return (self.status, None) if self.status != 200 else (401, None)
        if address.path == "/qpevents/hooks/register":
            endpoint = parse_qs(address.query)["url"][0]
            self.endpoints += [] if endpoint in self.endpoints else [endpoint]
            return 204, None
        match address.path.strip("/").split("/"):
            case ["rest", "servicepoint", "branches", _, "queues"]:
                return 200, [{"id": number, "name": f"Kö {number}"} for number in self.waiting]
            case ["rest", "servicepoint", "branches", _, "queues", queue, "visits"]:
                return 200, self.waiting.get(queue, [])
            case _:
                return 404, None
