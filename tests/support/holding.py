"""A stretch of wire before a real server that holds back what it is told to, so that a process dies right there."""

import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from deploy.local.part import HOST


@dataclass(slots=True)
class Holding:
    """Passes everything on to `port`; `hold` keeps back a command, or the server's answer to it."""

    port: int
    listener: socket.socket = field(default_factory=lambda: socket.create_server((HOST, 0)))
    held: threading.Event = field(default_factory=threading.Event)
    _freed: threading.Event = field(default_factory=threading.Event)
    _command: re.Pattern[bytes] | None = None
    _answer: bool = False

    def __post_init__(self) -> None:
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def at(self) -> int:
        """The port that leads through here."""
        return int(self.listener.getsockname()[1])

    def hold(self, command: bytes, *, answer: bool = False) -> None:
        """Let no command of this expression through, or (`answer`) let it through and keep back what is said to it."""
        self.held.clear()
        self._freed.clear()
        self._answer, self._command = answer, re.compile(command)

    def free(self) -> None:
        """Hold nothing any more; who was held is cut off, as he is dead."""
        self._command = None
        self._freed.set()

    def close(self) -> None:
        """Take no new connections."""
        self.free()
        self.listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                outer = self.listener.accept()[0]
                inner = socket.create_connection((HOST, self.port))
                asked = threading.Event()
                for source, sink, ours in ((outer, inner, True), (inner, outer, False)):
                    work = (source, sink, asked, ours)
                    threading.Thread(target=self._pump, args=work, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, asked: threading.Event, ours: bool) -> None:
        with suppress(OSError), source, sink:
            while data := source.recv(65_536):
                if ours and self._command and self._command.search(data):
                    if not self._answer:
                        return self._wait()
                    asked.set()
                elif not ours and asked.is_set() and self._command:
                    return self._wait()
                sink.sendall(data)
        return None

    def _wait(self) -> None:
        self.held.set()
        self._freed.wait(60)
