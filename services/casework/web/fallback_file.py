"""The fallback as a file that is written now and then, for a share that is read when nothing here answers."""

import asyncio
import secrets
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.casework.usecases.read_fallback import ReadFallback
from shared.clock import Clock
from shared.web.pages import Pages

EVERY_SECONDS = 3_600.0
_AGAIN_SECONDS = 60.0
log = structlog.get_logger(__name__)


class FallbackFile:
    """Writes it; a reader sees the whole file of before or the whole new one, never a half."""

    def __init__(self, read: ReadFallback, pages: Pages, path: str, clock: Clock) -> None:
        self._read = read
        self._pages = pages
        self._path = Path(path) if path else None
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def write(self) -> bool:
        """Write it once; False when it could not be written, and the old one stands."""
        if self._path is None:
            return False
        try:
            template = self._pages.environment.get_template("pages/fallback_paper.html")
            html = template.render(lang="sv", shown=await self._read.run(), made=self._clock())
            await asyncio.to_thread(_replace, self._path, html)
        except (SQLAlchemyError, OSError) as error:
            log.warning("fallback.not_written", error=type(error).__name__)
            return False
        return True

    async def start(self) -> None:
        """Write it each hour, until stopped; nothing where no file is named."""
        if self._path is not None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            written = await self.write()
            await asyncio.sleep(EVERY_SECONDS if written else _AGAIN_SECONDS)


def _replace(path: Path, html: str) -> None:
    """Put a file in the place of another in one step, whoever else does so."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fresh.write_text(html, encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
