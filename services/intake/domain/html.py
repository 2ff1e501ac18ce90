"""The HTML of a mail as plain text; quoted blocks get `>`, and a signature `--`, so that the quotation rules see them.

Read by a reader of our own in one pass: the standard library's takes quadratic time for half a dozen unclosed things.
"""

import html as entities
import re
from collections.abc import Iterator

_SILENT = frozenset({"script", "style", "head", "title", "template", "svg"})
_RAW = {tag: re.compile(f"</{tag}", re.IGNORECASE) for tag in ("script", "style", "title", "textarea")}
"""Elements whose content is no HTML until their end comes."""
_BLOCKS = frozenset(
    {"p", "div", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header"}
    | {"footer", "pre", "hr", "blockquote", "dt", "dd", "form", "body", "address", "fieldset", "caption", "main", "nav"}
)
_TELLING = frozenset({"div", "blockquote", "hr", "span", "table", "p", "section", "td"})
"""Elements that mail programs put their marks on."""
_TRACKED = _BLOCKS | _SILENT | _TELLING | {"br", "th", "body", "html"}
_VOID = frozenset({"br", "img", "hr", "input", "meta", "link", "wbr", "col", "area", "base", "source"})
_TAG = re.compile(
    r"<(/?)([a-zA-Z][\w:.-]{0,40}+)((?:[^<>\"']++|\"[^\"]{0,2000}+\"|'[^']{0,2000}+'){0,64}+)>",
)
_BROKEN_TAG = re.compile(r"<(/?)([a-zA-Z][\w:.-]{0,40}+)([^<>]*+)>")
"""A tag whose quotes do not match."""
_HINT = re.compile(
    r"quote|signature|rply|append|zwchr|border-top|reference|section|reply|moz-|zmail|messageheader", re.IGNORECASE
)
"""Something in attributes that is worth a closer look; most say only how the words look."""
_ATTRIBUTE = re.compile(
    r"\b(class|id|style|name|type|cite)\s*=\s*(?:\"([^\"]{0,2000})\"|'([^']{0,2000})'|([^\s\"'>]{1,500}))",
    re.IGNORECASE,
)
_QUOTING = re.compile(
    r"class:[^\n]*\b(?:gmail_quote|gmail_extra_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote|tutanota_quote"
    r"|zmail_extra|OutlookMessageHeader)"
    r"|id:(?:mail-editor-reference-message-container|isReplyContent|reply-intro|yahoo_quoted)"
    r"|name:messageReplySection\b",
    re.IGNORECASE,
)
"""What mail programs put around a quotation."""
_REST_QUOTED = re.compile(
    r"id:(?:[\w-]{0,20}_)?(?:divRplyFwdMsg|appendonsend|zwchr|ms-outlook-mobile-reference-message)"
    r"|style:[^\n]*border:\s*none;\s*border-top:\s*solid\s+#?\w+\s+1\.0pt",
    re.IGNORECASE,
)
"""What stands where a quotation begins that goes on to the end: Outlook's line above `Från:`, and its marks."""
_SIGNATURE = re.compile(
    r"class:[^\n]*\b(?:gmail_signature|moz-signature|protonmail_signature_block)\b"
    r"|id:(?:[\w-]{0,20}_)?(?:AppleMailSignature|ms-outlook-mobile-signature|ymail_android_signature|Signature"
    r"|composer_signature)\b",
    re.IGNORECASE,
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w:.-]{2,40})", re.IGNORECASE)
_HUGE_NUMBER = re.compile(r"&#(?:x0*[0-9a-f]{7,}|0*\d{8,});?", re.IGNORECASE)
_SPACES = " \t\n\r\f"
_SPACE = re.compile(r" [ \t\n\r\f]+|[\t\n\r\f][ \t\n\r\f]*")
"""What becomes one space; a single space is none of it, for it is one already."""
MAX_DEPTH = 200
"""Elements within each other that are followed; mail programs nest some, attackers many."""
MAX_QUOTES = 10
"""Signs of quotation before one line."""
MAX_HTML = 500_000
"""Characters that are read; the original holds the rest."""


def declared_charset(data: bytes) -> str:
    """Return the charset that a page names itself, empty when it names none."""
    found = _CHARSET.search(data[:3000])
    return found[1].decode("ascii") if found else ""


def to_text(page: str) -> str:
    """Return what a reader sees of `page`, one block a line; scripts, styles and images say nothing."""
    read = _HUGE_NUMBER.sub("", page[:MAX_HTML])
    reader = _read(read, _SILENT)
    # What was opened silent and never closed would hide all the rest: then it is no silence.
    return (_read(read, _SILENT - reader.unclosed) if reader.unclosed else reader).text()


def _read(page: str, silent: frozenset[str]) -> "_Reader":
    reader = _Reader(silent)
    for closing, tag, attributes, words in _tokens(page):
        if words:
            reader.say(words)
        elif tag == "br":
            reader.line_break()
        elif closing:
            reader.close(tag)
        else:
            reader.open(tag, attributes)
    return reader


