"""Runs an app until SIGTERM: streams and waiting pulls are told to end first, then the rest drains."""

import contextlib
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.settings import ServiceSettings


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
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.answer_seconds)),
    )
    with contextlib.suppress(KeyboardInterrupt):
        Server(config, app).run()
