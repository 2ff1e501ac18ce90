"""Finding cases: by number, by the end of a phone number, by words as written, by words that begin so, by near words.

These are tiers, best first; within one the newest comes first. A query goes to the next tier only when a page is not
full yet, and looks first in the two latest months, where a common word fills a page at once, and only then in all of
them. What a reader may not see is bound twice: by the units among the marks, which keeps the looking short, and by the
case itself, which is the authority.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ARRAY, ColumnElement, Text, and_, bindparam, func, lateral, or_, select, text, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.domain.search import Query, Term, is_word, month_mark, near, slip_keys, unit_mark
from services.casework.store.cases import visible
from services.casework.store.sql import Row, rows_of
from services.casework.store.tables import cases, search_docs
from shared.errors import NotFoundError

FEW = 5
"""With fewer hits than these, near words are looked for too."""
_NEAR = 4
_NEAR_MOST = 50
"""Hits by near words: they are ranked as a whole, and there is no further page of them."""
_BEGINNING = 3
"""Letters from which on a word is looked for by its beginning."""
_VARIANTS = 200
_LAST = "\U0010ffff"
_END = 4

_BEGIN = text(
    "SELECT q.at, w.word, w.folded FROM unnest(CAST(:froms AS text[]), CAST(:untils AS text[])) WITH ORDINALITY "
    'AS q(a, b, at), LATERAL (SELECT word, folded FROM casework.search_words WHERE folded >= q.a COLLATE "C" '
    'AND folded <= q.b COLLATE "C" ORDER BY folded LIMIT :most) AS w'
)
_MEET = text("SELECT word, folded FROM casework.search_words WHERE keys && CAST(:keys AS text[])")

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who looks, and what bounds what is found."""

    units: frozenset[str] | None
    own: frozenset[str]
    """The units that she belongs to by name."""
    person: str
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of cases, best first, and where the next page begins."""

    ids: tuple[str, ...]
    next: str | None = None
    near: frozenset[str] = frozenset()
    """Those found by near words alone."""
    unknown: tuple[str, ...] = ()
    """Words that no case has, nor one near them: the rest was looked for without them."""


@dataclass(slots=True)
class _Words:
    """What the vocabulary has for the terms of a query."""

    same: dict[Term, list[str]] = field(default_factory=dict)
    near: dict[Term, list[str]] = field(default_factory=dict)
    unknown: tuple[Term, ...] = ()


class SearchStore:
    """The search within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def find(self, query: Query, seeker: Seeker, now: datetime, cursor: str | None, limit: int) -> Found:
        """Return one page of hits."""
        at = _from_cursor(cursor) if cursor else None
        words = await self._vocabulary(query)
        terms = [term for term in query.terms if term not in words.unknown]
        tiers = _tiers(query, terms, words)
        rows: list[tuple[int, Row]] = []
        for number, condition in tiers:
            if len(rows) > limit or (at and number < at[0]):
                continue
            if rows and query.whole_number:
                break
            before = [other for earlier, other in tiers if earlier < number]
            bound = and_(condition, *(~other for other in before))
            start = (at[1], at[2]) if at and at[0] == number else None
            rows += [(number, row) for row in await self._tier(bound, seeker, now, start, limit + 1 - len(rows))]
        more = len(rows) > limit
        found = [row["case_id"] for _, row in rows[:limit]]
        near_by: list[str] = []
        if not cursor and len(found) < FEW and terms and not (found and query.whole_number):
            near_by = await self._near(terms, words, seeker, now, frozenset(found), limit - len(found))
        return Found(
            (*found, *near_by),
            _cursor(*rows[limit - 1]) if more else None,
            frozenset(near_by),
            tuple(term.text for term in words.unknown),
        )

    async def newest(self, seeker: Seeker, now: datetime, cursor: str | None, limit: int) -> Found:
        """Return one page of all that the seeker may see, the newest first."""
        at = _from_cursor(cursor) if cursor else None
        rows = await self._tier(true(), seeker, now, (at[1], at[2]) if at else None, limit + 1)
        ids = tuple(row["case_id"] for row in rows[:limit])
        return Found(ids, _cursor(0, rows[limit - 1]) if len(rows) > limit else None)

    async def _vocabulary(self, query: Query) -> _Words:
        """Return the words that are, or begin as, what is asked for; those not there and not near are `unknown`."""
        wordy = [term for term in query.terms if term.kind == "word"]
        words = _Words()
        if wordy:
            spans = [(term.folded, term.folded + (_LAST if len(term.folded) >= _BEGINNING else "")) for term in wordy]
            asked = {"froms": [a for a, _ in spans], "untils": [b for _, b in spans], "most": _VARIANTS}
            for row in await rows_of(self._conn, _BEGIN, asked):
                words.same.setdefault(wordy[row["at"] - 1], []).append(row["word"])
        if strange := [term for term in wordy if term not in words.same]:
            await self._look_near(strange, words)
            gone = tuple(term for term in strange if not words.near[term])
            words.unknown = gone if len(gone) < len(query.terms) else ()
        return words

    async def _look_near(self, terms: Sequence[Term], words: _Words) -> None:
        keys = {term: slip_keys(term.folded) for term in terms}
        every = sorted({key for found in keys.values() for key in found})
        met = await rows_of(self._conn, _MEET, {"keys": every}) if every else []
        for term in terms:
            words.near[term] = [row["word"] for row in met if near(term.folded, row["folded"])]

    async def _tier(
        self, condition: Condition, seeker: Seeker, now: datetime, start: tuple[datetime, str] | None, wanted: int
    ) -> list[Row]:
        """Return the newest hits of a condition: from the two latest months if they are enough, else from all."""
        latest = start[0] if start else now
        months = _any([month_mark(latest), month_mark(latest, 1)])
        rows = await self._rows(and_(condition, months), seeker, start, wanted)
        return rows if len(rows) >= wanted else await self._rows(condition, seeker, start, wanted)

    async def _rows(
        self, condition: Condition, seeker: Seeker, start: tuple[datetime, str] | None, wanted: int
    ) -> list[Row]:
        docs = search_docs.c
        hits = select(docs.case_id, docs.opened_at, docs.words).where(condition)
        if seeker.units is not None:
            hits = hits.where(_any([unit_mark(unit) for unit in sorted(seeker.units)]))
        if start:
            hits = hits.where(tuple_(docs.opened_at, docs.case_id) < tuple_(*start))
        # OFFSET 0 keeps the order: the cases are looked up one by one, newest first, until there are enough.
        newest = hits.order_by(docs.opened_at.desc(), docs.case_id.desc()).offset(0).subquery("hits")
        seen = select(cases.c.id).where(cases.c.id == newest.c.case_id, *_bounds(seeker)).offset(0)
        query = select(newest).join(lateral(seen.subquery("seen")), true()).limit(wanted)
        rows = await rows_of(self._conn, query)
        return sorted(rows, key=lambda row: (row["opened_at"], row["case_id"]), reverse=True)

    async def _near(
        self, terms: Sequence[Term], words: _Words, seeker: Seeker, now: datetime, known: frozenset[str], room: int
    ) -> list[str]:
        """Return cases by near words: first for the words that nobody has, then for all of them."""
        missing = [term for term in terms if term.kind == "word" and term not in words.near]
        found = await self._by_groups(terms, words, seeker, now) if words.near else []
        if len([row for row in found if row["case_id"] not in known]) + len(known) < FEW and missing:
            await self._look_near(missing, words)
            found += await self._by_groups(terms, words, seeker, now)
        rows = {row["case_id"]: row for row in found if row["case_id"] not in known}
        grade = _grader(terms, words)
        best = sorted(rows.values(), key=lambda row: (grade(row["words"]), row["opened_at"]), reverse=True)
        return [row["case_id"] for row in best[: max(0, room)]]

    async def _by_groups(self, terms: Sequence[Term], words: _Words, seeker: Seeker, now: datetime) -> list[Row]:
        groups = [
            _digits(term)
            if term.kind == "digits"
            else _any([term.text, *words.same.get(term, ()), *words.near.get(term, ())])
            for term in terms
        ]
        return await self._tier(and_(*groups), seeker, now, None, _NEAR_MOST)


