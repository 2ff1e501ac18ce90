"""A lean HTTP/1.1 client: one keep-alive connection, one request at a time, so that the load generator costs little."""

import asyncio
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_JSON = "Content-Type: application/json\r\n"


class Connection:
    """One connection to one service; opened anew when the other side has closed it."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        own = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._head = f"Host: {parts.netloc}\r\n{own}"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._close()

    async def call(self, method: str, path: str, body: bytes = b"", more: str = "") -> tuple[int, bytes]:
        """Send a request and return its status and body; a broken connection is tried once more."""
        kind = "" if "Content-Type:" in more else _JSON
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{kind}{more}Content-Length: {len(body)}\r\n\r\n"
        try:
            return await self._exchange(head.encode() + body)
        except (OSError, asyncio.IncompleteReadError):
            self._close()
            return await self._exchange(head.encode() + body)

    async def json(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The same with JSON both ways; an empty answer is None."""
        status, raw = await self.call(method, path, b"" if body is None else json.dumps(body).encode())
        return status, json.loads(raw) if raw else None

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = _number(head, b"content-length:")
            body = await reader.readexactly(length) if length else b""
        except BaseException:
            self._close()
            raise
        if b"\r\nconnection: close" in head:
            self._close()
        return int(head[9:12]), body

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _number(head: bytes, name: bytes) -> int:
    at = head.find(name)
    return int(head[at + len(name) : head.index(b"\r\n", at)]) if at >= 0 else 0
