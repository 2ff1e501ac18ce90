"""Words as the search knows them: what of a text is indexed, how a query is read, and which words are near each other.

A word is kept as it was written, in lower case; its *folded* form has no dots and accents, so that `goran` finds
`Göran`. Beside words a case has marks, each with a sign of its own that no word can begin with: `+0701740605` a phone
number, `#0605` its last four digits, `№2026-123` and `№123` its own number, `@unit:…` who sees it, `@2026-11` its
month. What looks like a personnummer is never indexed.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

LONGEST_WORD = 40
MOST_WORDS = 1_500
"""Words of a case beyond these are not indexed: a mail of a hundred pages must not cost what a thousand others do."""
_NEAR_LEAST, _NEAR_MOST = 3, 30
"""Lengths between which slips are looked for."""
_LAST = 4
"""Digits that are enough to find a phone number by its end."""
_PHONE_DIGITS = range(7, 14)

_STOP = frozenset(
    re.findall(
        r"\w+",
        "jag och det är hej att i på en ett som för med har inte till av den de vi du ni kan ska om men så var min "
        "mitt mina er ert era hur vad när nu här där från vill hade eller dig mig sig oss dem han hon man mvh tack "
        "hälsning hälsningar vänlig vänliga the and is to of in for kc",
    )
)
"""Words that nearly every text has: they find nothing and cost the most."""

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_PERSONAL = re.compile(
    r"(?<!\d)(?P<century>(?:18|19|20)[ .-]?)?(?P<year>\d\d)[ .-]?(?P<month>\d\d)[ .-]?(?P<day>\d\d)"
    r"(?P<sign>\s?[-+–—.]\s?|\s)?(?P<last>\d{4})(?!\d)"
)
_PHONE = re.compile(r"(?<![\w+])(?:\+|00|0)[\d ()/.–-]{5,20}\d(?!\w)")
_BIRTH = re.compile(r"(?:18|19|20)\d\d(?:0\d|1[0-2])[0-3]\d")
_PIECES = re.compile(r"[^\W\d_]+|\d+")
_DIGITS = re.compile(r"\d[\d ()/.+–-]{5}")
_NUMBER = re.compile(r"(?:kc)?[\s/-]*(?:(?P<year>(?:20)?\d\d)[\s/-]+|(?P<long>20\d\d)(?=\d{6,7}$))?(?P<serial>\d{1,7})")
_ONLY_DIGITS = re.compile(r"[\d\s()/.+–-]+")
_LETTERS = str.maketrans({"ø": "o", "æ": "a", "ß": "ss", "đ": "d", "ł": "l", "ð": "d", "þ": "t"})


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Return a word in lower case without dots and accents."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFD", word.lower().translate(_LETTERS))
    return "".join(one for one in plain if not unicodedata.combining(one))


def phone_digits(text: str) -> str:
    """Return a phone number as dialled within Sweden (`0701740605`), others with `00` first; empty when it is none."""
    digits = "".join(one for one in text if one.isdigit() and one.isascii())
    if text.strip().startswith("+"):
        digits = "00" + digits
    if digits.startswith("0046"):
        digits = "0" + digits[4:].lstrip("0")
    return digits if len(digits) >= _LAST else ""


def _phone_marks(digits: str) -> tuple[str, ...]:
    return (f"+{digits}", f"#{digits[-_LAST:]}") if digits else ()


def _personal(found: re.Match[str], *, but_phones: bool) -> bool:
    """Return whether ten or twelve digits are a personnummer or samordningsnummer rather than something else.

    Ten digits that begin with 0 may be a phone number as well: they count as one if that is asked for, or the check
    digit is wrong.
    """
    month, day = int(found["month"]), int(found["day"])
    if not (1 <= month <= 12 and (1 <= day <= 31 or 61 <= day <= 91)):
        return False
    if found["century"] or (found["sign"] or "").strip():
        return True
    digits = "".join(found[name] for name in ("year", "month", "day", "last"))
    return not digits.startswith("0") or (not but_phones and _luhn(digits))


def _luhn(digits: str) -> bool:
    doubled = (int(one) * (2 - at % 2) for at, one in enumerate(digits))
    return sum(one // 10 + one % 10 for one in doubled) % 10 == 0


def without_personal_numbers(text: str, *, but_phones: bool = False) -> str:
    """Return a text where every personnummer is a blank; `but_phones` keeps those that may be a phone number."""
    return _PERSONAL.sub(lambda found: " " if _personal(found, but_phones=but_phones) else found[0], text)


def words_of(text: str) -> list[str]:
    """Return what is indexed of a text: words, mail addresses whole and in pieces, and marks of phone numbers."""
    if not text:
        return []
    found: list[str] = []
    rest = unicodedata.normalize("NFC", text).lower()
    if _DIGITS.search(rest):
        rest = _PHONE.sub(lambda one: _phone(found, one[0]), without_personal_numbers(rest))
    if "@" in rest:
        found += [one[:LONGEST_WORD] for one in _MAIL.findall(rest)]
    return found + [_piece(one) for one in _PIECES.findall(rest) if _wanted(one)]


def _wanted(piece: str) -> bool:
    """Return whether a piece is worth finding: no word that is everywhere, no date of birth."""
    return not _BIRTH.fullmatch(piece) if piece[0].isdigit() else piece not in _STOP


def _piece(piece: str) -> str:
    return (piece.lstrip("0") or "0" if piece[0].isdigit() else piece)[:LONGEST_WORD]


def _phone(found: list[str], text: str) -> str:
    digits = phone_digits(text)
    if len(digits) not in _PHONE_DIGITS:
        return text
    found += _phone_marks(digits)
    return " "


def phone_words(text: str | None) -> tuple[str, ...]:
    """Return what is indexed of a field that holds a phone number."""
    return _phone_marks(phone_digits(text)) if text else ()


def number_marks(case_number: str) -> tuple[str, ...]:
    """Return the marks of a case's own number."""
    _, year, serial = case_number.split("-")
    return (f"№{year}-{int(serial)}", f"№{int(serial)}")


