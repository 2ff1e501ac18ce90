"""An app on a free port of loopback, for tests that need a browser or a real connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from tests.support.wait import eventually


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve the app until the block ends; its address is given. Streams are told to end first, as in production."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, ws="none", access_log=False, log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started or task.done(), timeout=40)
        if task.done():
            task.result()
            raise AssertionError("the app did not start; its log says why")
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        app.state.closing.set()
        server.should_exit = True
        await asyncio.wait([task], timeout=15)
