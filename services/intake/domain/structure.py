"""The structure of a mail: headers and parts, found in passes that are linear in its size.

The standard library's parser holds every line as an object and asks every open boundary at every line: a mail of
25 MB takes ten times its size, a nested one minutes. Here parts are slices of the mail, and the legacy policy
(compat32) reads only headers, where it knows more oddities than anybody wants to learn again.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import TypeVar

from services.intake.domain import text, transfer

T = TypeVar("T")

MAX_DEPTH = 30
"""Parts within parts; deeper than anybody writes, the rest is in the original."""
MAX_PARTS = 500
MAX_HEADERS = 20_000
"""Header lines of one part that are read."""
MAX_CONTENT_HEADER = 4_000
MAX_SEMICOLONS = 60
"""Of a `Content-` header: the standard library's reading of parameters takes time by the square of both."""
MAX_UNPACKED = 30_000_000
"""Bytes of mails within the mail that are encoded, against the rules, and are decoded to look into them."""
MAX_AROUND = 2_000_000
"""Bytes around the parts of a multipart that are kept as text."""
MAX_TREE_TEXT = 50_000
"""Bytes of a text in the tree that reports are looked for in."""
_NAME = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
_KNOWN = re.compile(
    rb"(?:from|to|cc|bcc|sender|reply-to|subject|date|message-id|in-reply-to|references|return-path|received"
    rb"|delivered-to|mime-version|content-[a-z-]+|x-[!-9;-~]+|(?:arc|list|dkim|auto|resent|thread)-[a-z-]+"
    rb"|authentication-results|importance|priority|precedence|user-agent|envelope-to)[ \t]*:",
    re.IGNORECASE,
)
_USED = re.compile(rb"^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=[!-9;-~]{1,200}:)", re.MULTILINE)
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]{0,1000}")
_BLANK = re.compile(rb"\n[ \t]*\r?(?=\n)")


