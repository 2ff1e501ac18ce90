"""The files that come from outside (Kafka, the sandbox mail server, htmx): fetched once, each with our own SHA-256.

`jgo` fetches them and only warns when a checksum differs, so nothing is used before it agrees with `checksums.txt`.
A verified file is remembered by size and time, so a later start reads no jar and needs no network.
"""

import hashlib
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn

from deploy.local.paths import CACHE, CHECKSUMS, VENDOR

ENDPOINTS: dict[str, str] = {
    "kafka": "org.apache.kafka:kafka_2.13:4.4.0+org.slf4j:slf4j-simple:1.7.36",
    "mail": "com.icegreen:greenmail-standalone:2.1.8",
    "htmx": "org.webjars.npm:htmx.org:2.0.8",
    "sse": "org.webjars.npm:htmx-ext-sse:2.2.2",
}
"""What each part asks for; `python -m deploy.local lock-assets` writes what they bring into `checksums.txt`."""

BROWSER_FILES: dict[str, tuple[str, str]] = {
    "htmx": ("dist/htmx.min.js", "htmx.min.js"),
    "sse": ("sse.js", "sse.js"),
}
"""Per WebJar: the end of the path inside it, and the name under `/static/vendor/`."""

_VERIFIED = "verified.json"


class AssetError(Exception):
    """A file from outside is missing, cannot be fetched, or is not the one we know."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of `checksums.txt`: the part that needs it, its Maven coordinate and its SHA-256."""

    part: str
    coordinate: str
    sha256: str

    def path(self, cache: Path) -> Path:
        """Return where it lies in the cache (Maven's own layout)."""
        group, artifact, version = self.coordinate.split(":")
        return cache / "m2" / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.jar"


def known(checksums: Path = CHECKSUMS) -> list[Asset]:
    """Read the list: `sha256  part  group:artifact:version` a line."""
    rows = (line.split() for line in checksums.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    return [Asset(part=part, coordinate=coordinate, sha256=digest) for digest, part, coordinate in rows]


def ensure(*parts: str, cache: Path = CACHE, checksums: Path = CHECKSUMS, quiet: bool = False) -> list[Path]:
    """Return the verified files of the parts, in the list's order, fetching those that are missing."""
    assets = [asset for asset in known(checksums) if asset.part in parts]
    missing = [asset for asset in assets if not asset.path(cache).exists()]
    if missing:
        _fetch(missing, cache, quiet=quiet)
    _verify(assets, cache)
    return [asset.path(cache) for asset in assets]


def vendor(target: Path = VENDOR, cache: Path = CACHE, *, quiet: bool = False) -> None:
    """Unpack the browser's files from their WebJars into the folder that the pages load them from."""
    target.mkdir(parents=True, exist_ok=True)
    for part, (inside, name) in BROWSER_FILES.items():
        (jar,) = ensure(part, cache=cache, quiet=quiet)
        if (target / name).exists() and (target / name).stat().st_mtime >= jar.stat().st_mtime:
            continue
        with zipfile.ZipFile(jar) as archive:
            member = next(entry for entry in archive.namelist() if entry.endswith(f"/{inside}"))
            fresh = target / f".{name}.new"
            fresh.write_bytes(archive.read(member))
            fresh.replace(target / name)


def lock(cache: Path = CACHE, checksums: Path = CHECKSUMS) -> int:
    """Resolve every endpoint anew and write the list; returns the number of files. A person reviews the diff."""
    import jgo  # noqa: PLC0415 - slow to import, and only this command resolves

    context = _context(cache)
    lines = ["# sha256  part  group:artifact:version - written by `python -m deploy.local lock-assets`"]
    for part, endpoint in ENDPOINTS.items():
        for artifact in jgo.resolve(endpoint):
            coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
            path = _artifact(context, coordinate).resolve()
            lines.append(f"{digest_of(path)}  {part}  {coordinate}")
    checksums.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines) - 1


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verify(assets: list[Asset], cache: Path) -> None:
    memory = cache / _VERIFIED
    seen: dict[str, list[Any]] = json.loads(memory.read_text()) if memory.exists() else {}
    fresh = {asset.coordinate: _stamp(asset, cache) for asset in assets}
    unseen = [asset for asset in assets if seen.get(asset.coordinate) != fresh[asset.coordinate]]
    for asset in unseen:
        found = digest_of(asset.path(cache))
        if found != asset.sha256:
            raise AssetError(
                f"{asset.coordinate} is not the file we know: SHA-256 {found}, expected {asset.sha256}.\n"
                f"It is not used. Remove {asset.path(cache)} and start again to fetch it anew."
            )
    if unseen:
        draft = memory.with_name(f"{_VERIFIED}.{id(seen)}")
        draft.write_text(json.dumps(seen | fresh))
        draft.replace(memory)


def _stamp(asset: Asset, cache: Path) -> list[Any]:
    stat = asset.path(cache).stat()
    return [asset.sha256, stat.st_size, stat.st_mtime_ns]


def _fetch(assets: list[Asset], cache: Path, *, quiet: bool) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    bar = _Bar(len(assets), quiet=quiet)
    with TemporaryDirectory(prefix="arriving-", dir=cache) as arriving, bar.progress, ThreadPoolExecutor(8) as pool:
        context = _context(Path(arriving), bar)
        for failure in pool.map(lambda asset: _fetch_one(context, asset, cache), assets):
            if failure:
                raise AssetError(failure)
            bar.one_more()


def _fetch_one(context: Any, asset: Asset, cache: Path) -> str | None:
    try:
        arrived = Path(_artifact(context, asset.coordinate).resolve())
    except Exception as error:  # noqa: BLE001 - whatever the resolver or the network throws ends in one sentence
        return (
            f"{asset.coordinate} could not be fetched ({error}). The first start needs the network, later ones do not."
        )
    asset.path(cache).parent.mkdir(parents=True, exist_ok=True)
    arrived.replace(asset.path(cache))
    return None


def _artifact(context: Any, coordinate: str) -> Any:
    group, artifact, version = coordinate.split(":")
    return context.project(group, artifact).at_version(version).artifact()


def _context(cache: Path, bar: "_Bar | None" = None) -> Any:
    """Build the resolver's context; repositories are those of the person's own `jgo` configuration."""
    from jgo.config import GlobalSettings  # noqa: PLC0415 - slow to import, and a warm start needs none of it
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - the same

    configured = dict(GlobalSettings.load().repositories)
    return MavenContext(
        resolver=PythonResolver(progress_callback=bar.track if bar else None),
        repo_cache=cache / "m2",
        remote_repos=configured or None,
        timeout=30,
    )


class _Bar:
    """One progress bar for all files of a fetch: how many, how much."""

    def __init__(self, files: int, *, quiet: bool) -> None:
        count = TextColumn("  fetching {task.completed:.0f} of {task.total:.0f} files")
        self.progress = Progress(count, BarColumn(), TextColumn("{task.fields[megabytes]:.1f} MB"), disable=quiet)
        self._task = self.progress.add_task("files", total=files, megabytes=0.0)
        self._bytes = 0
        self._lock = Lock()

    def one_more(self) -> None:
        """Count a file that has arrived."""
        self.progress.advance(self._task)

    @contextmanager
    def track(self, name: str, size: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG002 - the resolver's signature
        """Give the resolver what it tells of the bytes it has written."""
        yield self._add

    def _add(self, count: int) -> None:
        with self._lock:
            self._bytes += count
        self.progress.update(self._task, megabytes=self._bytes / 1e6)


if __name__ == "__main__":  # the image's build: unpack the browser's files into the folder named
    vendor(Path(sys.argv[1]), quiet=True)
