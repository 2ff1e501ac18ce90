"""Where the bench's mails lie: the local stack with its sandbox server, or a stack of one's own on a real Dovecot."""

import contextlib
import imaplib
import os
import pwd
import smtplib
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import psutil

from deploy.local.ledger import Ledger
from deploy.local.part import HOST
from deploy.local.plan import MAILBOX, Plan
from deploy.local.running import Running, start
from tests.bench.common import Stack
from tests.bench.cost import Snapshot, seconds_of
from tests.bench.mail_letters import Letter
from tests.support.dovecot import Dovecot, dovecot, password_of
from tests.support.postfix import Postfix, needs_postfix, postfix
from tests.support.stack import own_stack

_SENDERS = 24
"""The sandbox server answers a command in two packets, of which the second waits for our delayed acknowledgement."""
_SENDER = "medborgare@example.se"


class Office(Protocol):
    """A mail server, and the stack whose intake reads one mailbox on it."""

    @property
    def address(self) -> str: ...
    @property
    def kafka(self) -> str: ...
    @property
    def postgres(self) -> str: ...

    def deliver(self, letters: Sequence[Letter]) -> float:
        """Put all into the mailbox at once; return when the first of them lay there (time.time)."""
        ...

    def send(self, letter: Letter) -> None:
        """Send one by SMTP."""
        ...

    def importer(self, letters: Sequence[Letter]) -> imaplib.IMAP4:
        """Put all into another mailbox, which nobody reads; return a client that is logged in to it."""
        ...

    def intake(self) -> psutil.Process:
        """The process that reads the mailbox."""
        ...

    def costs(self) -> dict[str, float]:
        """Seconds of processor time so far, by part."""
        ...


@dataclass
class StackOffice:
    """The local stack: mails go in by SMTP as fast as its sandbox server takes them."""

    stack: Stack
    address: str = field(init=False)
    kafka: str = field(init=False)
    postgres: str = field(init=False)

    def __post_init__(self) -> None:
        self.address, self.kafka, self.postgres = self.stack["mailbox"], self.stack["kafka"], self.stack["postgres"]

    def deliver(self, letters: Sequence[Letter]) -> float:
        began = time.time()
        self._post(letters, self.address)
        return began

    def send(self, letter: Letter) -> None:
        host, _, port = str(self.stack["smtp"]).partition(":")
        with smtplib.SMTP(host, int(port), timeout=30) as smtp:
            smtp.sendmail(_SENDER, [self.address], letter.data)

    def importer(self, letters: Sequence[Letter]) -> imaplib.IMAP4:
        user = f"bench-{time.time_ns()}@kommun.example"
        self._post(letters, user)
        host, _, port = str(self.stack["imap"]).partition(":")
        box = imaplib.IMAP4(host, int(port), timeout=60)
        box.login(user, "any")
        return box

    def intake(self) -> psutil.Process:
        return Ledger(self.stack.path.parent).running()["intake"]

    def costs(self) -> dict[str, float]:
        return Snapshot.of(self.stack.path.parent).seconds

    def _post(self, letters: Sequence[Letter], to: str) -> None:
        host, _, port = str(self.stack["smtp"]).partition(":")

        def some(own: Iterable[Letter]) -> None:
            with smtplib.SMTP(host, int(port), timeout=60) as smtp:
                for letter in own:
                    smtp.sendmail(_SENDER, [to], letter.data)

        with ThreadPoolExecutor(_SENDERS) as threads:
            list(threads.map(some, [letters[first::_SENDERS] for first in range(_SENDERS)]))


@dataclass
class DovecotOffice:
    """A stack of one's own whose intake reads a mailbox of a Dovecot; its backlog lies there in one moment."""

    plan: Plan
    server: Dovecot
    running: contextlib.ExitStack
    before: Postfix | None
    address: str = MAILBOX
    user: str = ""
    process: Running | None = None

    @property
    def kafka(self) -> str:
        return self.plan.environment()["KC_KAFKA"]

    @property
    def postgres(self) -> str:
        return self.plan.environment()["KC_POSTGRES"]

    def start_intake(self) -> psutil.Process:
        """Start intake anew on a mailbox of its own, empty; returns when it is ready."""
        if self.process is not None:
            self.process.stop()
        self.user = self.server.new_user()
        part = next(part for part in self.plan.services() if part.name == "intake")
        own = {
            "KC_IMAP_PORT": str(self.server.port),
            "KC_IMAP_USER": self.user,
            "KC_IMAP_PASSWORD": password_of(self.user),
            "KC_LOG_LEVEL": "WARNING",
        }
        self.process = start(
            replace(part, environment=part.environment | own), self.plan.root / "logs" / "intake-bench.log"
        )
        self.running.callback(self.process.kill)
        return self.intake()

    def intake(self) -> psutil.Process:
        if self.process is None:
            raise SystemExit("intake was not started")
        return psutil.Process(self.process.process.pid)

    def costs(self) -> dict[str, float]:
        if self.server.running is None:
            raise SystemExit("Dovecot was not started")
        server = seconds_of(psutil.Process(self.server.running.process.pid))
        own = {"intake": seconds_of(self.intake()), "dovecot": server}
        return Snapshot.of(self.plan.root).seconds | own

    def deliver(self, letters: Sequence[Letter]) -> float:
        return put(self.server, self.user, letters)

    def send(self, letter: Letter) -> None:
        if self.before is not None:
            with smtplib.SMTP(HOST, self.before.port, timeout=30) as smtp:
                smtp.sendmail(_SENDER, [self.user], letter.data)
        else:
            with smtplib.LMTP(HOST, self.server.lmtp_port, timeout=30) as lmtp:
                lmtp.sendmail(_SENDER, [self.user], letter.data)

    def importer(self, letters: Sequence[Letter]) -> imaplib.IMAP4:
        user = self.server.new_user("importer")
        put(self.server, user, letters)
        box = imaplib.IMAP4(HOST, self.server.port, timeout=60)
        box.login(user, password_of(user))
        return box


@contextlib.contextmanager
def dovecot_office(services: tuple[str, ...] = ("router", "casework", "stats")) -> Iterator[DovecotOffice]:
    """Run a stack of one's own with these services, Dovecot and (where it can run) Postfix; intake on top."""
    with contextlib.ExitStack() as running:
        server = running.enter_context(dovecot())
        can_run = not needs_postfix.args[0]
        before = running.enter_context(postfix(server)) if can_run else None
        stack = running.enter_context(own_stack(services))
        office = DovecotOffice(Plan.of(stack.root, stack.ports), server, running, before)
        office.start_intake()
        yield office


def put(server: Dovecot, user: str, letters: Iterable[Letter]) -> float:
    """Let mails lie in a maildir as a delivery agent does, all in one moment; return that moment (time.time)."""
    folder = server.maildir(user)
    with server.client(user) as box:  # the first login makes the folder
        box.select("INBOX")
    owner = pwd.getpwnam(name) if (name := server.user()) else None
    drafts: list[Path] = []
    for letter in letters:
        lines = letter.data.replace(b"\r", b"")
        name = f"{time.time_ns()}.{len(drafts)}.bench,S={len(lines)},W={len(lines) + lines.count(10)}"
        draft = folder / "tmp" / name
        draft.write_bytes(lines)
        if owner:
            os.chown(draft, owner.pw_uid, owner.pw_gid)
        drafts.append(draft)
    began = time.time()
    for draft in drafts:
        draft.replace(folder / "new" / draft.name)
    return began
