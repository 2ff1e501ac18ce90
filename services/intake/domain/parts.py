"""The parts of a mail: texts, HTML and attachments, whatever is wrong with its structure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from typing import TypeVar

from services.intake.domain import html, text

T = TypeVar("T")

MAX_ATTACHMENTS = 50
MAX_PARTS = 500
MAX_ATTACHMENT_BYTES = 30_000_000
"""All attachments of a mail together; what is cut is still in the original."""
MAX_NAME = 120
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]+')
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment: a name that is safe anywhere, what it says it is, and its bytes."""

    name: str
    content_type: str
    data: bytes
    content_id: str | None = None
    inline: bool = False


@dataclass(slots=True)
class Contents:
    """What was found in a mail: plain texts, HTML texts, files, and `flags` on what was wrong."""

    plain: list[str] = field(default_factory=list)
    rich: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the words: the plain part if it says anything, else the HTML one."""
        plain = "\n".join(part for part in self.plain if part.strip())
        return plain.strip() or "\n".join(html.to_text(part) for part in self.rich).strip()

    def flag(self, name: str) -> None:
        if name not in self.flags:
            self.flags.append(name)


def attempt(read: Callable[[], T], otherwise: T) -> T:
    """Return what the standard library's mail parser reads, or `otherwise` where it raises (it does, on real mail)."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - the parser raises anything on malformed mail: "cannot be read" is the answer
        return otherwise


def parse(raw: bytes) -> Message:
    """Return the structure of a mail by the legacy policy; the modern one raises on mail that exists."""
    return message_from_bytes(raw, policy=policy.compat32)


def contents(message: Message, *, depth: int = 0) -> Contents:
    """Collect texts and files of a mail; an unusable structure is read as the text that it is."""
    found = Contents()
    for number, part in enumerate(_leaves(message, depth)):
        if number >= MAX_PARTS:
            found.flag("parts_cut")
            break
        if part.get_content_maintype() == "multipart":
            found.flag("parts_cut")  # nested deeper than anybody writes: the rest is in the original
        _take(part, found)
    return found


def _leaves(message: Message, depth: int) -> Iterator[Message]:
    """Yield what is no container; a forwarded mail stays whole, a multipart without parts is mended."""
    if message.get_content_maintype() == "multipart" and depth < 30:
        parts = message.get_payload() if message.is_multipart() else mend(message)
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, Message):
                yield from _leaves(part, depth + 1)
    else:
        yield message


def mend(message: Message) -> list[Message]:
    """Return the parts of a multipart whose declared boundary never comes: by the one it uses, else as one text."""
    body = body_bytes(message)
    used = re.search(rb"^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=[!-9;-~]+:)", body, re.MULTILINE)
    if used:
        head = b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="' + used[1].replace(b'"', b"") + b'"\n\n'
        again = parse(head + body)
        if again.is_multipart():
            return [part for part in again.get_payload() if isinstance(part, Message)]
    whole = Message()
    whole.add_header("Content-Type", "text/plain")
    whole.set_payload(body.decode("ascii", "surrogateescape"))
    return [whole]


def body_bytes(part: Message) -> bytes:
    """Return the decoded bytes of a part; a broken transfer encoding gives the bytes as they came."""
    if part.is_multipart():
        return b"\n".join(sub.as_bytes() for sub in part.get_payload() if isinstance(sub, Message))
    if str(part.get("content-transfer-encoding") or "").strip().lower() == "base64" and not _is_base64(part):
        return str(part.get_payload()).encode("utf-8", "surrogateescape")
    payload = attempt(lambda: part.get_payload(decode=True), None)
    if isinstance(payload, bytes):
        return payload
    return str(part.get_payload()).encode("utf-8", "surrogateescape")


def _is_base64(part: Message) -> bool:
    """Say whether a line is what its label says: a footer below an encoded text is passed over, plain words are not."""
    lines = str(part.get_payload()).split("\n")
    return any(_BASE64.fullmatch(line.strip()) for line in lines) or not any(line.strip() for line in lines)


def _take(part: Message, found: Contents) -> None:
    name = attempt(part.get_filename, None)
    disposition = attempt(part.get_content_disposition, None)
    kind = attempt(part.get_content_type, "application/octet-stream")[:MAX_NAME]
    if kind in {"text/plain", "text/html"} and disposition != "attachment" and not name:
        charset = attempt(lambda: part.get_param("charset"), None)
        words = text.clean(text.decode(body_bytes(part), charset if isinstance(charset, str) else None))
        (found.plain if kind == "text/plain" else found.rich).append(words)
        return
    if kind.startswith("message/delivery-status"):
        return
    _take_file(name, kind, part, found)


def _take_file(name: object, kind: str, part: Message, found: Contents) -> None:
    data = attempt(lambda: body_bytes(part), b"")
    size = sum(len(file.data) for file in found.files)
    if len(found.files) >= MAX_ATTACHMENTS or size + len(data) > MAX_ATTACHMENT_BYTES:
        found.flag("attachments_cut")
        return
    named = safe_name(text.header_text(str(name)[:1000])) if name else f"bilaga-{len(found.files) + 1}{_suffix(kind)}"
    found.files.append(File(named, kind, data))


def _suffix(kind: str) -> str:
    return {"message/rfc822": ".eml", "image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}.get(
        kind, ""
    )


def safe_name(name: str) -> str:
    """Return a file name without folders, control or direction characters, at most 120 long, never a device or dot."""
    base = _FORBIDDEN.sub("_", re.split(r"[/\\]", name.strip())[-1]).strip(". _")
    stem, dot, suffix = base.rpartition(".")
    if len(base) > MAX_NAME:
        base = f"{stem[: MAX_NAME - 12]}{dot}{suffix[:10]}" if dot else base[:MAX_NAME]
    return "bilaga" if not base or _RESERVED.match(base) else base
