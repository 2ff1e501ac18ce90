"""What the stand-ins of other people's APIs share: a real socket that takes one HTTP request and answers with JSON."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Self

from deploy.local.part import HOST, free_ports


@dataclass(slots=True)
class JsonPeer:
    """Serves as long as its block lasts; what it answers is its heir's `answer`."""

    port: int = field(default=0, kw_only=True)
    _server: asyncio.Server | None = field(default=None, kw_only=True)

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

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        """Return status and body of an answer: None is none, and status 0 hangs up without one."""
        raise NotImplementedError

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, target = head[0].split(" ")[:2]
            code, answer = self.answer(method, target, headers, body)
            if code:
                sent = b"" if answer is None else json.dumps(answer).encode()
                said = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\nConnection: close"
                writer.write(f"HTTP/1.1 {code} X\r\n{said}\r\n\r\n".encode() + sent)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # hung up on
        finally:
            writer.close()
