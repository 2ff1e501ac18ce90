"""What is dangerous about an archive or an office file, by its table of contents: nothing is unpacked to the disk.

Limits hold over all levels together, so that neither a bomb of one level nor one of many is looked into further.
"""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.intake.domain.endings import ARCHIVES, PROGRAMS, ending

ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_GZIP = b"\x1f\x8b\x08"
_SEVEN = b"7z\xbc\xaf\x27\x1c"
_SEVEN_AES = b"\x06\xf1\x07\x01"
_RAR = b"Rar!\x1a\x07\x00"
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
    EOFError,
    struct.error,
    KeyError,
    OverflowError,
    zlib.error,
    lzma.LZMAError,
)
"""What the standard library raises on archives that were made to mislead it."""
_LISTED_BYTES = 4_000_000
"""Size of a table of contents that is read at all: it takes ten times as much memory."""
_END = struct.Struct("<4s4H2LH")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a mail's files is kept, and how much of an archive is still an attachment and no attack."""

    files: int = 50
    file_bytes: int = 30_000_000
    """All files of a mail together; what is cut is still in the original."""
    members: int = 5_000
    unpacked: int = 1_000_000_000
    ratio: int = 500
    """How many times as large it may become, once it is larger than `small`."""
    small: int = 100_000_000
    depth: int = 3
    """Archives within archives; the outermost is 1."""
    inside: int = 30_000_000
    """Bytes of the archives within it that are looked into, all together."""


USUAL = Limits()


@dataclass(slots=True)
class _Look:
    limits: Limits
    size: int
    members: int = 0
    unpacked: int = 0
    inside: int = 0
    flags: list[str] = field(default_factory=list)

    def flag(self, name: str) -> None:
        if name not in self.flags:
            self.flags.append(name)

    @property
    def too_large(self) -> bool:
        """Say whether it is a bomb, as far as it has been looked at."""
        most = self.limits
        bomb = self.unpacked > most.small and self.unpacked > most.ratio * self.size
        return bomb or self.unpacked > most.unpacked or self.members > most.members


def look_into(data: bytes, limits: Limits) -> tuple[str, ...]:
    """Return what is dangerous, as flags: the words of `_told_by_names`, and `archive_too_large` and its kin."""
    look = _Look(limits, len(data))
    _look(data, look, 1)
    if look.too_large:
        look.flag("archive_too_large")
    return tuple(look.flags)


def names(data: bytes) -> list[str]:
    """Return the names in a zip archive, none when it cannot be read."""
    try:
        return [info.filename for info in _members(data)]
    except _UNREADABLE:
        return []


def _look(data: bytes, look: _Look, depth: int) -> None:
    if data.startswith((ZIP, EMPTY_ZIP)):
        _look_into_zip(data, look, depth)
    elif data.startswith(OLE):
        _look_into_ole(data, look)
    elif data.startswith(_GZIP):
        look.unpacked += int.from_bytes(data[-4:], "little")
    elif _locked(data):
        look.flag("encrypted")


def _locked(data: bytes) -> bool:
    """Say whether an archive of another kind is locked, where its head or end tells."""
    seven = data.startswith(_SEVEN) and _SEVEN_AES in data[-4096:]
    return seven or (data.startswith(_RAR) and len(data) > 11 and bool(data[10] & 0x80))


def _look_into_zip(data: bytes, look: _Look, depth: int) -> None:
    try:
        members = _members(data)
    except _UNREADABLE:
        look.flag("archive_too_large" if _table_size(data) > _LISTED_BYTES else "archive_unreadable")
        return
    look.members += len(members)
    look.unpacked += sum(one.file_size for one in members)
    for flag in _told_by_names(members):
        look.flag(flag)
    nested = [one for one in members if ending(one.filename) in ARCHIVES]
    if nested and depth >= look.limits.depth:
        look.flag("archive_too_deep")
    elif not look.too_large:
        for inner in _opened(data, nested, look):
            _look(inner, look, depth + 1)


def _members(data: bytes) -> list[zipfile.ZipInfo]:
    """Return the table of contents; BadZipFile when it is larger than any that is read."""
    if _table_size(data) > _LISTED_BYTES:
        raise zipfile.BadZipFile("its table of contents is too large")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.infolist()


def _table_size(data: bytes) -> int:
    """Return how large the table of contents says it is; one of Zip64 only where the size does not fit."""
    at = data.rfind(EMPTY_ZIP, max(0, len(data) - 66_000))
    return int(_END.unpack_from(data, at)[5]) if 0 <= at <= len(data) - _END.size else 0


def _told_by_names(members: list[zipfile.ZipInfo]) -> Iterator[str]:
    if any(one.flag_bits & 0x1 for one in members):
        yield "encrypted"
    plain = [one.filename.lower() for one in members]
    if any(name.rpartition("/")[2] == "vbaproject.bin" or "/macrosheets/" in name for name in plain):
        yield "macros"
    if any(name.startswith("basic/") and name.endswith(".xml") for name in plain) and "mimetype" in plain:
        yield "macros"
    if any(ending(name) in PROGRAMS for name in plain):
        yield "executable"


def _opened(data: bytes, nested: list[zipfile.ZipInfo], look: _Look) -> Iterator[bytes]:
    """Yield the archives within an archive, as far as the limit goes; a locked one stays closed."""
    for info in nested:
        if info.flag_bits & 0x1:
            continue
        look.inside += info.file_size
        if look.inside > look.limits.inside:
            look.flag("archive_too_large")
            return
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(info) as member:
                inner = member.read(info.file_size)
        except _UNREADABLE:
            look.flag("archive_unreadable")
            continue
        yield inner


def _look_into_ole(data: bytes, look: _Look) -> None:
    """Look for streams in an old office file, by the entries of its directory."""
    if any(_entry(name) in data for name in ("_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros")):
        look.flag("macros")
    if _entry("EncryptedPackage") in data:
        look.flag("encrypted")


def _entry(name: str) -> bytes:
    """Return how an entry of the directory begins: the name in 64 bytes, then how many of them it takes."""
    said = name.encode("utf-16-le")
    return said.ljust(64, b"\x00") + (len(said) + 2).to_bytes(2, "little")
