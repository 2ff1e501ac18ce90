"""RTF as Outlook packs it into winmail.dat (MS-OXRTFCP, MS-OXRTFEX): unpacked, and its text or the HTML within."""

import re
import struct
from dataclasses import dataclass

from services.intake.domain import text

_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS "
    b"Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    b"\\b\\i\\u\\tab\\tx"
)
"""What both sides know before the first byte; the format names it."""
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_TOKEN = re.compile(
    rb"\\(?:\*\\)?([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|([^\\{}\r\n]+)|[\r\n\\]",
    re.IGNORECASE,
)
_SILENT = frozenset(
    {
        b"fonttbl",
        b"colortbl",
        b"stylesheet",
        b"info",
        b"pict",
        b"object",
        b"listtable",
        b"listoverridetable",
        b"generator",
    }
)
_BREAKS = frozenset({b"par", b"line", b"row", b"page", b"sect"})
MAX_RTF = 500_000
"""Unpacked bytes that are read."""


@dataclass(frozen=True, slots=True)
class Said:
    """The text of an RTF, and the HTML that it was made from when it was."""

    text: str = ""
    rich: str = ""


def unpacked(data: bytes) -> bytes:
    """Return compressed RTF unpacked, at most `MAX_RTF` bytes; one that is cut gives what came."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<II", data, 4)
    if kind == _PLAIN:
        return data[16 : 16 + min(size, MAX_RTF)]
    if kind != _COMPRESSED:
        return b""
    return _unpacked(data, min(size, MAX_RTF))


def _unpacked(data: bytes, size: int) -> bytes:
    """Return the bytes behind the head: runs of eight, each a letter or a place and a length in the last 4 kB."""
    window = bytearray(_DICTIONARY.ljust(4096, b"\x00"))
    write, position, out = len(_DICTIONARY), 16, bytearray()
    while position < len(data) and len(out) < size:
        control = data[position]
        position += 1
        for bit in range(8):
            width = 2 if control >> bit & 1 else 1
            if position + width > len(data):
                return bytes(out)
            if width == 1:
                piece = data[position : position + 1]
            else:
                reference = data[position] << 8 | data[position + 1]
                if reference >> 4 == write:
                    return bytes(out)
                piece = _repeated(window, write, reference >> 4, (reference & 15) + 2)
            position += width
            for byte in piece:
                window[write] = byte
                write = (write + 1) % 4096
            out += piece
    return bytes(out)


def _repeated(window: bytearray, write: int, source: int, length: int) -> bytes:
    """Return what stands at a place of the window; a run may reach into what it writes itself."""
    piece = bytearray()
    for n in range(length):
        place = (source + n) % 4096
        ahead = (place - write) % 4096
        piece.append(piece[ahead] if ahead < len(piece) else window[place])
    return bytes(piece)


def read(data: bytes) -> Said:
    """Return the text of an RTF; where it wraps HTML (`fromhtml1`), that HTML."""
    is_html = b"\\fromhtml" in data[:2000]
    codepage = re.search(rb"\\ansicpg(\d{3,5})", data[:2000])
    charset = f"cp{codepage[1].decode()}" if codepage else "cp1252"
    said = _Reader(charset, is_html).read(data[:MAX_RTF])
    return Said(rich=said) if is_html else Said(text=said)


class _Reader:
    """Follows the groups of an RTF: which are silent, and in wrapped HTML which are there only for RTF's readers."""

    def __init__(self, charset: str, is_html: bool) -> None:
        self._charset = charset
        self._html = is_html
        self._out: list[str] = []
        self._bytes: list[bytes] = []
        self._silent: list[bool] = [False]
        self._skip = 0
        self._rtf_only = False

    def read(self, data: bytes) -> str:
        for token in _TOKEN.finditer(data):
            word, number, escaped, symbol, brace, words = token.groups()
            if brace:
                self._group(opens=brace == b"{")
            elif word:
                self._word(word.lower(), number, token[0])
            elif symbol:
                self._symbol(symbol)
            elif escaped or words:
                self._letter(bytes([int(escaped, 16)]) if escaped else words)
        self._flush()
        return text.clean("".join(self._out)).strip()

    def _group(self, *, opens: bool) -> None:
        if opens:
            self._silent.append(self._silent[-1])
        elif len(self._silent) > 1:
            self._silent.pop()

    def _symbol(self, symbol: bytes) -> None:
        if symbol in {b"\\", b"{", b"}"}:
            self._letter(symbol)
        elif symbol == b"~":
            self._say(" ")
        elif symbol == b"*":
            self._silent[-1] = True

    def _word(self, word: bytes, number: bytes | None, whole: bytes) -> None:
        if word == b"htmltag":
            self._silent[-1] = False
            self._rtf_only = False
        elif whole.startswith(b"\\*") or word in _SILENT:
            self._silent[-1] = True
        elif word == b"htmlrtf":
            self._rtf_only = number != b"0"
        elif word == b"u" and number:
            self._flush()
            self._say(chr(int(number) % 0x10000))
            self._skip = 1
        elif word in _BREAKS:
            self._say("\n")
        elif word in {b"tab", b"cell"}:
            self._say("\t")

    def _letter(self, data: bytes) -> None:
        if self._skip:
            self._skip, data = 0, data[1:]
        if not self._silent[-1] and not (self._html and self._rtf_only):
            self._bytes.append(data)

    def _say(self, said: str) -> None:
        self._flush()
        if not self._silent[-1] and not (self._html and self._rtf_only):
            self._out.append(said)

    def _flush(self) -> None:
        if self._bytes:
            self._out.append(text.decode(b"".join(self._bytes), self._charset))
            self._bytes = []
