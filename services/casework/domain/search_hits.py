"""Why a case was found: the words of a text that answer a query, and the piece of the text around them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.casework.domain.search import (
    Query,
    Term,
    fold,
    near,
    number_marks,
    phone_digits,
    without_personal_numbers,
)

BEGINNING = 3
_BEFORE, _AFTER = 40, 120
_WORD = re.compile(r"[^\W\d_]+|\d+")
_PHONE = re.compile(r"\+?\d[\d ()/.–-]{2,22}\d")
_MOST = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a text; `marked` when it is what was looked for."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """Where a case answers a query: the `kind` of text, and what stands there."""

    kind: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    start: int
    end: int
    term: str


class Marker:
    """Finds in texts what a query asks for; what it has made of a word is kept, since texts have the same words."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._wordy = [term for term in query.terms if term.kind == "word"]
        self._mails = [term for term in query.terms if term.kind == "mail"]
        digits = [term for term in query.terms if term.kind == "digits"]
        self._digits = {term.word: term for term in digits}
        self._ends = [term.text for term in digits if len(term.text) >= 4] + ([query.phone] if query.phone else [])
        self._known: dict[tuple[str, bool], Term | None] = {}

    def why(self, number: str, parts: Iterable[tuple[str, str]], *, slips: bool = False) -> tuple[Why, ...]:
        """Return where a case answers, best first, at most three; `parts` are its texts by kind.

        Words near those that are asked for count when it was found by such (`slips`).
        """
        if set(self._query.numbers) & set(number_marks(number)):
            return (Why("number", (Piece(number, marked=True),)),)
        safe = ((kind, without_personal_numbers(text)) for kind, text in parts)
        found = [(kind, text, spots) for kind, text in safe if (spots := list(self._spots(kind, text, slips)))]
        chosen: list[Why] = []
        said: set[str] = set()
        while found and len(chosen) < _MOST:
            kind, text, spots = max(found, key=lambda one: len({spot.term for spot in one[2]} - said))
            if not (news := {spot.term for spot in spots} - said):
                break
            said |= news
            chosen.append(Why(kind, _pieces(text, spots)))
            found = [one for one in found if one[1] != text]
        return tuple(chosen)

    def _spots(self, kind: str, text: str, slips: bool) -> Iterator[_Spot]:
        for found in _PHONE.finditer(text) if self._ends else ():
            digits = phone_digits(found[0])
            end = next((end for end in self._ends if digits.endswith(end)), None)
            if end and (kind == "phone" or len(digits) >= 7):
                yield _Spot(found.start(), found.end(), end)
        for term in self._mails:
            if (at := text.lower().find(term.text)) >= 0:
                yield _Spot(at, at + len(term.text), term.text)
        for found in _WORD.finditer(text):
            if answered := self._answers(found[0], slips):
                yield _Spot(found.start(), found.end(), answered.text)

    def _answers(self, written: str, slips: bool) -> Term | None:
        """Return the term that a word answers: itself first, then its beginning, then a near one."""
        if written[0].isdigit():
            return self._digits.get(written.lstrip("0") or "0")
        key = (written, slips)
        if key not in self._known:
            word, folded = written.lower(), fold(written)
            ranks = [(_rank(term, word, folded, slips), term) for term in self._wordy]
            best = max(ranks, key=lambda one: one[0], default=(0, None))
            self._known[key] = best[1] if best[0] else None
        return self._known[key]


def _rank(term: Term, word: str, folded: str, slips: bool) -> int:
    if term.text == word:
        return 3
    if folded == term.folded or (len(term.text) >= BEGINNING and folded.startswith(term.folded)):
        return 2
    return int(slips and near(term.folded, folded))


def _pieces(text: str, spots: Sequence[_Spot]) -> tuple[Piece, ...]:
    """Return the text around the first spot, the spots marked; dots where it has been cut."""
    ordered = sorted(spots, key=lambda spot: (spot.start, -spot.end))
    begin, until = _cut(text, ordered[0].start)
    pieces = [Piece("… ")] if begin else []
    at = begin
    for spot in ordered:
        if spot.start < at or spot.end > until:
            continue
        if spot.start > at:
            pieces.append(Piece(text[at : spot.start]))
        pieces.append(Piece(text[spot.start : spot.end], marked=True))
        at = spot.end
    if at < until:
        pieces.append(Piece(text[at:until]))
    return (*pieces, Piece(" …")) if until < len(text) else tuple(pieces)


def _cut(text: str, around: int) -> tuple[int, int]:
    begin = max(0, around - _BEFORE)
    if begin:
        begin = text.find(" ", begin, around) + 1 or around
    until = min(len(text), around + _AFTER)
    if until < len(text):
        until = max(text.rfind(" ", around, until), around + 1) if text.rfind(" ", around, until) > around else until
    return begin, until
