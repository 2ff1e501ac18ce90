"""A Dovecot of the tests' own: loopback, a folder of its own, no privileges; TLS and STARTTLS with its own certificate.

It runs as root's stand-in user or as ourselves, never as root, and knows the users that `new_user` made. What it is
told besides (`Dovecot.extra`) are lines of its own configuration: other abilities, another login mechanism.
"""

import asyncio
import contextlib
import grp
import imaplib
import os
import pwd
import secrets
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local.part import HOST, Part, as_user, ask, free_ports, let_through, unprivileged_user
from deploy.local.running import Running, spawn, wait_ready
from tests.support.certificates import make_certificate

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
DOVEADM = shutil.which("doveadm") or ""
IMAP = next(Path("/usr").glob("lib*/dovecot/imap"), None)
PASSWORD = "hemligt-%s"
needs_dovecot = pytest.mark.skipif(
    not (DOVECOT and IMAP), reason="no Dovecot on this machine; `make test-setup` installs it"
)

CONFIGURATION = """
protocols = imap lmtp
base_dir = {data}/run
state_dir = {data}/state
log_path = /dev/stderr
listen = {host}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:{data}/mail/%u
mail_max_userip_connections = 200
mailbox_list_index = yes
mail_fsync = never
disable_plaintext_auth = no
auth_failure_delay = 0
ssl = yes
ssl_cert = <{data}/peer.pem
ssl_key = <{data}/peer.key
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {data}/users/%u
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={data}/mail/%u allow_all_users=yes
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
{extra}
"""


@dataclass(slots=True)
class Dovecot(Part):
    """The server: IMAP and STARTTLS on `port`, TLS on `tls_port`, LMTP on `lmtp_port`."""

    name: str = "dovecot"
    tls_port: int = 0
    lmtp_port: int = 0
    extra: str = ""
    """Lines of its configuration, the last word on each setting."""
    running: Running | None = field(default=None, repr=False)

    def user(self) -> str | None:
        return unprivileged_user()

    def prepare(self) -> None:
        """Write its configuration and certificate; give the folder to the user it runs as."""
        for folder in (self.data, self.data / "mail", self.data / "users", self.data / "run", self.data / "state"):
            folder.mkdir(parents=True, exist_ok=True)
        owner = pwd.getpwnam(self.user() or pwd.getpwuid(os.geteuid()).pw_name)
        if not (self.data / "peer.pem").exists():
            make_certificate(self.data, HOST)
        self.configuration.write_text(
            CONFIGURATION.format(
                data=self.data,
                host=HOST,
                user=owner.pw_name,
                group=grp.getgrgid(owner.pw_gid).gr_name,
                port=self.port,
                tls_port=self.tls_port,
                lmtp_port=self.lmtp_port,
                extra=self.extra,
            )
        )
        if self.user():
            let_through(self.data)
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def command(self) -> list[str]:
        return [DOVECOT, "-F", "-c", str(self.configuration)]

    def ready(self) -> bool:
        return ask(self.port, b"").startswith(b"* OK") and ask(self.lmtp_port, b"").startswith(b"220")

    @property
    def configuration(self) -> Path:
        """Return its file of settings."""
        return self.data / "dovecot.conf"

    @property
    def trusted(self) -> Path:
        """Return the certificate that a client must trust."""
        return self.data / "peer.pem"

    def maildir(self, user: str) -> Path:
        """Return the folder of a user's mails."""
        return self.data / "mail" / user

    def new_user(self, name: str = "kontakt") -> str:
        """Make a user that no other test uses; `password_of` opens it."""
        user = f"{name}-{secrets.token_hex(4)}@kommun.example"
        # A file each: Dovecot sees by time and size whether a file has changed, and a second is long.
        (self.data / "users" / user).write_text(f"{user}:{{PLAIN}}{password_of(user)}\n")
        return user

    def doveadm(self, *words: str) -> str:
        """Ask its administrator's command; its error is ours."""
        done = subprocess.run(
            [DOVEADM, "-c", str(self.configuration), *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.data,
            **as_user(self.user()),
        )
        assert done.returncode == 0, f"doveadm {' '.join(words)}: {done.stderr}"
        return str(done.stdout)

    def expunge(self, user: str, folder: str = "INBOX", *query: str) -> None:
        """Remove mails behind everybody's back."""
        self.doveadm("expunge", "-u", user, "mailbox", folder, *(query or ("all",)))

    def renumber(self, user: str, folder: str = "INBOX") -> None:
        """Give a folder another UIDVALIDITY, as after a restored backup: all numbers known before mean nothing."""
        with self.client(user) as box:
            before = int((box.status(folder, "(UIDVALIDITY)")[1][0] or b"").split()[-1].rstrip(b")"))
        self.doveadm("mailbox", "update", "-u", user, "--uid-validity", str(before + 1000), folder)

    @contextlib.contextmanager
    def client(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A plain client of the standard library, logged in."""
        with imaplib.IMAP4(HOST, self.port, timeout=20) as box:
            box.login(user, password_of(user))
            yield box

    def append(self, user: str, raws: Sequence[bytes], folder: str = "INBOX") -> None:
        """Put mails into a folder, in order."""
        with self.client(user) as box:
            for raw in raws:
                kind, told = box.append(f'"{folder}"', "", "", raw)
                assert kind == "OK", told

    def fetch(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return the mails of a folder as they came, oldest first; none when there is no such folder."""
        with self.client(user) as box:
            if box.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            answer = box.fetch("1:*", "(BODY.PEEK[])")[1] if box.search(None, "ALL")[1][0] else []
            return [one[1] for one in answer if isinstance(one, tuple)]

    def count(self, user: str, folder: str = "INBOX") -> int:
        """Return how many mails lie in a folder."""
        with self.client(user) as box:
            kind, told = box.status(f'"{folder}"', "(MESSAGES)")
            return int((told[0] or b"").split()[-1].rstrip(b")")) if kind == "OK" else 0

    async def holds(self, user: str, folder: str, count: int) -> list[bytes] | None:
        """For `eventually`: the mails of a folder when there are so many, else None."""
        found = await asyncio.to_thread(self.fetch, user, folder)
        return found if len(found) == count else None

    def context(self) -> ssl.SSLContext:
        """Return what a client of ours trusts it by."""
        return ssl.create_default_context(cafile=str(self.trusted))


def password_of(user: str) -> str:
    """Return the password of a user that `new_user` made."""
    return PASSWORD % user.split("@", maxsplit=1)[0].rsplit("-", 1)[-1]


@contextlib.contextmanager
def dovecot(extra: str = "") -> Iterator[Dovecot]:
    """Run a Dovecot of one's own as long as the block lasts."""
    root = Path(tempfile.mkdtemp(prefix="kontaktcenter-dovecot-"))
    port, tls_port, lmtp_port = free_ports(3)
    part = Dovecot(port, root / "dovecot", tls_port=tls_port, lmtp_port=lmtp_port, extra=extra)
    part.prepare()
    main = threading.current_thread() is threading.main_thread()
    part.running = spawn(part, root / "dovecot.log", dies_with_us=main)
    try:
        wait_ready(part.running)
        yield part
    finally:
        part.running.stop()
        shutil.rmtree(root, ignore_errors=True)
