"""The HTML of a mail as it came: its HTML parts in order, and the pictures that they name by `cid:`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from typing import TypeVar

T = TypeVar("T")

MAX_PARTS = 500
MAX_DEPTH = 30
MAX_COST = 5_000_000
"""Of parsing, as `_cost` counts it: a second or two.

The largest mail that is taken in (50 MB: 650,000 lines of an attachment) costs 2.6 million with the three containers
that mail programs make; 25 MB of short lines below forty levels cost 500 million, and took minutes.
"""
MAX_HTML = 500_000
"""Characters of HTML that are shown; the original holds the rest."""
MAX_PICTURE = 2_000_000
MAX_PICTURES = 8_000_000
"""Bytes of one picture, and of all together, that go along with the HTML."""
_CODECS_OF_NO_MAIL = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture whose bytes say what it is; nothing else of a mail is shown as one."""

    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Original:
    """The HTML of a mail, untrusted as it came; `html` is empty when there is none."""

    html: str = ""
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    """By Content-ID, without angle brackets."""
    cut: bool = False
    """Something was too large, too deep or too much to be shown."""


def picture_of(data: bytes) -> Picture | None:
    """Return a picture by its first bytes; None for what is none, or is one that holds more than a picture (SVG)."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Picture("image/webp", data)
    return next((Picture(kind, data) for first, kind in _SIGNATURES if data.startswith(first)), None)


def read_original(raw: bytes) -> Original:
    """Return what can be shown of a mail as it looked; one that cannot be read has nothing, never an error.

    One that would take the parser long is not parsed at all.
    """
    if _cost(raw) > MAX_COST:
        return Original(cut=True)
    return _attempt(lambda: _read(raw), Original())


def _cost(raw: bytes) -> int:
    """Return at most how much work the parser has: it asks of each line whether any container around it ends there.

    The beginning of a part costs as much as twenty lines, a header as four more. What only may be one is counted too.
    """
    lines = max(raw.count(b"\n"), raw.count(b"\r"))
    containers = raw.lower().count(b"boundary")  # `boundary=`, `boundary =` and `boundary*0=` name one
    parts = raw.count(b"\n--") + raw.count(b"\r--")
    return lines * (1 + containers) + 20 * parts + 4 * raw.count(b":")


def _attempt(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except Exception:  # noqa: BLE001 - the standard parser raises anything on malformed mail: "cannot be read" is the answer
        return otherwise


def _read(raw: bytes) -> Original:
    html: list[str] = []
    pictures: dict[str, Picture] = {}
    cut = False
    for number, part in enumerate(_leaves(message_from_bytes(raw, policy=policy.compat32), 0)):
        if number >= MAX_PARTS:
            cut = True
            break
        kind = _attempt(part.get_content_type, "")
        if kind == "text/html" and _attempt(part.get_content_disposition, None) != "attachment":
            html.append(_text(part))
        elif name := _content_id(part):
            found = picture_of(_bytes(part))
            size = sum(len(one.data) for one in pictures.values())
            if found and len(found.data) <= MAX_PICTURE and size + len(found.data) <= MAX_PICTURES:
                pictures.setdefault(name, found)
            cut = cut or (found is not None and name not in pictures)
    whole = "\n".join(html)
    return Original(whole[:MAX_HTML], pictures, cut or len(whole) > MAX_HTML)


def _leaves(message: Message, depth: int) -> Iterator[Message]:
    """Yield what is no container; a mail within the mail is a file of it and is not opened."""
    if not message.is_multipart():
        yield message
    elif message.get_content_maintype() == "multipart" and depth < MAX_DEPTH:
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part, depth + 1)


def _content_id(part: Message) -> str:
    return str(part.get("content-id") or "").strip().strip("<>").strip()


def _bytes(part: Message) -> bytes:
    payload = _attempt(lambda: part.get_payload(decode=True), None)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    """Return the words of a part by the charset it declares, else as UTF-8, else as windows-1252."""
    data = _bytes(part)
    declared = str(_attempt(lambda: part.get_param("charset"), None) or "").strip("'\" ").lower()
    for charset in (declared, "utf-8-sig"):
        if charset and charset.replace("-", "_") not in _CODECS_OF_NO_MAIL:
            words = _attempt(lambda: data.decode(charset), None)  # noqa: B023 - called before the loop goes on
            if words is not None:
                return words.lstrip("\ufeff").replace("\0", "")
    return data.decode("windows-1252", "replace").replace("\0", "")
