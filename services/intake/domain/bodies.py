"""What a text part says: its paragraphs joined again, files taken out of it, armour laid aside."""

import re
from dataclasses import dataclass

from services.intake.domain import html, text, transfer
from services.intake.domain.structure import Part

_PAGES = frozenset({"text/html", "text/x-amp-html", "text/watch-html"})
_ENRICHED = re.compile(r"<param>[^<]{0,200}</param>|</?[a-z-]{1,40}>", re.IGNORECASE)
_ARMOUR = "-----BEGIN PGP "
_ARMOUR_HEAD = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]{1,40}: .*\n)*\n?", re.MULTILINE)
_ARMOUR_TAIL = "-----BEGIN PGP SIGNATURE-----"
_ARMOUR_END = "-----END PGP SIGNATURE-----"
_ENCRYPTED = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"<style[^>]{0,500}>[^<]*</style>|<[^<>]*>")
_PICTURE = re.compile(rb"data:[a-zA-Z0-9/+.-]{1,60};base64,[A-Za-z0-9+/=%\r\n]*+")
"""A picture that a phone wrote into the HTML itself: words stand behind its megabytes."""
_QUOTES = re.compile(r"^>+")
MAX_TEXT_BYTES = 2_000_000
"""Bytes of a text part that are read: what is shown is far less, the original holds the rest."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text with the files that stood in it and what it is; HTML becomes text only when somebody asks for it."""

    plain: str = ""
    rich: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    flags: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the words as a person reads them."""
        return html.to_text(self.rich) if self.rich else self.plain

    def roughly(self) -> str:
        """Return all the words, quickly: for HTML with everything that stands between its tags."""
        return _TAG.sub(" ", self.rich) if self.rich else self.plain


def read(part: Part) -> Words:
    """Return the words of a text part."""
    charset = part.parameter("charset")
    if part.kind in _PAGES:
        whole = _PICTURE.sub(b"data:,", part.decoded())
        data, cut = whole[:MAX_TEXT_BYTES], ("text_cut",) if len(whole) > MAX_TEXT_BYTES else ()
        page = text.clean(text.decode(data, charset or html.declared_charset(data)))
        return Words(rich=page[: html.MAX_HTML], flags=_cut(page) or cut)
    kept, files = transfer.uuencoded(part.decoded(MAX_TEXT_BYTES))
    cut = ("text_cut",) if part.end - part.start > MAX_TEXT_BYTES else ()
    words = text.clean(text.decode(kept, charset))
    if part.kind in {"text/enriched", "text/richtext"}:
        words = _ENRICHED.sub("", words.replace("<<", "&lt;")).replace("&lt;", "<")
    elif part.parameter("format").lower() == "flowed":
        words = flowed(words, part.parameter("delsp").lower() == "yes")
    words, flags = _unarmoured(words)
    return Words(
        words, "", tuple((text.one_line(text.decode(name)), content) for name, content in files), (*flags, *cut)
    )


def _cut(page: str) -> tuple[str, ...]:
    return ("text_cut",) if len(page) > html.MAX_HTML else ()


def flowed(words: str, delsp: bool) -> str:
    """Return `format=flowed` (RFC 3676) with its paragraphs joined; quotations keep one `>` for each depth."""
    out: list[str] = []
    pending: list[str] = []
    depth = 0
    for line in words.split("\n"):
        quotes = _QUOTES.match(line)
        level = len(quotes[0]) if quotes else 0
        content = line[level:]
        content = content.removeprefix(" ")  # space-stuffed
        if pending and level != depth:
            out.append(_prefixed(depth, "".join(pending).rstrip(" ")))
            pending = []
        depth = level
        flows = content.endswith(" ") and content != "-- "
        if content == "-- " and pending:
            out.append(_prefixed(depth, "".join(pending).rstrip(" ")))
            pending = []
        pending.append(content[:-1] if flows and delsp else content)
        if not flows:
            out.append(_prefixed(depth, "".join(pending)))
            pending = []
    return "\n".join([*out, *([_prefixed(depth, "".join(pending).rstrip(" "))] if pending else [])])


def _prefixed(depth: int, line: str) -> str:
    return f"{'>' * depth} {line}".rstrip(" ") if depth else line


def _unarmoured(words: str) -> tuple[str, tuple[str, ...]]:
    """Take away the frame of a clear-signed text, and say what OpenPGP has made of it."""
    if _ARMOUR not in words:
        return words, ()
    flags = ("encrypted",) if _ENCRYPTED.search(words) else ()
    if not _ARMOUR_HEAD.search(words):
        return words, flags
    bare = _ARMOUR_HEAD.sub("", words)
    before, mark, rest = bare.partition(_ARMOUR_TAIL)
    _, _, after = rest.partition(_ARMOUR_END)
    plain = re.sub(r"^- ", "", before, flags=re.MULTILINE) if mark else bare
    return f"{plain}{after}".strip(), (*flags, "signed")
