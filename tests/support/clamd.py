"""A clamd of the tests' own: a socket and a folder of its own, and signatures that only know what tests write."""

import contextlib
import os
import pwd
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local.part import Part, let_through, unprivileged_user
from deploy.local.running import Running, spawn, wait_ready

CLAMD = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
needs_clamd = pytest.mark.skipif(not CLAMD, reason="no clamd on this machine; `make test-setup` installs it")

MALWARE = b"DET-HAR-ESTET-AR-SMITTAT-MEN-BARA-I-PROVEN"
"""What the signature knows; harmless, and unknown to every other scanner."""
LARGEST = 1_000_000
"""Bytes that it takes in one stream; of a file that unpacks to more than half of it, it looks at a part only."""

CONFIGURATION = """
Foreground yes
LocalSocket {socket}
LocalSocketMode 666
DatabaseDirectory {data}/signatures
TemporaryDirectory {data}
LogFile {data}/clamd.log
ConcurrentDatabaseReload no
AlertExceedsMax yes
StreamMaxLength {largest}
MaxFileSize {half}
MaxScanSize {half}
MaxThreads 4
"""


@dataclass(slots=True)
class Scanner(Part):
    """The scanner; it listens at `socket` and has no port."""

    name: str = "clamd"
    running: Running | None = field(default=None, repr=False)

    @property
    def socket(self) -> Path:
        """Return where it is asked."""
        return self.data / "clamd.sock"

    def user(self) -> str | None:
        return unprivileged_user()

    def prepare(self) -> None:
        """Write its configuration and its one signature; give the folder to the user it runs as."""
        (self.data / "signatures").mkdir(parents=True, exist_ok=True)
        (self.data / "signatures" / "tests.ndb").write_text(f"Prov.Smitta-1:0:*:{MALWARE.hex()}\n")
        words = {"data": self.data, "socket": self.socket, "largest": LARGEST, "half": LARGEST // 2}
        self.configuration.write_text(CONFIGURATION.format(**words))
        if owner := self.user():
            let_through(self.data)
            entry = pwd.getpwnam(owner)
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, entry.pw_uid, entry.pw_gid)

    def command(self) -> list[str]:
        return [CLAMD, "--config-file", str(self.configuration)]

    def ready(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1)
            line.connect(str(self.socket))
            line.sendall(b"zPING\0")
            return line.recv(16) == b"PONG\0"
        return False

    @property
    def configuration(self) -> Path:
        """Return its file of settings."""
        return self.data / "clamd.conf"


@contextlib.contextmanager
def clamd() -> Iterator[Scanner]:
    """Run a clamd of one's own as long as the block lasts; it is `running` and may be killed and started again."""
    root = Path(tempfile.mkdtemp(prefix="kontaktcenter-clamd-"))
    part = Scanner(0, root)
    part.prepare()
    running = spawn(part, root / "output", dies_with_us=threading.current_thread() is threading.main_thread())
    try:
        part.running = wait_ready(running)
        yield part
    finally:
        running.kill()
        shutil.rmtree(root, ignore_errors=True)
