"""Static files under addresses that hold the hash of their content, so that browsers may keep them for a year."""

import asyncio
import gzip
import hashlib
from os import PathLike
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

SHARED = Path(__file__).parent / "static"
_WORDS = {".css", ".js", ".svg"}
"""Files that get much smaller. Pages are sent as they are: beside a form token, length tells (BREACH)."""


class Assets:
    """The static folders: ours, and one per service under its name (`casework/desk.js`)."""

    def __init__(self, folders: dict[str, Path], prefix: str = "") -> None:
        self._folders = {name: folder for name, folder in folders.items() if folder.is_dir()}
        self._prefix = prefix
        self._hashes: dict[tuple[Path, int], str] = {}

    @property
    def folders(self) -> dict[str, Path]:
        """The service folders that exist."""
        return self._folders

    def url(self, path: str) -> str:
        """Return the address of a file, with the hash of what it holds now; empty when it is not there."""
        file = self._locate(path)
        if not file.is_file():
            return ""
        key = (file, file.stat().st_mtime_ns)
        if key not in self._hashes:
            self._hashes[key] = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        return f"{self._prefix}/static/{path}?v={self._hashes[key]}"

    def _locate(self, path: str) -> Path:
        first, _, rest = path.partition("/")
        return self._folders[first] / rest if first in self._folders else SHARED / path


class CachedFiles(StaticFiles):
    """Static files: a year when the address holds a hash, asked for anew otherwise; smaller where the browser can."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        self._small: dict[tuple[str | PathLike[str], float], bytes] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer one file with its cache rule."""
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse) and Path(response.path).suffix in _WORDS:
            response = await self._smaller(response, Headers(scope=scope))
        hashed = "v" in QueryParams(scope.get("query_string", b""))
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response

    async def _smaller(self, plain: FileResponse, asked: Headers) -> Response:
        """Return the same compressed, if that is understood and no part of it is asked for; each file is so once."""
        plain.headers["vary"] = "accept-encoding"
        if "gzip" not in asked.get("accept-encoding", "") or "range" in asked or plain.stat_result is None:
            return plain
        key = (plain.path, plain.stat_result.st_mtime)
        if key not in self._small:
            self._small[key] = await asyncio.to_thread(_compressed, plain.path)
        kept = {name: plain.headers[name] for name in ("content-type", "last-modified", "vary")}
        same = {"etag": f"W/{plain.headers['etag']}", "content-encoding": "gzip"}
        return Response(self._small[key], headers=kept | same)


def _compressed(path: str | PathLike[str]) -> bytes:
    return gzip.compress(Path(path).read_bytes(), mtime=0)


def mounts(assets: Assets) -> list[tuple[str, Any]]:
    """Return path and application of every static folder, the more precise first."""
    own: list[tuple[str, Any]] = [
        (f"/static/{name}", CachedFiles(directory=folder)) for name, folder in assets.folders.items()
    ]
    return [*own, ("/static", CachedFiles(directory=SHARED))]
