"""Bytes become text without losing a letter: the charset ladder, RFC 2047 words and characters nothing can store."""

import base64
import binascii
import codecs
import quopri
import re

_WEB_NAMES = {"iso8859-1": "cp1252", "ascii": "cp1252"}
"""Labels that writers put on Windows text; the web reads them the same way (WHATWG Encoding, 4.2)."""

_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?\n]*)\?=")
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Characters by which a name or a subject would show something else than it says."""
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")


def decode(data: bytes, declared: str | None = None) -> str:
    """Return `data` as text: in the declared charset if it fits, else UTF-8, else windows-1252; never an error."""
    for name in (*_known(declared), "utf-8", "cp1252"):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError):
            continue
    return data.decode("latin-1")


def _known(declared: str | None) -> tuple[str, ...]:
    """Return the codecs to try for a label; a label that is no charset (`x-foo`, `zlib`) gives none."""
    try:
        codec = codecs.lookup((declared or "").strip().strip("'\""))
    except (LookupError, ValueError):
        return ()
    if not getattr(codec, "_is_text_encoding", True):
        return ()
    # Mislabelled UTF-8 is far more common than Latin-1 that happens to be valid UTF-8.
    return ("utf-8", _WEB_NAMES[codec.name]) if codec.name in _WEB_NAMES else (codec.name,)


def clean(text: str) -> str:
    """Return `text` with Unix line ends and without what no database stores (NUL, lone surrogates, controls)."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return `text` on one line: no encoded line break reaches a header, log or page, and nothing turns its order."""
    return " ".join(_TURNING.sub("", clean(text)).split())


def header_text(value: str) -> str:
    """Return a raw header value (surrogates stand for 8-bit bytes) as text, RFC 2047 words decoded where possible."""
    raw = decode(value.encode("utf-8", "surrogateescape"))
    joined = re.sub(r"(\?=)\s+(?==\?)", r"\1", raw)
    return one_line(_decode_words(joined))


def without_words(value: str) -> str:
    """Return a raw header value without its RFC 2047 words: what they hide is a text, never an address."""
    return _WORD.sub("", value)


def _decode_words(value: str) -> str:
    """Decode runs of adjacent words of one charset together: a letter may be split between two words."""
    out: list[str] = []
    charset, pending, end = "", b"", 0
    for match in _WORD.finditer(value):
        data = _word_bytes(match[2], match[3])
        adjacent = match.start() == end and match[1].lower() == charset
        if data is None or not adjacent:
            out.append(decode(pending, charset))
            pending, charset = b"", match[1].lower()
        out.append(value[end : match.start()])
        if data is None:
            out.append(match[0])
        else:
            pending += data
        end = match.end()
    return "".join([*out, decode(pending, charset), value[end:]])


def _word_bytes(encoding: str, payload: str) -> bytes | None:
    try:
        if encoding in "bB":
            return base64.b64decode(payload + "=" * (-len(payload) % 4))
        return quopri.decodestring(payload.encode().replace(b"_", b" "))
    except (binascii.Error, ValueError):
        return None
