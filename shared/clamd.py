"""Asking clamd about a file over its Unix socket: clean, infected, or no verdict (`failed`), never an error.

Protocol: clamd(8), INSTREAM. `OK` is believed only because `AlertExceedsMax yes` in clamd.conf makes it say so when it
has looked at a part only. Its TCP port knows no password and is not spoken to.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from shared.clock import utc_now
from shared.events.contacts import Scan
from shared.metrics import FILES_SCANNED

CHUNK = 64 * 1024
LONGEST_ANSWER = 4096
ASKED_WITHIN = 2.0
"""Seconds in which a scanner that lives answers `PING`."""
FRESH = timedelta(days=7)
"""How old signatures may be: freshclam fetches new ones every day."""
_NO_ANSWER = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)
_LIMITS = "Heuristics.Limits.Exceeded"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: `said` is the name of the malware, or why there is no verdict."""

    scan: Scan
    said: str = ""


class Clamd:
    """The scanner at a socket; some files at a time, each on a connection of its own and within a deadline.

    Once it has not answered, nothing more waits for it until it answers `PING` again.
    """

    def __init__(self, socket: str, *, deadline: float = 20.0, at_once: int = 4, rest: float = 5.0) -> None:
        self._socket = socket
        self._deadline = deadline
        self._turn = asyncio.Semaphore(at_once)
        self._rest = rest
        self._asking = asyncio.Lock()
        self._away = False
        self._ask_again = 0.0

    async def scan(self, data: bytes, *, within: float | None = None) -> Verdict:
        """Return the verdict on `data`: `failed` also when it is not there in time, of all (`within`) or once asked."""
        try:
            async with asyncio.timeout(within), self._turn:
                verdict = await self._verdict(data)
        except TimeoutError:
            self._away = True  # until it answers: the next caller would wait in vain as long
            verdict = Verdict("failed", "no answer within the caller's time")
        FILES_SCANNED.labels(verdict.scan).inc()
        if verdict.scan != "clean":
            log.warning("file_not_clean", scan=verdict.scan, said=verdict.said)
        return verdict

    async def check(self) -> str | None:
        """Return None when the scanner answers, else what is wrong."""
        try:
            async with asyncio.timeout(ASKED_WITHIN):
                answer = await self._talk(b"zPING\0")
        except _NO_ANSWER as error:
            return f"{type(error).__name__}: files wait unscanned"
        return None if answer == "PONG" else f"said {answer[:60]!r}"

    async def health(self) -> str | None:
        """Return None when the scanner answers and knows what is new, else what is wrong: for the health page."""
        if (problem := await self.check()) is not None:
            return problem
        try:
            async with asyncio.timeout(ASKED_WITHIN):
                return outdated(await self._talk(b"zVERSION\0"), utc_now())
        except _NO_ANSWER as error:
            return type(error).__name__

    async def _verdict(self, data: bytes) -> Verdict:
        if self._away and not await self._is_back():
            return Verdict("failed", "away")
        try:
            async with asyncio.timeout(self._deadline):
                return _understood(await self._talk(b"zINSTREAM\0", data))
        except _NO_ANSWER as error:
            self._away = self._away or await self.check() is not None
            return Verdict("failed", type(error).__name__)

    async def _is_back(self) -> bool:
        async with self._asking:
            if self._away and time.monotonic() >= self._ask_again:
                self._ask_again = time.monotonic() + self._rest  # before: whoever asks may have no time to hear
                self._away = await self.check() is not None
            return not self._away

    async def _talk(self, command: bytes, data: bytes | None = None) -> str:
        reader, writer = await asyncio.open_unix_connection(self._socket, limit=LONGEST_ANSWER)
        try:
            writer.write(command)
            if data is not None:
                await _stream(writer, data)
            return (await reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace").strip()
        finally:
            writer.transport.abort()  # nothing is left to say; a scanner that hangs must not hold us


async def _stream(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send the file in pieces; one that grows too large is refused in the middle, and the answer says so."""
    view = memoryview(data)
    with suppress(ConnectionError):
        for start in range(0, len(data), CHUNK):
            piece = view[start : start + CHUNK]
            writer.write(len(piece).to_bytes(4, "big"))
            writer.write(piece)
            await writer.drain()
        writer.write(bytes(4))
        await writer.drain()


def outdated(version: str, now: datetime) -> str | None:
    """Return what is wrong with the signatures by `ClamAV 1.4.6/27834/Mon Nov 30 08:00:01 2026`; None without a day."""
    try:
        made = datetime.strptime(version.split("/")[2], "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except (IndexError, ValueError):
        return None  # signatures of one's own have no day
    return f"signatures of {made.date()}: what is new is not found" if now - made > FRESH else None


def _understood(answer: str) -> Verdict:
    """Return the verdict in `stream: OK`, `stream: <name> FOUND` or `<why> ERROR`; whatever else it says is none."""
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return Verdict("clean")
    if said.endswith(" FOUND") and not said.startswith(_LIMITS):
        return Verdict("infected", said.removesuffix(" FOUND"))
    return Verdict("failed", said[:200])
