"""An IMAP mailbox, blocking: run in a thread of its own, every wait bounded by the socket's timeout.

IDLE is a hint that ends a wait early; what is in the folder is the truth. The standard library's connection under
imap-tools is used because its timeout is obeyed: a server that says BYE in the middle of an IDLE never hangs us.
imap-tools' own IDLE is not: it takes a notice before the server's leave to idle for a failure.
"""

import contextlib
import imaplib
import re
import selectors
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxUnencrypted
from imap_tools.imap_utf7 import utf7_encode

from shared.errors import TransientError

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
ERRORS = (OSError, imaplib.IMAP4.error, ImapToolsError, EOFError)
"""What a mail server that is away or confused raises."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where a mailbox is, and the folders its mails come to and go to."""

    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"
    processed: str = "Behandlat"
    tls: bool = True
    timeout: float = 20.0

    @property
    def name(self) -> str:
        """The name its place is remembered under."""
        return f"{self.user}@{self.host}/{self.folder}"


@dataclass(frozen=True, slots=True)
class Found:
    """A mail in the folder: its UID and size in bytes."""

    uid: int
    size: int


class Mailbox:
    """One connection to a mailbox; not for two threads at once, except `drop`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._box: BaseMailBox | None = None
        self._abilities: frozenset[str] = frozenset()

    def open(self) -> int:
        """Log in and select the folder; return its UIDVALIDITY."""
        account = self.account
        if account.tls:
            context = ssl.create_default_context()
            self._box = MailBox(account.host, account.port, timeout=account.timeout, ssl_context=context)
        else:
            self._box = MailBoxUnencrypted(account.host, account.port, timeout=account.timeout)
        self._box.login(account.user, account.password, initial_folder=None)
        told = self._client.capability()[1]  # a server says more after the login
        self._abilities = frozenset(b" ".join(one for one in told if one).decode("ascii", "replace").upper().split())
        if not self._box.folder.exists(account.processed):
            self._box.folder.create(account.processed)
        self._box.folder.set(account.folder)
        return self._uidvalidity()

    def _uidvalidity(self) -> int:
        told = self._client.response("UIDVALIDITY")[1]
        if told and told[0]:
            return int(told[0])
        return int(self._box_open.folder.status(self.account.folder, ["UIDVALIDITY"])["UIDVALIDITY"])

    def close(self) -> None:
        """Leave; a connection that is broken is dropped."""
        box, self._box = self._box, None
        if box is not None:
            with contextlib.suppress(*ERRORS):
                box.client.logout()
            with contextlib.suppress(*ERRORS):
                box.client.shutdown()

    def drop(self) -> None:
        """Break the connection from another thread: whatever waits in it raises at once."""
        box = self._box
        if box is not None:
            with contextlib.suppress(*ERRORS):
                box.client.sock.shutdown(socket.SHUT_RDWR)

    def look(self) -> list[Found]:
        """Return the mails in the folder, by UID."""
        self._client.noop()
        answer = self._ask("SEARCH", "UNDELETED")
        uids = sorted(map(int, b" ".join(answer).split()))
        return [found for some in _chunks(uids, 500) for found in self._sizes(some)]

    def fetch(self, uids: Sequence[int], part: str = "BODY.PEEK[]") -> dict[int, bytes]:
        """Return the bytes of mails (or of `BODY.PEEK[HEADER]`) by UID; one that is gone is missing."""
        if not uids:
            return {}
        return dict(_literals(self._ask("FETCH", ",".join(map(str, uids)), f"(UID {part})")))

    def move(self, uids: Sequence[int]) -> None:
        """Move mails to the folder of the processed."""
        names, target = ",".join(map(str, uids)), b'"' + utf7_encode(self.account.processed) + b'"'
        if "MOVE" in self._abilities:
            self._ask("MOVE", names, target)
            return
        self._ask("COPY", names, target)
        self._ask("STORE", names, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._abilities:
            self._ask("EXPUNGE", names)
        else:
            self._client.expunge()

    def wait(self, seconds: float) -> None:
        """Return when the server hints at something new, on `drop`, or after `seconds`."""
        if "IDLE" not in self._abilities:
            self._select(min(seconds, 1.0))
            return
        client: Any = self._client
        tag = client._command("IDLE")  # noqa: SLF001 - imaplib has no IDLE before Python 3.14
        news = False
        while client._get_response() is not None:  # noqa: SLF001 - None is the server's leave to idle
            if client.tagged_commands.get(tag):
                raise TransientError("mail server: IDLE refused")
            news = True  # a mail came between the search and now: its notice stands before the leave
        if not news and not self._buffered():
            self._select(seconds)
        client.send(b"DONE\r\n")
        self._box_open.consume_until_tagged_response(tag)

    def _select(self, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._client.sock, selectors.EVENT_READ)
            selector.select(seconds)

    def _buffered(self) -> bool:
        """Say whether the server's hint came in the same breath as its leave to idle, where select cannot see it."""
        stream: Any = getattr(self._client, "_file", None) or self._client.file
        self._client.sock.settimeout(0)
        try:
            return bool(stream.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self._client.sock.settimeout(self.account.timeout)

    def _sizes(self, uids: Sequence[int]) -> Iterator[Found]:
        for line in self._ask("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)"):
            data = line[0] if isinstance(line, tuple) else line
            uid, size = _UID.search(data or b""), _SIZE.search(data or b"")
            if uid:
                yield Found(int(uid[1]), int(size[1]) if size else 0)

    def _ask(self, command: str, *words: str | bytes) -> list[Any]:
        kind, answer = self._client.uid(command, *words)  # type: ignore[arg-type] # bytes go as they are
        if kind != "OK":
            raise TransientError(f"mail server: {command} answered {kind}")
        return [one for one in answer if one is not None]

    @property
    def _client(self) -> imaplib.IMAP4:
        return self._box_open.client

    @property
    def _box_open(self) -> BaseMailBox:
        if self._box is None:
            raise TransientError("the mailbox is not open")
        return self._box


def _literals(answer: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    """Read `(b'1 (UID 5 BODY[] {12}', bytes), b')'`; some servers name the UID behind the bytes."""
    for number, item in enumerate(answer):
        if not isinstance(item, tuple):
            continue
        behind = answer[number + 1] if number + 1 < len(answer) and isinstance(answer[number + 1], bytes) else b""
        uid = _UID.search(item[0]) or _UID.search(behind)
        if uid:
            yield int(uid[1]), item[1]


def _chunks(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
