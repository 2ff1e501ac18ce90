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
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.consts import SHORT_MONTH_NAMES
from imap_tools.errors import MailboxFolderCreateError, UnexpectedCommandStatusError
from imap_tools.utils import encode_folder

from services.intake.channels.account import Account
from services.intake.channels.imap_connect import connect, log_in
from services.intake.channels.imap_errors import ERRORS, SaidNoError, ServerError, plain, told_by, words
from services.intake.channels.imap_oauth import Tokens

__all__ = ["ERRORS", "Account", "Found", "Mailbox", "try_mailbox"]

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([ \d]\d)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')
_MONTHS = {name.lower(): number for number, name in enumerate(SHORT_MONTH_NAMES, 1)}


@dataclass(frozen=True, slots=True)
class Found:
    """A mail in the folder: its UID, its size in bytes, when the server took it in, and whether it is old."""

    uid: int
    size: int
    internal_at: datetime | None = None
    old: bool = False


class Mailbox:
    """One connection to a mailbox; not for two threads at once, except `drop`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.waiting = 0
        """How many mails the last look saw, but for what it was to pass over."""
        self.old = 0
        """How many of them are old."""
        self.skipped = frozenset[int]()
        """What of that lay there still."""
        self.folder_problem = ""
        """Why there is no folder for the processed; empty when there is one."""
        self._box: BaseMailBox | None = None
        self._wire: socket.socket | None = None
        self._tokens = Tokens(account.oauth2, account.timeout) if account.oauth2 else None
        self._abilities: frozenset[str] = frozenset()
        self._numbering = ("", 0)
        self._copied: set[int] = set()
        """What lies among the processed already, where the server copied it and would not remove it (no MOVE)."""

    def open(self, folder: str = "") -> int:
        """Log in and select the folder (that of arrivals, or another); return its UIDVALIDITY."""
        self._box = connect(self.account, self._note)
        log_in(self._box, self.account, self._tokens)
        told = self._client.capability()[1]  # a server says more after the login
        self._abilities = frozenset(b" ".join(one for one in told if one).decode("ascii", "replace").upper().split())
        self.prepare()
        name = folder or self.account.folder
        try:
            self._box.folder.set(name)
        except UnexpectedCommandStatusError as error:
            raise ServerError(f"the folder {name} cannot be opened: {told_by(error)}") from error
        numbering = (name, self._uidvalidity(name))
        if numbering != self._numbering:
            self._copied.clear()
        self._numbering = numbering
        return numbering[1]

    def _note(self, wire: socket.socket) -> None:
        self._wire = wire

    def prepare(self) -> None:
        """Make the folder of the processed where there is none; the mails come in even when that is refused."""
        folder = self._box_open.folder
        self.folder_problem = ""
        try:
            if not folder.exists(self.account.processed):
                folder.create(self.account.processed)
        except MailboxFolderCreateError as error:
            self.folder_problem = told_by(error) or "refused"

    def _uidvalidity(self, folder: str) -> int:
        told = self._client.response("UIDVALIDITY")[1]
        if told and told[0]:
            return int(told[0])
        return int(self._box_open.folder.status(folder, ["UIDVALIDITY"])["UIDVALIDITY"])

    def close(self) -> None:
        """Leave; a connection that is broken is dropped."""
        box, self._box = self._box, None
        if box is not None:
            with contextlib.suppress(*ERRORS):
                box.client.logout()
            with contextlib.suppress(*ERRORS):
                box.client.shutdown()
        self._wire = None  # only now: a server can hold us at its farewell too

    def drop(self) -> None:
        """Break the connection from another thread: whatever waits in it raises at once."""
        wire = self._wire
        if wire is not None:
            with contextlib.suppress(OSError):
                # Below TLS: its own shutdown takes away what the waiting thread reads with.
                socket.socket.shutdown(wire, socket.SHUT_RDWR)

    def look(self, skip: Collection[int] = ()) -> list[Found]:
        """Return a page of the mails in the folder but for the UIDs of `skip`: what is new first, each by UID.

        However many lie there, only a page's sizes are asked for; what is taken in is moved, and the next page comes.
        """
        self._client.noop()
        uids, old = self._search("UNDELETED"), frozenset[int]()
        if (first := self.account.import_before) and uids:
            old = frozenset(
                self._search("UNDELETED", "BEFORE", f"{first.day}-{SHORT_MONTH_NAMES[first.month - 1]}-{first.year}")
            )
            uids.sort(key=lambda uid: (uid in old, uid))
        left = [uid for uid in uids if uid not in skip]
        self.old = sum(uid in old for uid in left)
        self.waiting, self.skipped = len(left), frozenset(uids).difference(left)
        sizes = {found.uid: found for found in self._sizes(left[: self.account.page], old)}
        return [sizes[uid] for uid in left[: self.account.page] if uid in sizes]

    def _search(self, *words: str) -> list[int]:
        return sorted(int(word) for word in b" ".join(self._ask("SEARCH", *words)).split() if word.isdigit())

    def fetch(self, uids: Sequence[int], part: str = "BODY.PEEK[]") -> dict[int, bytes]:
        """Return the bytes of mails (or of `BODY.PEEK[HEADER]`) by UID; one that is gone is missing."""
        if not uids:
            return {}
        return dict(_literals(self._ask("FETCH", ",".join(map(str, uids)), f"(UID {part})")))

    def move(self, uids: Sequence[int]) -> None:
        """Move mails to the folder of the processed; SaidNoError when the server will not."""
        try:
            self._move(uids)
        except SaidNoError as error:
            if "TRYCREATE" not in str(error):
                raise
            self.prepare()  # somebody removed it under our feet
            self._move(uids)

    def _move(self, uids: Sequence[int]) -> None:
        names, target = ",".join(map(str, uids)), encode_folder(self.account.processed)
        if "MOVE" in self._abilities:
            self._ask("MOVE", names, target)
            return
        # What was copied and then not removed is tried again and again: each of it is copied once.
        if fresh := [uid for uid in uids if uid not in self._copied]:
            self._ask("COPY", ",".join(map(str, fresh)), target)
            self._copied.update(fresh)
        self._ask("STORE", names, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._abilities:
            self._ask("EXPUNGE", names)
        else:
            self._client.expunge()
        self._copied.difference_update(uids)

    def wait(self, seconds: float) -> None:
        """Return when the server hints at something new, on `drop`, or after `seconds`."""
        if "IDLE" not in self._abilities:
            self._select(min(seconds, 1.0))
            return
        client: Any = self._client
        tag = client._command("IDLE")  # noqa: SLF001 - imaplib has no IDLE before Python 3.14
        news = False
        while client._get_response() is not None:  # noqa: SLF001 - None is the server's leave to idle
            if client.tagged_commands.get(tag):  # refused: from now on only the truth is asked for
                client.tagged_commands.pop(tag)
                self._abilities -= {"IDLE"}
                return
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

    def _sizes(self, uids: Sequence[int], old: Collection[int]) -> Iterator[Found]:
        if not uids:
            return
        for line in self._ask("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE INTERNALDATE)"):
            data = line[0] if isinstance(line, tuple) else line
            uid, size = _UID.search(data or b""), _SIZE.search(data or b"")
            if uid:
                number = int(uid[1])
                yield Found(number, int(size[1]) if size else 0, _moment(data), number in old)

    def _ask(self, command: str, *words: str | bytes) -> list[Any]:
        kind, answer = self._client.uid(command, *words)  # type: ignore[arg-type] # bytes go as they are
        if kind != "OK":
            raise SaidNoError(f"{command} answered {kind}: {plain(answer)}")
        return [one for one in answer if one is not None]

    @property
    def _client(self) -> imaplib.IMAP4:
        return self._box_open.client

    @property
    def _box_open(self) -> BaseMailBox:
        if self._box is None:
            raise ServerError("the mailbox is not open")
        return self._box


def try_mailbox(account: Account) -> str:
    """Log in and leave again; return in words what is wrong, nothing when all is well."""
    mailbox = Mailbox(account)
    try:
        mailbox.open()
    except (*ERRORS, ServerError) as error:
        return words(error)
    finally:
        mailbox.close()
    return f"no folder for the processed: {mailbox.folder_problem}" if mailbox.folder_problem else ""


def _literals(answer: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    """Read `(b'1 (UID 5 BODY[] {12}', bytes), b')'`; some servers name the UID behind the bytes."""
    for number, item in enumerate(answer):
        if not isinstance(item, tuple):
            continue
        behind = answer[number + 1] if number + 1 < len(answer) and isinstance(answer[number + 1], bytes) else b""
        uid = _UID.search(item[0]) or _UID.search(behind)
        if uid:
            yield int(uid[1]), item[1]


def _moment(data: bytes) -> datetime | None:
    """Read INTERNALDATE (RFC 3501, `date-time`); None when there is none or it is no date."""
    found = _DATE.search(data)
    if not found:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = (part.decode() for part in found.groups())
    away = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        when = (int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), int(second))
        return datetime(*when, tzinfo=timezone(away))
    except (KeyError, ValueError):
        return None
