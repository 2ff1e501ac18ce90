"""The real parts that tests share: each is started when the first test asks for it, and stopped with the run.

What keeps tests apart: a prefix of topics and groups, a database, a Redis database number, a mail address of one's own.
Redis functions and pub/sub are the whole server's: put `settings.domain` (fresh per test) into channel names.
"""

import asyncio
import imaplib
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol, TypeVar, cast

import aiosmtplib
import redis
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.database import Postgres
from deploy.local.kafka import Kafka
from deploy.local.mail import Mail
from deploy.local.part import HOST, Part, free_ports
from deploy.local.running import Running, spawn, wait_ready
from deploy.local.valkey import Valkey
from tests.support import databases

BACKEND = os.environ.get("KC_TEST_BACKEND", "local")
REDIS_DATABASES = 64
ENDED_AT_ONCE = 12
"""So many installations' topics are removed together: a broker with ten thousand partitions answers late."""
T = TypeVar("T")


class Backend(Protocol):
    """Where the parts come from: packages on this machine, or containers. Each call starts one and says where it is."""

    def kafka(self) -> str: ...
    def postgres(self) -> str: ...
    def redis(self) -> str: ...
    def mail(self) -> tuple[int, int]: ...
    def close(self) -> None: ...


class Local:
    """The parts of the local stack, on free ports, in a temporary folder, without syncing to disk."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="kontaktcenter-tests-"))
        self._running = ExitStack()

    def kafka(self) -> str:
        port, controller = free_ports(2)
        self.start(Kafka(port, self.root / "kafka", controller_port=controller))
        return f"{HOST}:{port}"

    def postgres(self) -> str:
        part = Postgres(free_ports(1)[0], self.root / "postgres", durable=False)
        self.start(part)
        return part.url()

    def redis(self) -> str:
        part = Valkey(free_ports(1)[0], self.root / "valkey", durable=False)
        self.start(part)
        return part.url.rsplit("/", 1)[0]

    def mail(self) -> tuple[int, int]:
        smtp, imap = free_ports(2)
        self.start(Mail(smtp, self.root / "mail", imap_port=imap))
        return smtp, imap

    def start(self, part: Part) -> Running:
        """Start any part; it stops with the run, and dies with it should the run be killed."""
        part.prepare()
        running = spawn(
            part, self.root / f"{part.name}.log", dies_with_us=threading.current_thread() is threading.main_thread()
        )
        self._running.callback(running.kill)
        return wait_ready(running)

    def close(self) -> None:
        self._running.close()
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(slots=True)
class Parts:
    """The shared parts of one test run."""

    backend: Backend
    _known: dict[str, object] = field(default_factory=dict)
    _databases: int = 0
    _ended: list[str] = field(default_factory=list)

    @property
    def kafka(self) -> str:
        """Bootstrap address."""
        return self._once("kafka", self.backend.kafka)

    @property
    def postgres(self) -> str:
        """URL of the maintenance database."""
        return self._once("postgres", self.backend.postgres)

    @property
    def redis(self) -> str:
        """URL without a database number."""
        return self._once("redis", self.backend.redis)

    @property
    def mail(self) -> "MailServer":
        """The sandbox mail server."""
        return self._once("mail", lambda: MailServer(*self.backend.mail()))

    def new_database(self) -> str:
        """Make an empty PostgreSQL database and return its URL."""
        return databases.empty(self.postgres)

    def drop_database(self, url: str) -> None:
        """End the use of a database, whoever is still connected."""
        databases.give_back(url)

    def new_redis(self) -> str:
        """Empty the next Redis database and return its URL."""
        self._databases += 1
        url = f"{self.redis}/{self._databases % REDIS_DATABASES}"
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    def end_topics(self, prefix: str) -> None:
        """Remove the topics of an installation whose test is over, sooner or later."""
        self._ended.append(prefix)
        if len(self._ended) < ENDED_AT_ONCE or "kafka" not in self._known:
            return
        prefixes, self._ended = tuple(self._ended), []
        thread = threading.Thread(target=lambda: asyncio.run(_delete_topics(self.kafka, prefixes)))
        thread.start()
        thread.join()

    def _once(self, name: str, start: Callable[[], T]) -> T:
        if name not in self._known:
            self._known[name] = start()
        return cast("T", self._known[name])


async def _delete_topics(kafka: str, prefixes: tuple[str, ...]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, request_timeout_ms=60_000)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(prefixes)]
        if names:
            await admin.delete_topics(names)
    finally:
        await admin.close()


@dataclass(frozen=True, slots=True)
class MailServer:
    """The sandbox mail server as a test sees it: every address has a mailbox, any password opens it."""

    smtp_port: int
    imap_port: int
    host: str = HOST

    def new_address(self, name: str = "kontakt") -> str:
        """Return an address that no other test uses."""
        return f"{name}-{secrets.token_hex(4)}@kommun.example"

    async def send(self, message: EmailMessage | bytes, *, to: str | None = None, sender: str | None = None) -> None:
        """Deliver a message over SMTP; bytes go as they are and need `to`."""
        if isinstance(message, bytes):
            client = aiosmtplib.SMTP(hostname=self.host, port=self.smtp_port, start_tls=False)
            async with client:
                await client.sendmail(sender or "invanare@example.se", [to or ""], message)
            return
        recipients = [to] if to else None
        await aiosmtplib.send(
            message, hostname=self.host, port=self.smtp_port, start_tls=False, recipients=recipients, sender=sender
        )

    async def fetch(self, user: str, folder: str = "INBOX") -> list[EmailMessage]:
        """Read every mail of a folder of the user's mailbox over IMAP, oldest first."""
        return [message_from_bytes(raw, policy=policy.default) for raw in await self.fetch_raw(user, folder)]

    async def fetch_raw(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The same as bytes, as they came."""
        return await asyncio.to_thread(self._fetch, user, folder)

    def _fetch(self, user: str, folder: str) -> list[bytes]:
        with imaplib.IMAP4(self.host, self.imap_port, timeout=10) as box:
            _login(box, user)
            if box.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            numbers = box.search(None, "ALL")[1][0].split()
            answers = [box.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
            return [answer[1] for answer in answers if isinstance(answer, tuple)]


def _login(box: imaplib.IMAP4, user: str, tries: int = 5) -> None:
    """Log in; a first login at the moment of a first delivery can fail, as both make the mailbox."""
    for left in reversed(range(tries)):
        try:
            box.login(user, "any")
        except imaplib.IMAP4.error:
            if not left:
                raise
        else:
            return
