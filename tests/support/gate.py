"""A gate before a real server: open it passes everything on, shut it is a server that is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit


@dataclass(slots=True)
class Gate:
    """What stands between a client and the server at `host` and `to`."""

    host: str
    to: int
    port: int = 0
    is_open: bool = True
    _through: set[asyncio.StreamWriter] = field(default_factory=set)

    def shut(self) -> None:
        """Break every connection and take no new one."""
        self.is_open = False
        for writer in tuple(self._through):
            writer.transport.abort()

    def open(self) -> None:
        """Let everybody through again."""
        self.is_open = True

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a client with the server until one of them leaves."""
        if not self.is_open:
            writer.transport.abort()
            return
        inner, outer = await asyncio.open_connection(self.host, self.to)
        self._through |= {writer, outer}
        try:
            await asyncio.gather(_pump(reader, outer), _pump(inner, writer))
        finally:
            self._through -= {writer, outer}
            writer.transport.abort()
            outer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def gate_to(url: str) -> AsyncIterator[tuple[Gate, str]]:
    """Give a gate before the server of a URL, and the URL that leads through it."""
    parts = urlsplit(url)
    gate = Gate(parts.hostname or "127.0.0.1", parts.port or 0)
    server = await asyncio.start_server(gate.pass_on, "127.0.0.1", 0)
    gate.port = server.sockets[0].getsockname()[1]
    user, _, _ = parts.netloc.rpartition("@")
    place = f"{user}@127.0.0.1:{gate.port}" if user else f"127.0.0.1:{gate.port}"
    try:
        yield gate, urlunsplit(parts._replace(netloc=place))
    finally:
        gate.shut()
        server.close()
        await server.wait_closed()
