"""The file of mailboxes: YAML, every key known, every error with its line; no secret stands in it.

A password or client secret is named by the environment variable or the file that holds it.
"""

import ipaddress
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.intake.channels.account import Account, OAuth2, Security
from shared.errors import PermanentError

Place = tuple[int | str, ...]
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class FileFault:
    """One thing that is wrong: its line, its place (`mailboxes.0.port`) and what."""

    line: int
    place: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.place or 'the file'}: {self.text}"


class MailboxesFileError(PermanentError):
    """The file of mailboxes is not usable; none of it is used."""

    def __init__(self, path: str, faults: list[FileFault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.line, fault.place))
        super().__init__("\n".join([f"{path}:", *map(str, self.faults)]))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _exists(path: str) -> str:
    if not Path(path).is_file():
        raise ValueError("there is no such file")
    return path


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError("is no address of a server")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise ValueError("must begin with https://")
    return url


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Secret(_Strict):
    env: str = Field("", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    file: str = ""

    @model_validator(mode="after")
    def _found(self) -> Self:
        if bool(self.env) == bool(self.file):
            raise ValueError("must name either `env` or `file`")
        if not self.value:
            raise ValueError(f"there is nothing in {self.env or self.file}")
        return self

    @property
    def value(self) -> str:
        """The secret itself."""
        if self.env:
            return os.environ.get(self.env, "")
        try:
            return Path(self.file).read_text("utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError):
            return ""


Existing = Annotated[str, AfterValidator(_exists)]
Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")]


class _OAuth2(_Strict):
    token_url: Annotated[str, AfterValidator(_safe_url)]
    client_id: Line
    client_secret: _Secret
    scope: str = Field("", max_length=500)
    ca_file: Existing | None = None

    def account(self) -> OAuth2:
        """Return what the rest works with."""
        return OAuth2(self.token_url, self.client_id, self.client_secret.value, self.scope, self.ca_file or "")


class _Mailbox(_Strict):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")
    host: Line
    port: int | None = Field(None, ge=1, le=65535)
    security: Security = Security.TLS
    insecure: bool = False
    ca_file: Existing | None = None
    user: Line
    password: _Secret | None = None
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
        if self.security is Security.NONE and not (self.insecure or _is_here(self.host)):
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


class _File(_Strict):
    mailboxes: list[_Mailbox] = Field(min_length=1, max_length=200)


def read_mailboxes(path: str) -> tuple[Account, ...]:
    """Return the accounts of a file; MailboxesFileError with everything that is wrong with it."""
    try:
        data = Path(path).read_bytes()[: MOST_BYTES + 1]
    except OSError as error:
        raise MailboxesFileError(path, [FileFault(1, "", f"cannot be read: {error.strerror}")]) from error
    if len(data) > MOST_BYTES:
        raise MailboxesFileError(path, [FileFault(1, "", "is too large")])
    lines: dict[Place, int] = {}
    value, faults = _parsed(path, data, lines)
    try:
        mailboxes = _File.model_validate(value).mailboxes
    except ValidationError as error:
        faults += [_fault(lines, one["loc"], one["msg"].removeprefix("Value error, ")) for one in error.errors()]
        raise MailboxesFileError(path, faults) from error
    faults += _twice(lines, [one.name for one in mailboxes], "name", "another mailbox has this name")
    accounts = tuple(one.account() for one in mailboxes)
    faults += _twice(lines, [one.name for one in accounts], "folder", "another mailbox reads the same folder")
    if faults:
        raise MailboxesFileError(path, faults)
    return accounts


def _parsed(path: str, data: bytes, lines: dict[Place, int]) -> tuple[Any, list[FileFault]]:
    loader = yaml.SafeLoader(data)
    faults: list[FileFault] = []
    try:
        root = loader.get_single_node()
        if root is None:
            return None, faults
        for place, line in _keys(root, ()):
            if place in lines:
                faults.append(FileFault(line, _dotted(place), "stands twice"))
            lines[place] = line
        return loader.construct_document(root), faults
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MailboxesFileError(path, [FileFault(line, "", f"is not YAML: {error.problem}")]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MailboxesFileError(path, [FileFault(1, "", f"is not YAML: {type(error).__name__}")]) from error
    finally:
        loader.dispose()


def _keys(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    """Yield every place of a document with its line."""
    if isinstance(node, yaml.MappingNode):
        for key, inner in node.value:
            here = (*place, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _keys(inner, here)
    elif isinstance(node, yaml.SequenceNode):
        for number, inner in enumerate(node.value):
            yield (*place, number), inner.start_mark.line + 1
            yield from _keys(inner, (*place, number))


def _fault(lines: Mapping[Place, int], place: Place, text: str) -> FileFault:
    near = place
    while near and near not in lines:
        near = near[:-1]
    return FileFault(lines.get(near, 1), _dotted(place), text)


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


def _twice(
    lines: Mapping[Place, int], names: list[str], key: Literal["name", "folder"], text: str
) -> Iterator[FileFault]:
    seen = Counter[str]()
    for number, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            yield _fault(lines, ("mailboxes", number, key), text)
