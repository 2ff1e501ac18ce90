"""The citizen's own words: without the quoted thread and the signature, as the mail programs of the North write them.

A sign that a person could have typed counts only together with another one: words that are cut are words unread.
"""

import re
from collections.abc import Sequence

_VERB = r"(?:wrote|skrev|schrieb|kirjoitti|schreef|a écrit|escribió|ha scritto|napisał\(a\)|napisał|skrifaði)"
_WROTE = re.compile(
    rf"^\W*(?:\w.{{0,250}}\s|)({_VERB})\b(?!\s+(?:jag|vi|du|ni|i|we|you|ich|wir|jeg|minä|me)\b).{{0,160}}:\W*$",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\d{1,2}[:.]\d{2}|\d{4}|@|\bkl(?:o|ockan)?\b", re.IGNORECASE)
_OPENS = re.compile(
    r"^\W*(?:(?:den|on|am|le|el|op|il|w dniu|dne|þann|på)\s"
    r"|(?:må|ti|to|on|fr|lö|sö|ma|ke|pe|la|su|mån|tis|tors|fre|lör|sön|tir|tor)\w{0,8}[.,]?\s+\d"
    r"|\d{1,4}[-./ ]|.{1,80}[<(][^<>()\s]+@[^<>()\s]+[>)])",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^\W*[-_]{2,}\s*(?:original (?:message|meddelelse)|ursprungligt (?:meddelande|mejl|mail)|originalmeddelande"
    r"|alkuperäinen viesti|opprinnelig melding|oprindelig meddelelse|ursprüngliche nachricht|originalnachricht"
    r"|message d'origine|mensaje original|reply message|svarsmeddelande)\W*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"^\W*(?:[-_]{2,}\s*)?(?:(?:begin )?forwarded message|(?:påbörja )?vidarebefordrat (?:meddelande|brev|mejl)"
    r"|välitetty viesti|(?:begynnelse på )?videresendt (?:melding|meddelelse)|weitergeleitete nachricht"
    r"|anfang der weitergeleiteten nachricht)\s*(?::|[-_]{2,}).{0,5}$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\W{0,4}(?:från|from|von|fra|lähettäjä|de|afsender|avsändare)\W{0,3}:\W{0,4}\S", re.IGNORECASE)
_SENT = re.compile(r"^\W{0,4}(?:skickat|skickades|sent|gesendet|sendt|lähetetty|envoyé)\W{0,3}:", re.IGNORECASE)
_SUBJECT = re.compile(r"^\W{0,4}(?:ämne|subject|betreff|emne|aihe|objet)\W{0,3}:", re.IGNORECASE)
_OTHER = re.compile(
    r"^\W{0,4}(?:till|to|an|til|vastaanottaja|kopia|kopi|cc|kopio|datum|date|dato|päivämäärä|päiväys|à|svar till"
    r"|reply-to|prioritet)\W{0,3}:",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\W*_{8,}\s*$")
_SIGN_OFF = re.compile(
    r"^\W*(?:mvh|m\.?v\.?h\.?|/+ ?mvh|v\.?h|med (?:vänlig|bästa|varma?|hjärtliga?)a? hälsning(?:ar|en)?"
    r"|(?:vänlig|bästa|varma?|många|glada|soliga)a? hälsning(?:ar)?|hälsningar|hälsn|ha det (?:bra|gott|fint)"
    r"|allt gott|med venn?lig hilsen|venn?lig hilsen|hilsen|(?:ystävällisin |parhain )?terveisin|terv"
    r"|mit freundlichen gr(?:ü|ue)(?:ß|ss)en|mfg|viele gr(?:ü|ue)(?:ß|ss)e"
    r"|(?:kind|best|with kind|with best|warm) regards"
    r"|regards|sincerely|yours (?:sincerely|faithfully|truly)|cheers)\b[^?:]{0,50}$"
    r"|^\W*(?:vänligen|best|vänligt)\W*$",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"^\W*(?:skickat från|skickades från|skickat med|skickat via|sent from|sent via|sendt fra|lähetetty"
    r"|von meinem .{1,40} gesendet"
    r"|gesendet (?:von|mit)|get outlook for|hämta outlook för|hanki outlook|få outlook|envoyé de(?:puis)?)\b.{0,80}$",
    re.IGNORECASE,
)
_AFTERTHOUGHT = re.compile(r"^\W*(?:p\.? ?s\b|obs\b|n\.?b\b|ps[.:!])", re.IGNORECASE)
SIGNATURE_LINES = 10
"""A sign-off with more than this many written lines below it is no signature."""
DASHED_LINES = 25
"""The same for `-- `, below which companies put their conditions."""
LONGEST = 400
"""Characters; what is longer no program wrote to introduce a quotation, and nobody below a letter."""
FEW_WORDS = 8
"""Words; a forwarded mail with fewer above it is what the writer wants to say."""


def own_words(text: str, *, forwarded: bool = False) -> str:
    """Return what the writer wrote now; a mail that is nothing but a quotation, or passed on, is all her words."""
    own = _without_thread(text.split("\n"))
    if not own or (forwarded and len(own.split()) < FEW_WORDS):
        return text.strip()
    return own


def _without_thread(lines: Sequence[str]) -> str:
    kept, passed_on = _unquoted(lines)
    return "\n".join([*_unsigned(kept), *passed_on]).strip()


def _unquoted(lines: Sequence[str]) -> tuple[list[str], Sequence[str]]:
    """Return the lines that are no quotation, and what is passed on below them."""
    kept: list[str] = []
    introduced = 0
    for number, line in enumerate(lines):
        if number < introduced or line.lstrip().startswith(">"):
            continue
        if len(line) <= LONGEST:
            if _FORWARDED.match(line):
                return kept, lines[number:]
            if _ORIGINAL.match(line) or _ruled_off(lines, number) or _header_block(lines, number):
                break
            introduced = number + _wrote(lines, number)
        if introduced <= number:
            kept.append(line)
        elif not _quotes_follow(lines, introduced):
            break
    return kept, ()


def _wrote(lines: Sequence[str], number: int) -> int:
    """Return how many lines introduce a quotation here: none, or as many as a program wrapped them into."""
    line = lines[number].strip()
    for count in (1, 2, 3):
        if count > 1:
            if number + count > len(lines) or not _OPENS.match(line):
                return 0
            line = f"{line} {lines[number + count - 1].strip()}"
        if line.rstrip("* \xa0").endswith(":") and _WROTE.match(line[:LONGEST]):
            sure = _OPENS.match(line) and _WHEN.search(line)
            return count if sure or _quotes_follow(lines, number + count) else 0
    return 0


def _quotes_follow(lines: Sequence[str], start: int) -> bool:
    below = (lines[number] for number in range(start, min(len(lines), start + 20)))
    return next((line for line in below if line.strip()), "").lstrip().startswith(">")


def _ruled_off(lines: Sequence[str], number: int) -> bool:
    """Say whether Outlook's rule stands here, above the header of the mail that is answered."""
    if not _RULE.match(lines[number]):
        return False
    below = [n for n in range(number + 1, min(len(lines), number + 5)) if lines[n].strip()]
    return bool(below) and _header_block(lines, below[0])


def _header_block(lines: Sequence[str], number: int) -> bool:
    """Say whether a mail's header is written out here (`Från: … Skickat: … Till: …`), as Outlook does.

    Somebody who moves writes `Från:`, `Till:` and `Datum:` too, and a form on some web page `Ämne:`; but not when a
    mail was sent, nor from which address.
    """
    if not _FROM.match(lines[number]):
        return False
    below = [line for line in lines[number + 1 : number + 9] if len(line) <= LONGEST]
    sent, subject, other = (any(sign.match(line) for line in below) for sign in (_SENT, _SUBJECT, _OTHER))
    return (sent and (subject or other)) or ("@" in lines[number] and subject and other)


def _unsigned(lines: list[str]) -> list[str]:
    written = sum(1 for line in lines if line.strip())
    for number, line in enumerate(lines):
        written -= bool(line.strip())
        dashed = line in {"-- ", "--"} and written <= DASHED_LINES
        closes = number and written <= SIGNATURE_LINES and len(line) <= LONGEST
        if dashed or (closes and (_DEVICE.match(line) or _SIGN_OFF.match(line))):
            below = next((n for n in range(number + 1, len(lines)) if _AFTERTHOUGHT.match(lines[n])), len(lines))
            return [*lines[:number], *lines[below:]]
    return lines
