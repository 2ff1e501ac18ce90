"""Runs an app until SIGTERM: streams and waiting pulls are told to end first, then the rest drains."""

import contextlib
import resource
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.settings import ServiceSettings
from shared.web.protocol import protocol_for

OTHER_FILES = 500
"""Files that are open besides the connections: Kafka, PostgreSQL, Redis, originals."""


class Server(uvicorn.Server):
    """uvicorn, except that what waits forever is told to end before connections are awaited."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._closing = app.state.closing

    async def shutdown(self, sockets: object = None) -> None:
        """End the streams, then drain as uvicorn does."""
        self._closing.set()
        await super().shutdown(sockets)  # type: ignore[arg-type] # sockets are uvicorn's own business

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the signal; a stop that was asked for is not an error."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Serve `app` on the settings' address until it is told to stop, then return."""
    _allow_files(settings.connections)
    with contextlib.suppress(KeyboardInterrupt):
        Server(config_of(app, settings), app).run()


def config_of(app: FastAPI, settings: ServiceSettings, *, port: int | None = None) -> uvicorn.Config:
    """Return how every service is served; tests give a port of their own."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port if port is None else port,
        loop="uvloop",
        http=protocol_for(app, settings),
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # uvicorn believes loopback whatever `trusted_proxies` says: `callers` reads them
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.answer_seconds)),
    )


def _allow_files(connections: int) -> None:
    """Have as many files open as connections may come, as far as the machine lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