def unit_mark(unit: str) -> str:
    """Return the mark of a unit that sees a case."""
    return f"@unit:{unit}"


def month_mark(at: datetime, back: int = 0) -> str:
    """Return the mark of the month `back` months before a moment (of UTC)."""
    year, month = divmod(at.year * 12 + at.month - 1 - back, 12)
    return f"@{year}-{month + 1:02}"


def is_word(word: str) -> bool:
    """Return whether something indexed is a word of the vocabulary; marks and addresses are found as wholes alone."""
    return word[0] not in "+#№" and "@" not in word


def bounded(words: Iterable[str]) -> list[str]:
    """Return distinct words in their order, no more than are indexed of one case."""
    return list(dict.fromkeys(words))[:MOST_WORDS]


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a query asks for: a `word`, a `mail` address, or `digits` (a number, or the end of a phone's)."""

    kind: str
    text: str

    @property
    def folded(self) -> str:
        """The term without dots and accents."""
        return fold(self.text)

    @property
    def word(self) -> str:
        """The term as it stands in the index: numbers without zeros in front."""
        return (self.text.lstrip("0") or "0") if self.kind == "digits" else self.text


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for."""

    terms: tuple[Term, ...] = ()
    numbers: tuple[str, ...] = ()
    """Marks of the cases whose number this may be."""
    phone: str = ""
    """All its digits, when it has nothing else: the end of a phone number, however it is written."""
    personal_number: bool = False
    """It had a personnummer, which nothing can be found by."""

    @property
    def by_pieces(self) -> "Query | None":
        """The same with mail addresses as the words that they consist of; None when there are none."""
        if not any(term.kind == "mail" for term in self.terms):
            return None
        rest = " ".join(term.text for term in self.terms)
        pieces = [one for one in _PIECES.findall(rest) if _wanted(one)]
        return replace(self, terms=tuple(dict.fromkeys(map(_term, pieces))))

    @property
    def whole_number(self) -> bool:
        """Whether it may be the number of one case alone, with its year."""
        return any("-" in mark for mark in self.numbers)


def read_query(text: str) -> Query:
    """Return what a query asks for; nothing at all when it has no words."""
    plain = unicodedata.normalize("NFC", text.replace("\x00", " ")).strip().lower()
    rest = without_personal_numbers(plain, but_phones=True)
    personal = rest != plain
    terms: list[Term] = []
    rest = _PHONE.sub(lambda found: _phone_term(terms, found[0]), rest)
    phone = "" if personal or terms or not _ONLY_DIGITS.fullmatch(rest) else phone_digits(rest)
    rest = _MAIL.sub(lambda found: _took(terms, "mail", found[0][:LONGEST_WORD]), rest)
    pieces = [one for one in _PIECES.findall(rest) if _wanted(one)]
    terms += map(_term, pieces)
    return Query(tuple(dict.fromkeys(terms))[:12], () if personal else _numbers(plain), phone, personal)


def _term(piece: str) -> Term:
    return Term("digits" if piece[0].isdigit() else "word", piece[:LONGEST_WORD])


def _took(terms: list[Term], kind: str, text: str) -> str:
    terms.append(Term(kind, text))
    return " "


def _phone_term(terms: list[Term], text: str) -> str:
    digits = phone_digits(text)
    return _took(terms, "digits", digits) if len(digits) in _PHONE_DIGITS else text


def _numbers(text: str) -> tuple[str, ...]:
    found = _NUMBER.fullmatch(text)
    if found is None or not int(found["serial"]):
        return ()
    year, serial = found["year"] or found["long"], int(found["serial"])
    return (f"№{year if len(year) == 4 else f'20{year}'}-{serial}",) if year else (f"№{serial}",)


def slip_keys(folded: str) -> tuple[str, ...]:
    """Return the keys by which words within one slip of each other meet, and that of how a word sounds.

    Two words that differ by one letter more, less or other, or by two that changed places, have a key in common: the
    word itself or what is left when one letter is taken away.
    """
    if not (_NEAR_LEAST <= len(folded) <= _NEAR_MOST and folded.isalpha()):
        return ()
    shorter = {folded[:at] + folded[at + 1 :] for at in range(len(folded))}
    return (folded, *sorted(shorter), f"~{sound(folded)}")


_SOUNDS = tuple(
    (re.compile(pattern), heard)
    for pattern, heard in (
        (r"^(?:hj|gj|dj|lj)", "j"),
        (r"sch|skj|stj|sh|sj", "s"),
        (r"ch(?=[rl])", "k"),
        (r"ch", "k"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"dt", "t"),
        (r"ck", "k"),
        (r"q[uv]?|kv", "kv"),
        (r"w", "v"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"ae", "a"),
        (r"oe", "o"),
        (r"(.)\1+", r"\1"),
    )
)


@lru_cache(maxsize=65_536)
def sound(folded: str) -> str:
    """Return how a Swedish name sounds, so that `Kvist` and `Qvist`, `Erikson` and `Ericsson` are one."""
    for pattern, heard in _SOUNDS:
        folded = pattern.sub(heard, folded)
    return folded


def near(asked: str, found: str) -> bool:
    """Return whether two folded words are one slip from each other, or sound the same."""
    if max(len(asked), len(found)) < 4:
        return asked == found
    return one_slip(asked, found) or sound(asked) == sound(found)


def one_slip(one: str, other: str) -> bool:
    """Return whether two words differ by one letter more, less or other, or by two that changed places."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return swapped or one[at + 1 :] == other[at + 1 :]
