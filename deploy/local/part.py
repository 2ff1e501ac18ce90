"""One part of the stack: what it needs before it starts, how it is started, and how one sees that it answers."""

import os
import pwd
import socket
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any

HOST = "127.0.0.1"


class StackError(Exception):
    """The stack cannot start or go on, said so that the reader knows what to do."""


@dataclass(slots=True)
class Part:
    """A server process on loopback with a folder of its own; subclasses say which."""

    port: int
    data: Path
    name: str = ""
    setting: str = ""
    """The variable that moves its port."""
    stop_signal: Signals = SIGTERM
    grace: float = 10.0
    """Seconds between the polite signal and SIGKILL."""
    patience: float = 120.0
    """Seconds it may take until it answers."""
    pause: float = 0.05
    """Seconds between two questions whether it answers."""
    environment: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Do once per folder what must precede the first start."""
        self.data.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        """Return the command line; the process stays in the foreground."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Return whether it answers in its own protocol."""
        raise NotImplementedError

    def ports(self) -> dict[str, int]:
        """Return every port it listens on, by the setting that moves it."""
        return {self.setting: self.port}

    def user(self) -> str | None:
        """Return the system user it must run as, None for our own."""
        return None


def listening(port: int, *, timeout: float = 0.2) -> bool:
    """Return whether somebody accepts connections on this port of loopback."""
    try:
        with socket.create_connection((HOST, port), timeout=timeout):
            return True
    except OSError:
        return False


def taken(port: int) -> bool:
    """Return whether this port cannot be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def free_ports(count: int) -> list[int]:
    """Return that many different free ports below the range the kernel hands out to connections by itself."""
    found: list[int] = []
    while len(found) < count:
        candidate = 12_000 + int.from_bytes(os.urandom(2)) % 19_000
        if candidate not in found and not taken(candidate):
            found.append(candidate)
    return found


def ask(port: int, request: bytes, *, timeout: float = 1.0) -> bytes:
    """Send bytes to a port of loopback and return the first answer; empty when nobody answers."""
    try:
        with socket.create_connection((HOST, port), timeout=timeout) as connection:
            if request:
                connection.sendall(request)
            return connection.recv(4096)
    except OSError:
        return b""


def unprivileged_user() -> str | None:
    """Return the user for a server that refuses to run as root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


def as_user(name: str | None) -> dict[str, Any]:
    """Return the arguments of Popen that give up our own user, group and further groups for that user's."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def let_through(path: Path) -> None:
    """Let other users pass (not list) the folders above a path; only root needs it, for a server under another user."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
