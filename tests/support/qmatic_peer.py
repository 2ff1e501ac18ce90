"""Orchestra's webhook sender and queues as its public module describes them: a stand-in on a real socket, no more."""

# ruff: noqa: ARG002 - it answers with the shape of every peer
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.json_peer import JsonPeer


@dataclass(slots=True)
class QmaticPeer(JsonPeer):
    """Registers endpoints, lists who waits, and sends events; it forgets an endpoint after one failure."""

    token: str = "gateway"
    status: int = 200
    """What is answered to everything, when it is not 200."""
    waiting: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Visits by queue id, of every branch."""
    endpoints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def send(self, http: httpx.AsyncClient, event: dict[str, Any]) -> None:
        """Send an event to every endpoint; one that does not take it is asked no more."""
        for endpoint in tuple(self.endpoints):
            if not (await http.post(endpoint, json=event)).is_success:
                self.endpoints.remove(endpoint)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
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
