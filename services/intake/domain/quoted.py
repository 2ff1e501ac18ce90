"""The citizen's own words: without the quoted thread and without the signature."""

import re
from collections.abc import Sequence

_WROTE = re.compile(
    r"^\W*(on\b.{4,200}\bwrote|(den|på|le|am)?\b.{4,200}\b(skrev|skrev följande|kirjoitti|schrieb)\b.{0,120}):?\s*$",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^\W*-{2,}\s*(original message|ursprungligt meddelande|originalmeddelande|vidarebefordrat meddelande"
    r"|forwarded message|vidarebefordrat brev)\W*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\W{0,3}(från|from|lähettäjä)\W{0,3}:\s*\S", re.IGNORECASE)
_SENT = re.compile(r"^\W{0,3}(skickat|sent|datum|date|till|to|ämne|subject)\W{0,3}:", re.IGNORECASE)
_SIGN_OFF = re.compile(
    r"^\W*(mvh|m\.?v\.?h\.?|/+ ?mvh|med vänlig(a)? hälsning(ar)?|vänlig(a)? hälsning(ar)?|hälsningar|bästa hälsningar"
    r"|(kind|best|with kind|with best|warm) regards|regards|sincerely)\b.{0,60}$",
    re.IGNORECASE,
)
_DEVICE = re.compile(r"^\W*(skickat från|sent from|get outlook for|hämta outlook för)\b.{0,80}$", re.IGNORECASE)
SIGNATURE_LINES = 10
"""A sign-off with more than this many written lines below it is no signature."""


def own_words(text: str) -> str:
    """Return what the writer wrote now; a mail that is nothing but a quotation (forwarded) is all her words."""
    lines = text.split("\n")
    own = "\n".join(_unsigned(_unquoted(lines))).strip()
    return own or text.strip()


def _unquoted(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    introduced = 0
    for number, line in enumerate(lines):
        if number < introduced or line.lstrip().startswith(">"):
            continue
        if _ORIGINAL.match(line) or _header_block(lines, number):
            break
        introduced = number + _wrote(lines, number)
        if introduced == number:
            kept.append(line)
        elif not _quotes_follow(lines, introduced):
            break
    return kept


def _wrote(lines: Sequence[str], number: int) -> int:
    """Return how many lines introduce a quotation here: none, one, or two where a program wrapped them."""
    line = lines[number]
    if line.rstrip().endswith(":") and _WROTE.match(line):
        return 1
    wrapped = f"{line.rstrip()} {lines[number + 1].strip()}" if number + 1 < len(lines) else ""
    opens = re.match(r"^\W*(den|on)\b", line, re.IGNORECASE)
    return 2 if opens and wrapped.endswith(":") and _WROTE.match(wrapped) else 0


def _quotes_follow(lines: Sequence[str], start: int) -> bool:
    below = (lines[number] for number in range(start, len(lines)))
    return next((line for line in below if line.strip()), "").lstrip().startswith(">")


def _header_block(lines: Sequence[str], number: int) -> bool:
    """Say whether a mail's header is written out here (`Från: … Skickat: …`), as Outlook does."""
    return bool(_FROM.match(lines[number])) and any(_SENT.match(line) for line in lines[number + 1 : number + 4])


def _unsigned(lines: list[str]) -> list[str]:
    written = sum(1 for line in lines if line.strip())
    for number, line in enumerate(lines):
        written -= bool(line.strip())
        if line in {"-- ", "--"}:
            return lines[:number]
        if number and written <= SIGNATURE_LINES and (_DEVICE.match(line) or _SIGN_OFF.match(line)):
            return lines[:number]
    return lines
