"""An IMAP server of a few lines that does as it is told: says no, says BYE, falls silent, talks nonsense, hangs up.

It stands for what a real server does once a year; what real servers do every day is tested on Dovecot.
"""

import re
import socketserver
import threading
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import ClassVar

HOST = "127.0.0.1"

NO = "no"
BYE = "bye"
SILENCE = "silence"
GARBAGE = "garbage"
CLOSE = "close"
HALF = "half"
"""Hangs up in the middle of a literal."""
HUGE = "huge"
"""Announces a literal that no memory holds."""
DRIP = "drip"
"""A byte now and then, so that no single wait is ever long."""


@dataclass(slots=True)
class ScriptedImap:
    """One mailbox with one folder; `faults` of a command are played one after the other, then it is well again."""

    mails: dict[int, bytes] = field(default_factory=dict)
    moved: dict[int, bytes] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {"INBOX", "Behandlat"})
    uidvalidity: int = 7
    password: str = "any"
    token: str = ""
    """The one token that XOAUTH2 is accepted with."""
    capabilities: str = "IMAP4rev1 IDLE MOVE UIDPLUS AUTH=XOAUTH2"
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unfetchable: set[int] = field(default_factory=set)
    """UIDs that it will not hand over."""
    deadly: set[int] = field(default_factory=set)
    """UIDs that it dies of."""
    immovable: set[int] = field(default_factory=set)
    copies: list[int] = field(default_factory=list)
    """What was copied, each as often as it was."""
    deleted: set[int] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    """Every command, without its tag."""
    port: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, command: str) -> str:
        """Take the next fault of a command."""
        with self.lock:
            return self.faults[command].pop(0) if self.faults[command] else ""

    def count(self, command: str) -> int:
        """Return how often a command was heard."""
        return sum(one.startswith(command) for one in list(self.heard))


class _HangUpError(Exception):
    pass


