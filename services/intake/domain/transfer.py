"""Transfer encodings, also where they are broken: what is encoded is decoded, what is not is kept as it came."""

import binascii
import re
from email.message import Message

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SPACES = b" \t\r\n"
_OTHERS = bytes(set(range(256)) - set(_ALPHABET))
_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,3}")
_ESCAPES = re.compile(rb"=(?:[0-9A-Fa-f]{2}|\r?\n)")
_SWEDISH = re.compile(rb"=[Cc]3=[89AaBb][0-9A-Fa-f]")
_BEGIN = re.compile(rb"begin [0-7]{3,4} ([^\r\n]{1,200})")
MAX_BROKEN = 3_000_000
"""Bytes of broken base64 that are looked at line by line; of more only the letters of base64 are taken."""
SHORT_LINE = 40
"""Characters; encoded lines are longer, but for a last one."""
MAX_UUENCODED = 20
"""Files that are taken out of a text."""


def decode(body: bytes, label: str) -> bytes:
    """Return a body without its transfer encoding; never an error and never less than the words that are there."""
    encoding = label.partition(";")[0].strip().strip("'\"").lower()
    if encoding in {"base64", "b"}:
        return from_base64(body)
    if encoding in {"quoted-printable", "quotedprintable", "qp", "q"}:
        return from_quoted(body)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        kept, files = uuencoded(body)
        return files[0][1] if files else kept
    return from_quoted(body) if not encoding and _looks_quoted(body) else body


def is_encoded(label: str) -> bool:
    """Say whether a label names an encoding under which a body is not the bytes that it stands for."""
    return label.partition(";")[0].strip().strip("'\"").lower() not in {"", "7bit", "8bit", "binary"}


def from_base64(body: bytes) -> bytes:
    """Return base64 decoded: also without its padding, in several pieces, or with a plain footer below."""
    padding = body.translate(None, _ALPHABET + _SPACES)
    if len(padding) <= 2 and not padding.strip(b"=") and body.rstrip().endswith(padding):
        if not padding and not _encoded_lines(body):
            return body
        return _piece(body.translate(None, _SPACES))
    return _by_lines(body) if len(body) <= MAX_BROKEN else _piece(body.translate(None, _OTHERS))


def _encoded_lines(body: bytes) -> bool:
    """Say whether any line is base64 alone: plain words under the wrong label have spaces."""
    return any(_LINE.fullmatch(line.strip()) for line in body.split(b"\n", 50)[:50]) or not body.strip()


def _by_lines(body: bytes) -> bytes:
    """Decode line by line: a line that is no base64 is text that a gateway wrote, a padding ends a piece."""
    out: list[bytes] = []
    run: list[bytes] = []
    footer = False
    for line in body.split(b"\n"):
        bare = line.strip()
        if _LINE.fullmatch(bare):
            run.append(bare)
            if bare.endswith(b"="):
                out.append(_run(run, footer))
                run = []
        elif bare:
            out.extend((_run(run, footer), b"\n" if out or run else b"", line, b"\n"))
            run, footer = [], True
    return b"".join([*out, _run(run, footer)])


def _run(lines: list[bytes], footer: bool) -> bytes:
    """Decode lines that belong together; below a footer's first line short ones are its words, not base64."""
    if footer and lines and max(len(line) for line in lines) < SHORT_LINE:
        return b"\n".join(lines) + b"\n"
    return _piece(b"".join(lines))


def _piece(encoded: bytes) -> bytes:
    """Decode one run of base64, its padding right, wrong or missing; a letter too many is dropped."""
    bare = encoded.rstrip(b"=")
    usable = bare[:-1] if len(bare) % 4 == 1 else bare
    try:
        return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))
    except binascii.Error:
        return encoded


def from_quoted(body: bytes) -> bytes:
    """Return quoted-printable decoded; an escape that is none stays as it was written."""
    # The standard library drops everything from "=\r" to the next line feed: a bare return must not hide words.
    return binascii.a2b_qp(body.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


def _looks_quoted(body: bytes) -> bool:
    """Say whether a text without a label is quoted-printable: Swedish letters as escapes, and no other `=`."""
    if not body.isascii() or not _SWEDISH.search(body):
        return False
    return body.count(b"=") == len(_ESCAPES.findall(body))


def uuencoded(body: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return a text without the uuencoded files in it, and these as (name, bytes); half a file stays text."""
    if b"begin " not in body or b"\nend" not in body:
        return body, []
    kept: list[bytes] = []
    files: list[tuple[bytes, bytes]] = []
    block: list[bytes] = []
    data: list[bytes] = []
    name = b""
    for line in body.split(b"\n"):
        bare = line.rstrip(b"\r")
        opening = None if name or len(files) >= MAX_UUENCODED else _BEGIN.fullmatch(bare)
        if opening:
            name, block, data = opening[1], [line], []
        elif not name:
            kept.append(line)
        elif bare == b"end":
            files.append((name, b"".join(data)))
            name = b""
        else:
            block.append(line)
            decoded = _uu_line(bare)
            if decoded is None:
                kept.extend(block)
                name = b""
            else:
                data.append(decoded)
    return b"\n".join([*kept, *(block if name else [])]), files


def _uu_line(line: bytes) -> bytes | None:
    if len(line) > 62:
        return None
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return None


def body_bytes(part: Message) -> bytes:
    """Return the decoded bytes of a part of the standard library's; one with parts gives these as they are."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"\n".join(one.as_bytes() for one in payload if isinstance(one, Message))
    return decode(
        str(payload or "").encode("utf-8", "surrogateescape"), str(part.get("content-transfer-encoding") or "")
    )
