"""A router that answers and knows nobody, on a real socket: for tests of a service whose questions it only hears."""

# ruff: noqa: ARG002 - it answers with the shape of every peer
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.json_peer import JsonPeer


class _Nobody(JsonPeer):
    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        return 404, {}


@asynccontextmanager
async def router_peer() -> AsyncIterator[str]:
    """Serve until the block ends; its address is given."""
    async with _Nobody() as peer:
        yield peer.url
