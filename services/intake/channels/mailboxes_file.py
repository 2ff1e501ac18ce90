"""The file of mailboxes: who reads which, from where, and what its mails are to become."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.intake.channels.account import Account, OAuth2, Security
from services.intake.channels.settings_file import (
    Existing,
    FileFault,
    FileRead,
    Line,
    Name,
    SafeUrl,
    Secret,
    SettingsFileError,
    Strict,
    is_here,
    read_file,
)


class _OAuth2(Strict):
    token_url: SafeUrl
    client_id: Line
    client_secret: Secret
    scope: str = Field("", max_length=500)
    ca_file: Existing | None = None

    def account(self) -> OAuth2:
        """Return what the rest works with."""
        return OAuth2(self.token_url, self.client_id, self.client_secret.value, self.scope, self.ca_file or "")


class _Mailbox(Strict):
    name: Name
    host: Line
    port: int | None = Field(None, ge=1, le=65535)
    security: Security = Security.TLS
    insecure: bool = False
    ca_file: Existing | None = None
    user: Line
    password: Secret | None = None
    oauth2: _OAuth2 | None = None
    folder: Line = "INBOX"
    processed: Line = "Behandlat"
    entrance: Line | None = None
    address: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)] | None = None
    import_before: date | None = None
    page: int = Field(500, ge=1, le=5000)
    timeout: float = Field(20.0, gt=0, le=300)
    poll_seconds: float = Field(15.0, gt=0, le=1700)

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if (self.password is None) == (self.oauth2 is None):
            raise ValueError("must have either `password` or `oauth2`")
        if self.security is Security.NONE and not (self.insecure or is_here(self.host)):
            raise ValueError("`security: none` sends the login in clear; say `insecure: true` if that is meant")
        if self.folder == self.processed:
            raise ValueError("`processed` must be another folder than `folder`")
        return self

    def account(self) -> Account:
        """Return what the rest works with."""
        return Account(
            host=self.host,
            port=self.port or (993 if self.security is Security.TLS else 143),
            user=self.user,
            password=self.password.value if self.password else "",
            folder=self.folder,
            processed=self.processed,
            security=self.security,
            timeout=self.timeout,
            ca_file=self.ca_file or "",
            oauth2=self.oauth2.account() if self.oauth2 else None,
            label=self.name,
            address=(self.address or self.user).lower(),
            entrance=self.entrance or "",
            import_before=self.import_before,
            page=self.page,
            poll_seconds=self.poll_seconds,
        )


class _File(Strict):
    mailboxes: list[_Mailbox] = Field(min_length=1, max_length=200)


def read_mailboxes(path: str) -> tuple[Account, ...]:
    """Return the accounts of a file; SettingsFileError with everything that is wrong with it."""
    read = read_file(path)
    mailboxes = read.valid(_File).mailboxes
    accounts = tuple(one.account() for one in mailboxes)
    faults = [
        *read.faults,
        *_twice(read, [one.name for one in mailboxes], "name", "another mailbox has this name"),
        *_twice(read, [one.name for one in accounts], "folder", "another mailbox reads the same folder"),
    ]
    if faults:
        raise SettingsFileError(path, faults)
    return accounts


def _twice(read: FileRead, names: list[str], key: Literal["name", "folder"], text: str) -> Iterator[FileFault]:
    seen = Counter[str]()
    for number, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            yield read.fault(("mailboxes", number, key), text)
