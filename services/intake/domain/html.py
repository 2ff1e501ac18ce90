"""The HTML of a mail as plain text; quoted blocks get `>` so that the quotation rules see them."""

import re
from html.parser import HTMLParser

_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg"})
_BLOCKS = frozenset(
    {"p", "div", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header"}
    | {"footer", "pre", "hr", "blockquote", "dt", "dd", "form", "body", "address"}
)
_QUOTING = re.compile(r"\b(gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote)\b")
_VOID = frozenset({"br", "img", "hr", "input", "meta", "link", "wbr", "col", "area", "base", "source"})
_UNCLOSED = re.compile(r"<(?=[^<>]*(?:<|\Z))")
MAX_COMMENTS = 500
"""Comments that are taken out of a mail."""
MAX_DEPTH = 200
"""Elements within each other that are followed; mail programs nest some, attackers many."""
MAX_HTML = 500_000
"""Characters that are read; the original holds the rest."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._stack: list[tuple[str, bool]] = []
        self._silent = 0
        self._depth = 0

    def _new_line(self) -> None:
        if self.lines[-1].strip():
            self.lines.append("")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.lines.append(self._prefix())
        if tag in _BLOCKS:
            self._new_line()
        if tag == "li":
            self.lines[-1] += "- "
        if tag in _VOID:
            return
        quoting = tag == "blockquote" or bool(_QUOTING.search(dict(attrs).get("class") or ""))
        if len(self._stack) >= MAX_DEPTH:
            return
        self._stack.append((tag, quoting))
        self._depth += quoting
        self._silent += tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        if not any(opened == tag for opened, _ in self._stack):
            return
        while self._stack:
            opened, quoting = self._stack.pop()
            self._depth -= quoting
            self._silent -= opened in _SILENT
            if opened == tag:
                break
        if tag in _BLOCKS:
            self._new_line()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        words = re.sub(r"\s+", " ", data)
        if not self.lines[-1]:
            words, self.lines[-1] = words.lstrip(), self._prefix()
        self.lines[-1] += words

    def _prefix(self) -> str:
        return "> " * self._depth


def _tame(html: str) -> str:
    """Take away what the standard parser needs quadratic time for: comments, and a `<` whose `>` never comes."""
    kept: list[str] = []
    rest = html
    while "<!--" in rest:
        before, _, rest = rest.partition("<!--")
        kept.append(before)
        rest = rest.partition("-->")[2]
        if len(kept) > MAX_COMMENTS:
            break
    return _UNCLOSED.sub("&lt;", "".join([*kept, rest]))


def to_text(html: str) -> str:
    """Return what a reader sees of `html`, one block a line; scripts, styles and images say nothing."""
    reader = _Reader()
    reader.feed(_tame(html[:MAX_HTML]))
    reader.close()
    lines = [line.replace("\xa0", " ").rstrip() for line in reader.lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
