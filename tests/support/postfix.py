"""A Postfix of the tests' own: one loopback port in, everything for `kommun.example` by LMTP into the tests' Dovecot.

Addresses under `borta.example` bounce, so that a real report of a real mail server comes back to the sender. Postfix
starts for root alone: elsewhere the tests that need it are skipped.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM, Signals

import pytest

from deploy.local.part import HOST, Part, ask, free_ports
from deploy.local.running import Running, spawn, wait_ready
from tests.support.certificates import make_certificate
from tests.support.dovecot import Dovecot

POSTFIX = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
_MASTER = next(Path("/usr").glob("lib*/postfix/sbin/master"), None)
SWAKS = shutil.which("swaks") or ""
needs_postfix = pytest.mark.skipif(
    not (_MASTER and POSTFIX and SWAKS and os.geteuid() == 0),
    reason="no Postfix and swaks on this machine, or not root; `make test-setup` installs them",
)

MAIN = """
compatibility_level = 3.6
queue_directory = {data}/queue
data_directory = {data}/state
maillog_file = /dev/stdout
mail_owner = postfix
setgid_group = postdrop
myhostname = post.kommun.example
mydestination =
inet_interfaces = {host}
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
message_size_limit = 60000000
virtual_mailbox_limit = 0
virtual_mailbox_domains = kommun.example
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:{host}:{lmtp_port}
transport_maps = inline:{{ {{ borta.example = nobody: }} }}
default_transport = error:5.4.4 the tests reach nobody outside
alias_maps =
alias_database =
smtpd_tls_cert_file = {data}/peer.pem
smtpd_tls_key_file = {data}/peer.key
smtpd_tls_security_level = may
smtpd_forbid_bare_newline = yes
smtpd_client_connection_rate_limit = 0
lmtp_destination_recipient_limit = 1
default_destination_concurrency_limit = 20
in_flow_delay = 0
"""
MASTER = """
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
nobody unix - n n - - pipe user=nobody argv=/bin/sh -c {{exit 67}}
retry unix - - n - - error
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(slots=True)
class Postfix(Part):
    """The server: SMTP and STARTTLS on `port`, what it takes goes to `lmtp_port`."""

    name: str = "postfix"
    lmtp_port: int = 0
    stop_signal: Signals = SIGTERM
    running: Running | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """Write its configuration and certificate."""
        self.configuration.mkdir(parents=True, exist_ok=True)
        (self.data / "queue").mkdir(exist_ok=True)
        (self.data / "state").mkdir(exist_ok=True)
        shutil.chown(self.data / "state", "postfix")
        make_certificate(self.data, HOST)
        (self.configuration / "main.cf").write_text(
            MAIN.format(data=self.data, host=HOST, lmtp_port=self.lmtp_port), encoding="utf-8"
        )
        (self.configuration / "master.cf").write_text(MASTER.format(port=self.port))
        _run([POSTFIX, "-c", str(self.configuration), "check"])

    def command(self) -> list[str]:
        # Its master itself: the script around it would go and leave the master behind.
        return [str(_MASTER), "-c", str(self.configuration), "-d"]

    def ready(self) -> bool:
        return ask(self.port, b"").startswith(b"220")

    @property
    def configuration(self) -> Path:
        """Return the folder of its settings."""
        return self.data / "conf"

    def swaks(self, to: str, *words: str, sender: str = "anna@example.se") -> str:
        """Send a mail by swaks, the testers' SMTP client; its failure is ours."""
        return _run([SWAKS, "--server", HOST, "--port", str(self.port), "--from", sender, "--to", to, *words])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextlib.contextmanager
def postfix(server: Dovecot) -> Iterator[Postfix]:
    """Run a Postfix of one's own before this Dovecot as long as the block lasts."""
    root = Path(tempfile.mkdtemp(prefix="kontaktcenter-postfix-"))
    root.chmod(0o755)  # its processes give up root
    part = Postfix(free_ports(1)[0], root / "postfix", lmtp_port=server.lmtp_port)
    part.prepare()
    main = threading.current_thread() is threading.main_thread()
    part.running = spawn(part, root / "postfix.log", dies_with_us=main)
    try:
        wait_ready(part.running)
        yield part
    finally:
        part.running.stop()
        shutil.rmtree(root, ignore_errors=True)
