"""The HTML beside a mail's plain text: the same words, escaped, with paragraphs and links; nothing is fetched.

It says its language and has a title, so that a screen reader reads it right, and leaves colours to the reader.
"""

import html
import re

_LINK = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)\]])|([\w.+-]+@[\w-]+(?:\.[\w-]+)+)")
_STYLE = "font-family: sans-serif; font-size: 1em; line-height: 1.5; max-width: 40em"


def html_of(text: str, language: str, title: str) -> str:
    """Return a whole HTML document that says what `text` says."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    body = "\n".join(f"<p>{_lines(part)}</p>" for part in paragraphs)
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}">\n<head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title></head>\n"
        f'<body style="{_STYLE}">\n{body}\n</body>\n</html>\n'
    )


def _lines(paragraph: str) -> str:
    return "<br>\n".join(_linked(line) for line in paragraph.strip().splitlines())


def _linked(line: str) -> str:
    """Return a line escaped, its addresses made into links; whatever is between them stays as it is."""
    pieces, at = [], 0
    for match in _LINK.finditer(line):
        pieces.append(html.escape(line[at : match.start()]))
        address, shown = match[1] or f"mailto:{match[2]}", html.escape(match[0])
        pieces.append(f'<a href="{html.escape(address)}">{shown}</a>')
        at = match.end()
    pieces.append(html.escape(line[at:]))
    return "".join(pieces)