def attempt(read: Callable[[], T], otherwise: T) -> T:
    """Return what the standard library's mail parser reads, or `otherwise` where it raises (it does, on real mail)."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - the parser raises anything on malformed mail: "cannot be read" is the answer
        return otherwise


@dataclass(slots=True)
class Part:
    """One part: its header lines as they came, where its body lies in `raw`, and what it holds."""

    raw: bytes
    start: int
    end: int
    lines: list[tuple[str, str]]
    head: Message
    kind: str
    parts: list["Part"] = field(default_factory=list)
    around: tuple[bytes, bytes] = (b"", b"")
    """What stands before the first and behind the last part of a multipart: for old programs, seldom words."""
    cut: bool = False

    @property
    def body(self) -> bytes:
        """The bytes of the body as they were sent."""
        return self.raw[self.start : self.end]

    def parameter(self, name: str, header: str = "content-type") -> str:
        """Return a parameter of a header as text, empty when it is missing or cannot be read."""
        return parameter_text(attempt(lambda: self.head.get_param(name, header=header), None))

    def decoded(self, most: int | None = None) -> bytes:
        """Return the body, or the first `most` bytes, without the transfer encoding; a broken one as far as it goes."""
        body = self.body if most is None else self.raw[self.start : min(self.end, self.start + most)]
        return transfer.decode(body, str(self.head.get("content-transfer-encoding") or ""))


@dataclass(slots=True)
class _Budget:
    parts: int = MAX_PARTS
    unpacked: int = MAX_UNPACKED


def parse(raw: bytes) -> Part:
    """Return the structure of a mail, whatever it is; no part is nested deeper or more than the limits say."""
    mail = _with_line_ends(raw)
    return _part(mail, _beginning(mail), len(mail), _Budget(), 0, "text/plain")


def _beginning(raw: bytes) -> int:
    """Return where the header begins: behind a byte order mark or empty lines that a gateway put before it."""
    found = _BEFORE.match(raw)
    return found.end() if found and _KNOWN.match(raw, found.end()) else 0


def _with_line_ends(raw: bytes) -> bytes:
    """Return a mail whose lines end in a line feed: some gateways double the return, some know nothing else."""
    first = raw[:100_000]
    if b"\n" not in first and b"\r" in first:
        return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    doubled = first.count(b"\r\r\n")
    return raw.replace(b"\r\r\n", b"\r\n") if doubled and doubled * 2 > first.count(b"\n") else raw


def _part(raw: bytes, start: int, end: int, budget: _Budget, depth: int, kind: str) -> Part:
    budget.parts -= 1
    lines, body = _header(raw, start, end)
    head = Message()
    for name, value in lines:
        head.set_raw(name, _readable(value) if name[:8].lower() == "content-" else value)
    part = Part(raw, body, end, lines, head, _kind(head, kind))
    if depth >= MAX_DEPTH:
        part.cut = part.kind.startswith("multipart/")
    elif part.kind.startswith("multipart/"):
        _split(part, budget, depth)
    elif part.kind in {"message/rfc822", "message/global", "message/news"}:
        _look_into(part, budget, depth)
    return part


def _look_into(part: Part, budget: _Budget, depth: int) -> None:
    """Read the mail within: a slice of this one, or decoded where somebody encoded it against the rules."""
    raw, start, end = part.raw, part.start, part.end
    if transfer.is_encoded(str(part.head.get("content-transfer-encoding") or "")):
        raw = part.decoded() if end - start <= budget.unpacked else b""
        budget.unpacked -= len(raw)
        start, end = 0, len(raw)
    part.cut = budget.parts <= 0 or (end == start and part.end > part.start)
    if not part.cut:
        part.parts = [_part(raw, start, end, budget, depth + 1, "text/plain")]


def _readable(value: str) -> str:
    """Return a `Content-` header with its 8-bit letters: the standard library would put U+FFFD in their place."""
    short = ";".join(value[:MAX_CONTENT_HEADER].split(";", MAX_SEMICOLONS)[:MAX_SEMICOLONS])
    return short if short.isascii() else text.decode(short.encode("utf-8", "surrogateescape"))


def _kind(head: Message, default: str) -> str:
    """Return the type of a part, small; what is no type at all is the default of where it stands."""
    if head.get("content-type") is None:
        return default
    kind = attempt(head.get_content_type, default)
    return text.one_line(kind)[:120] or default


def _header(raw: bytes, start: int, end: int) -> tuple[list[tuple[str, str]], int]:
    """Return the header lines from `start` on, and where the body begins."""
    lines: list[tuple[str, list[bytes]]] = []
    position, ended, known, read = start, False, (0, start), 0
    while position < end:
        read += 1
        stop = raw.find(b"\n", position, end)
        following = end if stop < 0 else stop + 1
        line = raw[position : end if stop < 0 else stop].rstrip(b"\r")
        if not line.strip():
            ended, position = True, following
            break
        if lines and (line[:1] in b" \t" or (not _NAME.match(line) and _header_goes_on(raw, following, end))):
            lines[-1][1].append(line if line[:1] in b" \t" else b" " + line)
        elif _NAME.match(line):
            name, _, value = line.partition(b":")
            lines.append((name.rstrip().decode("ascii"), [value]))
        elif position != start or not (line.startswith((b"From ", b">From ")) or _header_goes_on(raw, following, end)):
            break
        position = following
        known = (len(lines), following) if _KNOWN.match(line) or line[:1] in b" \t" else known
        if read >= MAX_HEADERS:
            position, ended = _past_header(raw, following, end), True
            break
    if not ended and position >= end and known[0] < len(lines):
        del lines[known[0] :]  # no blank line at all: what no mail program writes as a header is the text
        position = known[1]
    return [(name, _value(values)) for name, values in lines], position


def _header_goes_on(raw: bytes, position: int, end: int) -> bool:
    """Say whether a header that everybody knows comes next: then a line that is none was folded wrongly."""
    return bool(_KNOWN.match(raw, position, min(end, position + 300)))


def _past_header(raw: bytes, position: int, end: int) -> int:
    found = _BLANK.search(raw, position, end)
    return min(found.end() + 1, end) if found else end


def _value(lines: list[bytes]) -> str:
    return b"\n".join(line.replace(b"\r", b" ") for line in lines).decode("ascii", "surrogateescape").strip()


def _split(part: Part, budget: _Budget, depth: int) -> None:
    """Find the parts of a multipart; one whose declared boundary never comes is mended by the one it uses."""
    found = attempt(part.head.get_boundary, None) or ""
    marks = _marks(part, found.encode("utf-8", "surrogateescape")) if found.strip() else []
    if not any(opens for *_, opens in marks):
        used = _USED.search(part.raw, part.start, part.end)
        marks = _marks(part, used[1]) if used else marks
    child = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
    bounds = [*(start for start, *_ in marks), part.end]
    opening = [(following, bounds[n + 1]) for n, (_, following, opens) in enumerate(marks) if opens]
    for begin, stop in opening:
        if budget.parts <= 0:
            part.cut = True
            break
        part.parts.append(_part(part.raw, begin, _without_end(part.raw, begin, stop), budget, depth + 1, child))
    if marks:
        behind = part.raw[marks[-1][1] : part.end][:MAX_AROUND] if not marks[-1][2] else b""
        part.around = (part.raw[part.start : marks[0][0]][:MAX_AROUND], behind)
    else:
        part.around = (part.body[:MAX_AROUND], b"")
        part.cut = part.end - part.start > MAX_AROUND


def _marks(part: Part, boundary: bytes) -> list[tuple[int, int, bool]]:
    """Return the delimiter lines: where each begins, where the next line begins, and whether it opens a part."""
    raw, line = part.raw, b"--" + boundary.rstrip()
    found: list[tuple[int, int, bool]] = []
    position = raw.find(line, part.start, part.end)
    while position >= 0 and len(found) <= 2 * MAX_PARTS:
        behind = position + len(line)
        if position > part.start and raw[position - 1 : position] != b"\n":
            position = raw.find(line, behind, part.end)
            continue
        closes = raw[behind : behind + 2] == b"--"
        window = raw[behind + 2 * closes : min(part.end, behind + 300)]
        rest, ends, _ = window.partition(b"\n")
        following = behind + 2 * closes + len(rest) + len(ends)
        if not rest.strip() and (ends or following == part.end):
            found.append((position, following, not closes))
            behind = following
        position = raw.find(line, behind, part.end)
    return found


def _without_end(raw: bytes, begin: int, stop: int) -> int:
    """Return where a part ends: the line end before a delimiter belongs to the delimiter."""
    if stop > begin and raw[stop - 1 : stop] == b"\n":
        stop -= 1
        if stop > begin and raw[stop - 1 : stop] == b"\r":
            stop -= 1
    return stop


def parameter_text(value: object) -> str:
    """Return a parameter as text; one by RFC 2231 is (charset, language, percent-decoded bytes as Latin-1)."""
    if isinstance(value, tuple) and len(value) == 3:
        charset, _, words = value
        encoded = attempt(lambda: str(words).encode("latin-1"), str(words).encode("utf-8", "surrogateescape"))
        return text.header_text(text.decode(encoded, str(charset or "")))
    return text.header_text(str(value)[:MAX_CONTENT_HEADER]) if value else ""


def tree(part: Part) -> Message:
    """Return the mail as the standard library would hold it, texts and reports only: what bounces are read from."""
    message = Message()
    message.set_default_type(part.kind if part.head.get("content-type") is None else "text/plain")
    for name, value in part.lines:
        message.set_raw(name, _tame(value.encode("utf-8", "surrogateescape")))
    if part.parts:
        message.set_payload([tree(one) for one in part.parts])
    elif part.kind == "message/delivery-status":
        message.set_payload(list(_blocks(part)))
    elif part.kind.startswith(("text/", "message/")):
        message.set_payload(text.decode(part.raw[part.start : min(part.end, part.start + MAX_TREE_TEXT)]))
    return message


def _tame(data: bytes) -> str:
    """Return text that the standard library never decodes again: with a hostile charset it raises even when asked."""
    return text.clean(text.decode(data))


def _blocks(part: Part) -> Iterator[Message]:
    """Yield the blocks of a delivery status, each as a header of its own."""
    data = part.decoded()[:MAX_TREE_TEXT].replace(b"\r\n", b"\n")
    for block in re.split(rb"\n[ \t]*\n", data)[:MAX_PARTS]:
        closed = block.strip(b"\n") + b"\n\n"
        lines, _ = _header(closed, 0, len(closed))
        message = Message()
        for name, value in lines:
            message.set_raw(name, _tame(value.encode("utf-8", "surrogateescape")))
        yield message
