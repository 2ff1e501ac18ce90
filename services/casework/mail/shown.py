"""A mail as it looked, made harmless: a page of its own that runs, loads and sends nothing.

nh3 decides last: what is rewritten between its two passes (pictures, the host behind a link) goes through it again.
What gets past it would still meet the door's Content-Security-Policy and the sandbox of the frame.
"""

import base64
import binascii
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

import nh3

from services.casework.mail.original import MAX_PICTURE, MAX_PICTURES, Original, Picture, picture_of

MAX_DEPTH = 200
"""Elements within each other that are shown; mail programs nest some, attackers many."""
MAX_MARKUP = 30_000
"""Tags, entities and hard spaces that are shown: nh3 needs quadratic time for them."""
_TAGS = frozenset(
    {"a", "abbr", "address", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup"}
    | {"dd", "del", "dfn", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img"}
    | {"ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup"}
    | {"table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr"}
)
_SILENT = frozenset({"script", "style", "title", "template", "noscript", "iframe", "object", "embed", "svg", "math"})
"""What goes with everything in it."""
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_SIZES = frozenset({"width", "height", "align", "valign", "bgcolor", "style", "dir", "lang"})
_ATTRIBUTES = {
    "*": _SIZES,
    "a": frozenset({"href", "title"}),
    "img": frozenset({"src", "alt"}),
    "font": frozenset({"color", "size", "face"}),
    "ol": frozenset({"start", "type"}),
    "table": frozenset({"border", "cellpadding", "cellspacing"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope"}),
}
_LAST_ATTRIBUTES = {**_ATTRIBUTES, "a": _ATTRIBUTES["a"] | {"data-host"}}
_STYLES = frozenset(
    {"color", "background-color", "font-weight", "font-style", "font-size", "font-family", "line-height"}
    | {"text-align", "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space"}
    | {f"{box}{side}" for box in ("padding", "margin") for side in ("", "-top", "-right", "-bottom", "-left")}
    | {f"border{side}" for side in ("", "-top", "-right", "-bottom", "-left", "-color", "-style", "-width")}
    | {"border-collapse", "border-spacing", "width", "max-width", "list-style-type"}
)
_LOADS = re.compile(r"url|image|src|attr|var|expression|@|\\|/\*", re.IGNORECASE)
"""In a style: what might fetch, or hides what does."""
_LINKS = ("http://", "https://", "mailto:", "tel:")
_INLINE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s]+)", re.IGNORECASE)
_CLOSED_BY_THEMSELVES = _VOID | {"p", "li", "td", "th", "tr", "dd", "dt", "meta", "link", "input", "option", "o:p"}
_SCHEME = re.compile(r"^(?:https?://|mailto:|tel:)")
_SLASHES = re.compile(r"^(https?:)/*", re.IGNORECASE)
_MARKUP = re.compile(r"[&\xa0]|<(/?)([A-Za-z][^\s/>]*)")


@dataclass(frozen=True, slots=True)
class Shown:
    """The HTML that may be shown, and what was left out of it."""

    html: str
    remote: int = 0
    """Pictures that lie elsewhere: fetching them would tell the sender that, when and where the mail was read."""
    cut: bool = False


def show(original: Original) -> Shown:
    """Return the harmless HTML of a mail."""
    tame, cut = _tame(original.html)
    first = nh3.clean(
        tame,
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        filter_style_properties=set(_STYLES),
        link_rel=None,
    )
    writer = _Writer(original.pictures)
    writer.feed(first)
    writer.close()
    last = nh3.clean(
        "".join(writer.out),
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes={tag: set(names) for tag, names in _LAST_ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto", "tel", "data"},
        attribute_filter=_filtered,
        filter_style_properties=set(_STYLES),
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
    )
    return Shown(last, writer.remote, original.cut or cut or writer.cut)


def _tame(text: str) -> tuple[str, bool]:
    """Take away comments, and what follows so much or so deep markup that a parser needs quadratic time for it."""
    plain = _without_comments(text)
    open_now: dict[str, int] = {}
    depth = 0
    for number, found in enumerate(_MARKUP.finditer(plain)):
        name = (found[2] or "").lower()
        if found[1]:
            closed = min(1, open_now.get(name, 0))
            open_now[name] = open_now.get(name, 0) - closed
            depth -= closed
        elif name and name not in _CLOSED_BY_THEMSELVES:
            open_now[name] = open_now.get(name, 0) + 1
            depth += 1
        if depth > MAX_DEPTH * 5 or number > MAX_MARKUP:
            return plain[: found.start()], True
    return plain, False


def _without_comments(text: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("-->", start)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join([*kept, text[at:]])


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    """Say what an attribute may be: links lead out and say so, pictures are in the page, styles load nothing."""
    match attribute:
        case "href":
            return value if value.strip().lower().startswith(_LINKS) else None
        case "src":
            return value if tag == "img" and _INLINE.fullmatch(value) else None
        case "style":
            return None if _LOADS.search(value) else value
        case _:
            return value


class _Writer(HTMLParser):
    """Writes the HTML again: pictures that came along put in, others left out, each link with the host it leads to."""

    def __init__(self, pictures: Mapping[str, Picture]) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.remote = 0
        self.cut = False
        self._pictures = pictures
        self._bytes = 0
        self._open: list[str] = []
        self._links: list[tuple[int, str]] = []
        """Of the links that are open (one may stand in a table in another): where in `out`, and where it leads."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._picture(given)
            return
        if tag in _VOID:
            self.out.append(_tag(tag, given))
            return
        self._open.append(tag)
        if len(self._open) > MAX_DEPTH:
            self.cut = True
            return
        if tag == "a":
            self._links.append((len(self.out), given.get("href", "")))
        self.out.append(_tag(tag, given))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        while self._open:
            last = self._open.pop()
            if len(self._open) < MAX_DEPTH:
                if last == "a":
                    self._say_where()
                self.out.append(f"</{last}>")
            if last == tag:
                break

    def handle_data(self, data: str) -> None:
        self.out.append(html.escape(data))

    def _picture(self, given: dict[str, str]) -> None:
        source = given.pop("src", "").strip()
        found = self._found(source)
        if found is not None:
            data = base64.b64encode(found.data).decode()
            self.out.append(_tag("img", {"alt": "", **given, "src": f"data:{found.content_type};base64,{data}"}))
            return
        self.remote += source.lower().startswith(("http:", "https:", "//"))
        if given.get("alt", "").strip():
            self.out.append(f"<i>[{html.escape(given['alt'].strip())}]</i>")

    def _found(self, source: str) -> Picture | None:
        scheme, _, rest = source.partition(":")
        found = self._pictures.get(rest) or self._pictures.get(_unquoted(rest)) if scheme.lower() == "cid" else None
        if inline := _INLINE.fullmatch(source) if len(source) < MAX_PICTURE * 2 else None:
            found = _decoded(inline[1])
        if found is None:
            return None
        self._bytes += len(found.data)
        if self._bytes > MAX_PICTURES:  # one picture may be named a thousand times
            self.cut = True
            return None
        return found

    def _say_where(self) -> None:
        """Put the host that a link leads to at its tag, unless its words begin with just that.

        Words that a tag stands between may not be what is seen: one may hide what the other says.
        """
        place, href = self._links.pop()
        host, within = host_of(href), self.out[place + 1 :]
        said = html.unescape("".join(within)).strip().lower()
        bare = not any(one.startswith("<") for one in within)
        if host and not (bare and _names(said, host)):
            start = self.out[place].removesuffix(">")
            self.out[place] = f'{start} data-host="{html.escape(host)}">'


def _names(said: str, host: str) -> bool:
    """Say whether words name a host, and nothing that looks like another before it."""
    rest = _SCHEME.sub("", said)
    return said.isascii() and rest.startswith(host) and rest[len(host) :][:1] in {"", "/", "?", "#", ":"}


def host_of(href: str) -> str:
    """Return where a link leads, in letters that look like nothing else; empty when it leads nowhere."""
    # As browsers read it: a backslash is a slash, and any number of them come before the host.
    plain = _SLASHES.sub(r"\1//", href.strip().replace("\\", "/"))
    try:
        parts = urlsplit(plain)
        if parts.scheme in {"mailto", "tel"}:
            return parts.path[:100]
        host = parts.hostname or ""
        return host.encode("idna").decode() if parts.scheme in {"http", "https"} else ""
    except ValueError:  # UnicodeError is one: a name that no address has
        return "?"


def _decoded(data: str) -> Picture | None:
    try:
        return picture_of(base64.b64decode(data))
    except binascii.Error:
        return None


def _unquoted(name: str) -> str:
    return name.replace("%40", "@").replace("%24", "$").replace("%2B", "+")


def _tag(tag: str, attributes: Mapping[str, str]) -> str:
    written = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>"