def _tokens(page: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield (closing, tag, attributes, "") or ("", "", "", words); every step goes forward, no search is made twice."""
    position, never = 0, set[str]()
    while (start := page.find("<", position)) >= 0:
        if start > position:
            yield "", "", "", page[position:start]
        found = _TAG.match(page, start) or _BROKEN_TAG.match(page, start)
        if found:
            closing, written, attributes = found.groups()
            tag, position = written.lower(), found.end()
            if tag in _TRACKED:  # bold, links and the like change no line
                yield closing, tag, attributes, ""
            if tag in _RAW and not closing:
                stop = None if tag in never else _RAW[tag].search(page, position)
                if stop is None:
                    never.add(tag)
                elif stop.start() > position:
                    yield "", "", "", page[position : stop.start()]
                position = stop.start() if stop else position
        else:
            position = _past_other(page, start, never)
            if position == start + 1:
                yield "", "", "", "<"
    if page[position:]:
        yield "", "", "", page[position:]


def _past_other(page: str, start: int, never: set[str]) -> int:
    """Return where a comment or declaration ends; one that never ends hides nothing, and a mere `<` is a letter."""
    if page.startswith("<!--", start):
        stop = -1 if "--" in never else page.find("-->", start + 4)
        never |= {"--"} if stop < 0 else set()
        return stop + 3 if stop > 0 else start + 4
    if page.startswith(("<!", "<?"), start):
        stop = page.find(">", start, start + 2000)
        return stop + 1 if stop > 0 else start + 2
    return start + 1


def _described(attributes: str) -> str:
    """Return the attributes that tell quotations and signatures, one a line."""
    found = _ATTRIBUTE.findall(attributes[:4000])
    return "\n".join(f"{name.lower()}:{one or two or bare}" for name, one, two, bare in found)


class _Reader:
    """Writes lines: knows the open elements, how deep in quotations it is, and whether anybody sees the words."""

    def __init__(self, silent: frozenset[str]) -> None:
        self._hidden = silent
        self._lines: list[list[str]] = [[]]
        self._stack: list[tuple[str, bool]] = []
        self._open: dict[str, int] = {}
        self._silent = 0
        self._depth = 0
        self._rest = 0
        self._exact = 0
        self._known: dict[str, str] = {}

    @property
    def unclosed(self) -> frozenset[str]:
        """The silent elements that never ended."""
        return frozenset(tag for tag, _ in self._stack if tag in self._hidden)

    def _about(self, attributes: str) -> str:
        """Return what attributes tell; a mail has few different ones."""
        if attributes not in self._known:
            self._known[attributes] = _described(attributes) if _HINT.search(attributes) else ""
        return self._known[attributes]

    def line_break(self) -> None:
        """Begin a new line within a block."""
        self._lines.append([self._prefix()])

    def open(self, tag: str, attributes: str) -> None:
        """Enter an element."""
        if tag in _BLOCKS:
            self._new_line()
        if tag in {"td", "th"} and len(self._lines[-1]) > 1:
            self._write(" ")
        if tag == "li" and not self._silent:
            self._lines[-1] = [self._prefix(), "- "]
        about = self._about(attributes) if attributes and tag in _TELLING else ""
        if about:
            self._mark(about)
        if tag in _VOID or attributes.endswith("/") or len(self._stack) >= MAX_DEPTH:
            return
        quoting = (tag == "blockquote" and "gmail_default" not in about) or bool(about and _QUOTING.search(about))
        self._stack.append((tag, quoting))
        self._open[tag] = self._open.get(tag, 0) + 1
        self._depth += quoting
        self._silent += tag in self._hidden
        self._exact += tag == "pre"

    def _mark(self, about: str) -> None:
        """Note where the rest is quoted, and where a signature begins."""
        if _REST_QUOTED.search(about):
            self._rest = 1
        if _SIGNATURE.search(about) and not self._silent:
            self._new_line()
            self._lines[-1] = [self._prefix(), "-- "]
            self._lines.append([])

    def close(self, tag: str) -> None:
        """Leave an element and what was never closed in it."""
        if tag in _BLOCKS:
            self._new_line()
        if not self._open.get(tag):
            return
        while self._stack:
            opened, quoting = self._stack.pop()
            self._open[opened] -= 1
            self._depth -= quoting
            self._silent -= opened in self._hidden
            self._exact -= opened == "pre"
            if opened == tag:
                break

    def say(self, words: str) -> None:
        """Write words; an entity is its letter, spaces are one."""
        if self._silent:
            return
        if not self._exact and not words.strip(_SPACES):  # between two tags, mostly
            self._space()
            return
        said = entities.unescape(words) if "&" in words else words
        first, *more = said.split("\n") if self._exact else [_SPACE.sub(" ", said)]
        self._write(first)
        for line in more:
            self._lines.append([self._prefix()])
            self._write(line)

    def _space(self) -> None:
        line = self._lines[-1]
        if not line:
            line.append(self._prefix())
        elif len(line) > 1 and not line[-1].endswith(" "):
            line.append(" ")

    def _write(self, words: str) -> None:
        line = self._lines[-1]
        if not line:
            line.append(self._prefix())
        if (len(line) == 1 or line[-1].endswith(" ")) and not self._exact:
            words = words.lstrip(" ")
        if words:
            line.append(words)

    def _new_line(self) -> None:
        line = self._lines[-1]
        for number in range(1, len(line)):
            if not line[number].isspace() and line[number]:
                self._lines.append([])
                return
        line.clear()

    def _prefix(self) -> str:
        depth = self._depth + self._rest
        return "> " * min(depth, MAX_QUOTES) if depth else ""

    def text(self) -> str:
        """Return all lines."""
        lines = ["".join(pieces).replace("\xa0", " ") for pieces in self._lines]
        kept = [line if line == "-- " else line.rstrip() for line in lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n ")