def _tiers(query: Query, terms: Sequence[Term], words: _Words) -> list[tuple[int, Condition]]:
    """Return what is looked for, best first; a tier that would find the same as the one before is left out."""
    tiers: list[tuple[int, Condition]] = []
    if query.numbers:
        tiers.append((0, _any(query.numbers)))
    if query.phone:
        tiers.append((1, _phone(query.phone)))
    if terms:
        exact = [_digits(term) if term.kind == "digits" else _any([term.text]) for term in terms]
        tiers.append((2, and_(*exact)))
        if any(set(found) - {term.text} for term, found in words.same.items()):
            begun = [
                _digits(term) if term.kind == "digits" else _any([term.text, *words.same.get(term, ())])
                for term in terms
            ]
            tiers.append((3, and_(*begun)))
    return tiers


def _digits(term: Term) -> Condition:
    """Return the condition of a number: in a text, or as the end of a phone number."""
    written = _any([term.word, term.text])
    return or_(written, _phone(term.text)) if len(term.text) >= _END else written


def _phone(digits: str) -> Condition:
    """Return the condition that one of the phone numbers of a case ends so."""
    ends = _any([f"#{digits[-_END:]}"])
    if len(digits) <= _END:
        return ends
    word = func.unnest(search_docs.c.words).column_valued("word")
    return and_(ends, select(word).where(word.like(f"+%{digits}")).exists())


def _any(words: Sequence[str]) -> Condition:
    overlap: Condition = search_docs.c.words.op("&&", is_comparison=True)(bindparam(None, list(words), ARRAY(Text)))
    return overlap


def _bounds(seeker: Seeker) -> list[Condition]:
    # A protected identity is found by whoever belongs to its unit by name and by the case's agent: not by everybody who
    # may see all units, nor by a unit that a hand-over came to.
    hers = or_(cases.c.agent_id == seeker.person, cases.c.unit.in_(sorted(seeker.own)))
    bounds = [visible(seeker.units), or_(~cases.c.protected, hers)]
    if seeker.state:
        bounds.append(cases.c.state == seeker.state)
    return bounds


def _grader(terms: Sequence[Term], words: _Words) -> Callable[[Sequence[str]], int]:
    """Return how well the words of a case answer: for each term 3 as written, 2 with its beginning, 1 near."""
    ranks = []
    for term in terms:
        rank = dict.fromkeys(words.near.get(term, ()), 1) | dict.fromkeys(words.same.get(term, ()), 2)
        ranks.append(rank | {term.word: 3})

    def grade(found: Sequence[str]) -> int:
        plain = [word for word in found if is_word(word)]
        return sum(max((rank.get(word, 0) for word in plain), default=0) for rank in ranks)

    return grade


def _cursor(tier: int, row: Row) -> str:
    return base64.urlsafe_b64encode(f"{tier}|{row['opened_at'].isoformat()}|{row['case_id']}".encode()).decode()


def _from_cursor(cursor: str) -> tuple[int, datetime, str]:
    try:
        tier, at, case_id = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        return int(tier), datetime.fromisoformat(at), case_id
    except (ValueError, binascii.Error) as error:
        raise NotFoundError from error
