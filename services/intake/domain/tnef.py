"""Outlook's winmail.dat (MS-OXTNEF): the text and the files in it.

The one library for it had its last release in 2021 and stands under a copyleft licence; what is needed is small.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.intake.domain import html, rtf, text

_SIGNATURE = 0x223E9F78
_MESSAGE, _ATTACHMENT = 1, 2
_BODY, _MAPI, _CODEPAGE = 0x0002800C, 0x00069003, 0x00069007
_RENDERING, _TITLE, _DATA, _ATTACHED_MAPI = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_PLAIN, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_LONG_NAME, _SHORT_NAME, _OBJECT, _MIME, _CONTENT_ID = 0x3707, 0x3704, 0x3701, 0x370E, 0x3712
_FIXED = {0x0: 0, 0x1: 0, 0x2: 4, 0x3: 4, 0x4: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING8, _UNICODE, _BINARY, _EMBEDDED, _MANY = 0x1E, 0x1F, 0x102, 0x0D, 0x1000
_VARYING = frozenset({_STRING8, _UNICODE, _BINARY, _EMBEDDED})
MAX_PROPERTIES = 5_000
MAX_FILES = 100


@dataclass(slots=True)
class Item:
    """A file in a winmail.dat."""

    name: str = ""
    content_type: str = "application/octet-stream"
    data: bytes = b""
    content_id: str | None = None


@dataclass(slots=True)
class Opened:
    """What a winmail.dat holds: its text, its HTML when it has some, its files."""

    text: str = ""
    rich: str = ""
    files: list[Item] = field(default_factory=list)


def read(data: bytes) -> Opened | None:
    """Return what is in a winmail.dat, None when it is none; one that is cut gives what came."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    opened, charset = Opened(), "cp1252"
    body = b""
    for identity, value in _attributes(data):
        if identity == _CODEPAGE and len(value) >= 4:
            charset = f"cp{struct.unpack_from('<I', value)[0]}"
        elif identity == _BODY:
            body = value
        elif identity == _MAPI:
            _message(dict(_properties(value)), charset, opened)
        elif identity == _RENDERING and len(opened.files) < MAX_FILES:
            opened.files.append(Item())
        elif opened.files:
            _file(identity, value, charset, opened.files[-1])
    opened.text = opened.text or text.clean(text.decode(body.rstrip(b"\x00"), charset))
    opened.files = [one for one in opened.files if one.data or one.name]
    return opened


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the attributes: level, identity, length, value, checksum; the checksums are nobody's business."""
    position = 6
    while position + 9 <= len(data):
        level, identity, length = struct.unpack_from("<BII", data, position)
        if level not in {_MESSAGE, _ATTACHMENT}:
            return
        yield identity, data[position + 9 : position + 9 + length]
        position += 11 + length


def _message(found: dict[int, bytes | str], charset: str, opened: Opened) -> None:
    plain, page, packed = found.get(_PLAIN), found.get(_HTML), found.get(_RTF)
    if page:
        opened.rich = text.clean(_string(page, html.declared_charset(_raw(page)) or charset))[: html.MAX_HTML]
    elif isinstance(packed, bytes):
        said = rtf.read(rtf.unpacked(packed))
        opened.rich, opened.text = said.rich, said.text
    if opened.rich:
        opened.text = html.to_text(opened.rich)
    if plain:
        opened.text = text.clean(_string(plain, charset)).strip() or opened.text


def _file(identity: int, value: bytes, charset: str, item: Item) -> None:
    if identity == _TITLE:
        item.name = item.name or _string(value, charset)
    elif identity == _DATA:
        item.data = value
    elif identity == _ATTACHED_MAPI:
        found = dict(_properties(value))
        name = found.get(_LONG_NAME) or found.get(_SHORT_NAME)
        item.name = _string(name, charset) if name else item.name
        kind, identity_text = found.get(_MIME), found.get(_CONTENT_ID)
        if kind and re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,100}", _string(kind, charset)):
            item.content_type = _string(kind, charset).lower()
        if identity_text:
            item.content_id = text.one_line(_string(identity_text, charset))[:250].strip("<> ") or None
        held = found.get(_OBJECT)
        item.data = item.data or (held if isinstance(held, bytes) else b"")


def _raw(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "replace")


def _string(value: bytes | str, charset: str) -> str:
    return (value if isinstance(value, str) else text.decode(value.rstrip(b"\x00"), charset)).rstrip("\x00")


def _properties(value: bytes) -> Iterator[tuple[int, bytes | str]]:
    """Yield the MAPI properties that are text or bytes; at the first that cannot be understood the rest is left."""
    try:
        position = 4
        for _ in range(min(struct.unpack_from("<I", value)[0], MAX_PROPERTIES)):
            kind, identity = struct.unpack_from("<HH", value, position)
            position = _past_name(value, position + 4) if identity >= 0x8000 else position + 4
            count, many, kind = 1, kind & _MANY, kind & ~_MANY
            if many or kind in _VARYING:
                count = struct.unpack_from("<I", value, position)[0]
                position += 4
            if kind not in _VARYING:
                position += _FIXED[kind] * count
                continue
            for _ in range(min(count, MAX_PROPERTIES)):
                length = struct.unpack_from("<I", value, position)[0]
                held = value[position + 4 : position + 4 + length]
                position += 4 + length + -length % 4
                yield identity, held.decode("utf-16-le", "replace") if kind == _UNICODE else held
    except (struct.error, KeyError):
        return


def _past_name(value: bytes, position: int) -> int:
    """Return where a named property's value begins: a set's id, then a number or a name."""
    if position + 24 > len(value):
        return len(value)
    by_name, length = struct.unpack_from("<II", value, position + 16)
    return position + 24 + ((length + -length % 4) if by_name else 0)
