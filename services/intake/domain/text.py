"""Bytes become text without losing a letter: the charset ladder, RFC 2047 words and characters nothing can store."""

import base64
import binascii
import codecs
import quopri
import re
from collections.abc import Mapping
from types import MappingProxyType

_WIDER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # Mislabelled UTF-8 is far more common than Latin-1 that happens to be valid UTF-8.
        "iso8859-1": ("utf-8", "cp1252"),
        "ascii": ("utf-8", "cp1252"),
        "cp1252": ("utf-8", "cp1252"),
        "gb2312": ("gb2312", "gb18030"),
        "gbk": ("gbk", "gb18030"),
        "shift_jis": ("shift_jis", "cp932"),
        "euc_kr": ("euc_kr", "cp949"),
        "big5": ("big5", "big5hkscs"),
        "iso8859-9": ("iso8859-9", "cp1254"),
        "iso2022_jp": ("iso2022_jp", "iso2022_jp_ext"),
    }
)
"""Labels that writers put on text of a wider set; the web reads most of them the same way (WHATWG Encoding, 4.2)."""
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "x-sjis": "cp932",
        "x-gbk": "gbk",
        "x-euc-jp": "euc_jp",
        "x-mac-roman": "mac_roman",
        "ks_c_5601-1987": "cp949",
        "iso-8859-8-i": "iso8859-8",
        "windows-874": "cp874",
        "x-windows-1252": "cp1252",
        "win-1252": "cp1252",
        "unicode": "utf-16",
    }
)
"""Labels that exist in mail and that Python does not know."""
_WIDE = re.compile(r"utf[-_ ]?(16|32)", re.IGNORECASE)

SURE_LETTERS = 3
"""Letters of UTF-8 that count for more than a label that names another charset."""
_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?\n]*|(?:[^?\n]|\?(?!=)){0,600})\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?)")
_FOLD = re.compile(r"\r?\n[ \t]+")
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Characters by which a name or a subject would show something else than it says."""
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = bytes(range(128, 256))
_ASCII = bytes(range(128))


def decode(data: bytes, declared: str | None = None) -> str:
    """Return `data` as text: in the declared charset if it fits, else UTF-8, else windows-1252; never an error."""
    if data.isascii() and not declared:
        return data.decode("ascii")
    for name in (*_marked(data), *_known(declared, data), "utf-8"):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError):
            continue
    return _mixed(data)


def _mixed(data: bytes) -> str:
    """Return text that no charset fits: letters of UTF-8 as such where they are most, the rest as windows-1252."""
    letters = _UTF8_LETTER.findall(data)
    eight_bit = len(data.translate(None, _ASCII))
    if 2 * sum(len(letter) for letter in letters) < eight_bit:
        return _windows(data)
    out, end = [], 0
    for match in _UTF8_LETTER.finditer(data):
        out.append(_windows(data[end : match.start()]))
        out.append(match[0].decode("utf-8", "replace"))
        end = match.end()
    return "".join([*out, _windows(data[end:])])


def _windows(data: bytes) -> str:
    """Return windows-1252, its five undefined bytes as the controls that they are in Latin-1."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte in _UNDEFINED else _CP1252[byte] for byte in data)


_UNDEFINED = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})
_CP1252 = bytes(range(256)).decode("cp1252", "replace")


def _marked(data: bytes) -> tuple[str, ...]:
    """Return the charset that a byte order mark names; two odd letters alone are no mark."""
    if data.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return ("utf-16",) if wide and b"\x00" in data[:2000] else ()


def _known(declared: str | None, data: bytes) -> tuple[str, ...]:
    """Return the codecs to try for a label; a label that is no charset (`x-foo`, `zlib`) gives none."""
    label = (declared or "").strip().strip("'\"").lower()[:60]
    if _WIDE.match(label):
        return _wide(label, data)
    try:
        codec = codecs.lookup(_ALIASES.get(label, label))
    except (LookupError, ValueError):
        return ()
    if not getattr(codec, "_is_text_encoding", True):
        return ()
    wider = _WIDER.get(codec.name, (codec.name,))
    if codec.name == "utf-8" or data.isascii():
        return wider
    # Whole texts are valid UTF-8 by chance only when they are a letter or two: then the label is wrong.
    return ("utf-8", *wider) if len(_UTF8_LETTER.findall(data[:4000])) >= SURE_LETTERS else wider


def _wide(label: str, data: bytes) -> tuple[str, ...]:
    """Return how to read what is labelled UTF-16 or UTF-32: mostly it is not, and then every byte is a letter.

    Without a mark the side on which the zero bytes of plain letters stand tells the order.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return (label[:6].replace("_", "-"),)
    sample = data[:2000]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if not even and not odd and len(sample.translate(None, _HIGH)) * 10 >= len(sample) * 5:
        return ()
    if "32" in label:
        return ("utf-32-be", "utf-32-le") if sample[:1] == b"\x00" else ("utf-32-le", "utf-32-be")
    return ("utf-16-be",) if even > odd else ("utf-16-le",)


def clean(text: str) -> str:
    """Return `text` with Unix line ends and without what no database stores (NUL, lone surrogates, controls)."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return `text` on one line: no encoded line break reaches a header, log or page, and nothing turns its order."""
    return " ".join(_TURNING.sub("", clean(text)).split())


def header_text(value: str) -> str:
    """Return a raw header value (surrogates stand for 8-bit bytes) as text, RFC 2047 words decoded where possible."""
    raw = _FOLD.sub(" ", decode(value.encode("utf-8", "surrogateescape")) if not value.isascii() else value)
    return one_line(_decode_words(_BETWEEN_WORDS.sub(r"\1", raw)) if "=?" in raw else raw)


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
    """Return the bytes of an encoded word, None where it is none; one written with its letters plain keeps them."""
    try:
        if encoding in "bB":
            bare = "".join(payload.split()).rstrip("=")
            usable = bare[:-1] if len(bare) % 4 == 1 else bare
            return base64.b64decode(usable + "=" * (-len(usable) % 4), validate=True)
        return quopri.decodestring(payload.encode().replace(b"_", b" "))
    except (binascii.Error, ValueError):
        return None