class _Connection(socketserver.StreamRequestHandler):
    script: ClassVar[ScriptedImap]

    def handle(self) -> None:
        with suppress(_HangUpError, OSError):
            self._play(self.script.fault("GREETING"), b"* OK here I am\r\n", "")
            while line := self.rfile.readline():
                self._command(line.decode().strip())

    def _command(self, line: str) -> None:
        tag, _, words = line.partition(" ")
        name = words.split(" ")[0].upper()
        if name == "UID":
            name = words.split(" ")[1].upper()
            words = words.partition(" ")[2]
        self.script.heard.append(words)
        answer = getattr(self, f"_{name.lower()}", self._ok)
        fault = self.script.fault(name)
        if fault in {HALF, HUGE}:
            size = 5_000 if fault == HALF else 99_999_999_999
            self.wfile.write(f"* 1 FETCH (UID 1 BODY[] {{{size}}}\r\nFrom: ".encode())
            raise _HangUpError
        if fault:
            self._play(fault, b"", tag)
        else:
            answer(tag, words)

    def _play(self, fault: str, well: bytes, tag: str) -> None:
        match fault:
            case "":
                self.wfile.write(well)
            case "no":
                self._say(tag, "NO not now")
            case "bye":
                self.wfile.write(b"* BYE the server goes down\r\n")
                raise _HangUpError
            case "silence":
                self.script.stopping.wait()
                raise _HangUpError
            case "garbage":
                self.wfile.write(b"\x00\xff} nonsense ((\r\n")
            case "drip":
                while not self.script.stopping.wait(0.02):
                    self.wfile.write(b"*")
                raise _HangUpError
            case _:
                raise _HangUpError

    def _say(self, tag: str, text: str = "OK done") -> None:
        self.wfile.write(f"{tag} {text}\r\n".encode())

    def _ok(self, tag: str, _words: str) -> None:
        self._say(tag)

    def _capability(self, tag: str, _words: str) -> None:
        self.wfile.write(f"* CAPABILITY {self.script.capabilities}\r\n".encode())
        self._say(tag)

    def _login(self, tag: str, words: str) -> None:
        right = words.endswith(f'"{self.script.password}"')
        self._say(tag, "OK in" if right else "NO [AUTHENTICATIONFAILED] wrong password")

    def _authenticate(self, tag: str, _words: str) -> None:
        self.wfile.write(b"+ \r\n")
        told = b64decode(self.rfile.readline().strip()).decode()
        if self.script.token and f"auth=Bearer {self.script.token}\x01" in told:
            self._say(tag, "OK in")
            return
        self.wfile.write(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
        assert self.rfile.readline().strip() == b""
        self._say(tag, "NO [AUTHENTICATIONFAILED] the token is no good")

    def _list(self, tag: str, words: str) -> None:
        if any(words.endswith((f'"{name}"', f" {name}")) for name in self.script.folders):
            self.wfile.write(f'* LIST () "/" {words.rpartition(" ")[2]}\r\n'.encode())
        self._say(tag)

    def _create(self, tag: str, words: str) -> None:
        self.script.folders.add(words.split(" ", 1)[1].strip('"'))
        self._say(tag)

    def _select(self, tag: str, _words: str) -> None:
        self.wfile.write(f"* {len(self.script.mails)} EXISTS\r\n".encode())
        self.wfile.write(f"* OK [UIDVALIDITY {self.script.uidvalidity}] fine\r\n".encode())
        self._say(tag)

    def _search(self, tag: str, _words: str) -> None:
        self.wfile.write(f"* SEARCH {' '.join(map(str, sorted(self.script.mails)))}\r\n".encode())
        self._say(tag)

    def _fetch(self, tag: str, words: str) -> None:
        uids = [int(uid) for uid in words.split(" ")[1].split(",") if int(uid) in self.script.mails]
        if "BODY" in words and self.script.unfetchable.intersection(uids):
            self._say(tag, "NO [SERVERBUG] cannot read one of them")
            return
        for uid in uids:
            raw = self.script.mails[uid]
            date = 'INTERNALDATE " 5-Nov-2026 08:09:10 +0100"'
            if "BODY" not in words:
                self.wfile.write(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(raw)} {date})\r\n".encode())
                continue
            if uid in self.script.deadly:
                raise _HangUpError
            self.wfile.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        self._say(tag)

    def _move(self, tag: str, words: str) -> None:
        uids = [int(uid) for uid in words.split(" ")[1].split(",")]
        if self.script.immovable.intersection(uids):
            self._say(tag, "NO [OVERQUOTA] the folder is full")
            return
        for uid in uids:
            self.script.moved[uid] = self.script.mails.pop(uid, b"")
        self._say(tag)

    def _copy(self, tag: str, words: str) -> None:
        self.script.copies += [int(uid) for uid in words.split(" ")[1].split(",")]
        self._say(tag)

    def _store(self, tag: str, words: str) -> None:
        self.script.deleted |= {int(uid) for uid in words.split(" ")[1].split(",")}
        self._say(tag)

    def _expunge(self, tag: str, _words: str) -> None:
        for uid in self.script.deleted & self.script.mails.keys():
            self.script.moved[uid] = self.script.mails.pop(uid)
        self._say(tag)

    def _idle(self, tag: str, _words: str) -> None:
        self.wfile.write(b"+ idling\r\n")
        fault = self.script.fault("IDLING")
        if fault:
            self._play(fault, b"", tag)
        assert re.match(rb"DONE|$", self.rfile.readline())
        self._say(tag)

    def _logout(self, tag: str, _words: str) -> None:
        self.wfile.write(b"* BYE see you\r\n")
        self._say(tag)
        raise _HangUpError


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@contextmanager
def scripted_imap(script: ScriptedImap | None = None) -> Iterator[ScriptedImap]:
    """Run the server on a free port of loopback as long as the block lasts."""
    script = script or ScriptedImap()
    handler = type("Connection", (_Connection,), {"script": script})
    with _Server((HOST, 0), handler) as server:
        script.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield script
        finally:
            script.stopping.set()
            server.shutdown()
            thread.join()
