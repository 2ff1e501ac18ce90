"""Files of settings that hold a list: YAML, every key known, every error with its line; no secret stands in them.

A password or client secret is named by the environment variable or the file that holds it.
"""

import ipaddress
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

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


class SettingsFileError(PermanentError):
    """A file is not usable; none of it is used."""

    def __init__(self, path: str, faults: list[FileFault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.line, fault.place))
        super().__init__("\n".join([f"{path}:", *map(str, self.faults)]))


def is_here(host: str) -> bool:
    """Say whether it is this very machine."""
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
    if parts.scheme == "http" and not is_here(parts.hostname):
        raise ValueError("must begin with https://")
    return url


class Strict(BaseModel):
    """A part of a file; what it does not know is wrong."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Secret(Strict):
    """Where a secret is found."""

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
SafeUrl = Annotated[str, AfterValidator(_safe_url)]
Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]

M = TypeVar("M", bound=Strict)


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file as it was read: its value, where each place stands, and what is wrong so far."""

    path: str
    value: Any
    lines: Mapping[Place, int]
    faults: list[FileFault]

    def fault(self, place: Place, text: str) -> FileFault:
        """Return a fault with the line of the place, or of what it stands in."""
        near = place
        while near and near not in self.lines:
            near = near[:-1]
        return FileFault(self.lines.get(near, 1), ".".join(map(str, place)), text)

    def valid(self, model: type[M]) -> M:
        """Return the value as `model` wants it; SettingsFileError with everything that is wrong with it."""
        try:
            return model.model_validate(self.value)
        except ValidationError as error:
            found = [self.fault(one["loc"], one["msg"].removeprefix("Value error, ")) for one in error.errors()]
            raise SettingsFileError(self.path, [*self.faults, *found]) from error


def read_file(path: str) -> FileRead:
    """Return what stands in a file; SettingsFileError when it cannot be read."""
    try:
        data = Path(path).read_bytes()[: MOST_BYTES + 1]
    except OSError as error:
        raise SettingsFileError(path, [FileFault(1, "", f"cannot be read: {error.strerror}")]) from error
    if len(data) > MOST_BYTES:
        raise SettingsFileError(path, [FileFault(1, "", "is too large")])
    lines: dict[Place, int] = {}
    faults: list[FileFault] = []
    loader = yaml.SafeLoader(data)
    try:
        root = loader.get_single_node()
        if root is None:
            return FileRead(path, None, lines, faults)
        for place, line in _keys(root, ()):
            if place in lines:
                faults.append(FileFault(line, ".".join(map(str, place)), "stands twice"))
            lines[place] = line
        return FileRead(path, loader.construct_document(root), lines, faults)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsFileError(path, [FileFault(line, "", f"is not YAML: {error.problem}")]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsFileError(path, [FileFault(1, "", f"is not YAML: {type(error).__name__}")]) from error
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
