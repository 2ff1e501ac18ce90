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


def why_found(query: Query, number: str, parts: Iterable[tuple[str, str]]) -> tuple[Why, ...]:
    """Return where a case answers, best first, at most three; `parts` are its texts by kind."""
    if set(query.numbers) & set(number_marks(number)):
        return (Why("number", (Piece(number, marked=True),)),)
    safe = ((kind, without_personal_numbers(text)) for kind, text in parts)
    found = [(kind, text, spots) for kind, text in safe if (spots := list(_spots(query, kind, text)))]
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


def _spots(query: Query, kind: str, text: str) -> Iterator[_Spot]:
    ends = [term.text for term in query.terms if term.kind == "digits" and len(term.text) >= 4]
    ends += [query.phone] if query.phone else []
    for found in _PHONE.finditer(text) if ends else ():
        digits = phone_digits(found[0])
        if (kind == "phone" or len(digits) >= 7) and (end := next((e for e in ends if digits.endswith(e)), None)):
            yield _Spot(found.start(), found.end(), end)
    for term in query.terms:
        if term.kind == "mail" and (at := text.lower().find(term.text)) >= 0:
            yield _Spot(at, at + len(term.text), term.text)
    for found in _WORD.finditer(text):
        if answered := _answers(query.terms, found[0]):
            yield _Spot(found.start(), found.end(), answered.text)


def _answers(terms: Sequence[Term], written: str) -> Term | None:
    """Return the term that a word answers: itself first, then its beginning, then a near one."""
    if written[0].isdigit():
        plain = written.lstrip("0") or "0"
        return next((term for term in terms if term.kind == "digits" and term.word == plain), None)
    word, folded = written.lower(), fold(written)
    ranks = [(_rank(term, word, folded), term) for term in terms if term.kind == "word"]
    best = max(ranks, key=lambda one: one[0], default=None)
    return best[1] if best and best[0] else None


def _rank(term: Term, word: str, folded: str) -> int:
    if term.text == word:
        return 3
    if folded == term.folded or (len(term.text) >= BEGINNING and folded.startswith(term.folded)):
        return 2
    return int(near(term.folded, folded))


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
