"""Where a mailbox is, who opens it and how, and what its mails are to become."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Security(StrEnum):
    """How the connection is kept from others' eyes."""

    TLS = "tls"
    """From the first byte."""
    STARTTLS = "starttls"
    """Begun in clear, and given up when the server has no TLS to offer."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Where an application that no person sits at asks for its token (RFC 6749, 4.4)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    ca_file: str = ""
    """The certificates that the token's server is trusted by; the system's when empty."""


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox: its server, its login (a password or OAuth2), its folders and how it is read."""

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    processed: str = "Behandlat"
    security: Security = Security.TLS
    timeout: float = 20.0
    """Longest silence of the server, in seconds."""
    ca_file: str = ""
    """The certificates that the server is trusted by; the system's when empty."""
    oauth2: OAuth2 | None = None
    label: str = ""
    """What people call it; empty for the one mailbox of the settings."""
    address: str = ""
    """The address that mails come in by when their header names no known one."""
    entrance: str = ""
    """The entrance they come in by then, by its id; that of the address when empty."""
    import_before: date | None = None
    """Mails that the server took in before this day are old: taken in without telling anybody, after all others."""
    page: int = 500
    """Mails that are looked at in one go."""
    poll_seconds: float = 15.0

    @property
    def name(self) -> str:
        """The name its place is remembered under."""
        return f"{self.user}@{self.host}/{self.folder}"

    def is_old(self, day: date) -> bool:
        """Say whether a mail of that day is from before the mailbox was ours."""
        return self.import_before is not None and day < self.import_before

    @property
    def part(self) -> str:
        """What it is called at `/health/ready`."""
        return f"imap:{self.label}" if self.label else "imap"
