"""The directory within one transaction: its entries, and the words that they are found by."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.domain.directory import (
    BEGINS,
    EXACT,
    NEAR,
    Answer,
    Entry,
    Kind,
    Ranking,
    words_of_entry,
)
from services.casework.domain.search import near, one_slip, slip_keys
from services.casework.store.sql import Row, records, row_of, rows_of
from services.casework.store.tables import directory, directory_files, directory_words

_KEEP_FILES = timedelta(days=1)
_LAST = "\U0010ffff"
_SINGLE = 1
_NEAR_LEAST, _NEAR_BEGINNING = 4, 5
"""Letters from which on slips are forgiven: in a whole word, and in the beginning of one."""
_AT_ONCE = 500
"""Lines in one statement."""

_BEGIN = text(
    "SELECT entry, folded, weight FROM casework.directory_words "
    'WHERE folded >= :begins COLLATE "C" AND folded <= :ends COLLATE "C"'
)
_BEGIN_AMONG = text(
    "SELECT entry, folded, weight FROM casework.directory_words "
    'WHERE entry = ANY(:entries) AND folded >= :begins COLLATE "C" AND folded <= :ends COLLATE "C"'
)
_MEET = text(
    "SELECT DISTINCT folded FROM casework.directory_words WHERE keys && CAST(:keys AS text[]) "
    'OR (folded >= :begins COLLATE "C" AND folded <= :ends COLLATE "C" AND length(folded) > :longer)'
)
"""Words a slip away, and longer ones of the same first letter: their beginning may be what is being typed."""
_OF_WORDS = text("SELECT entry, weight FROM casework.directory_words WHERE folded = ANY(CAST(:words AS text[]))")
_BEST = text(
    "WITH answers AS (SELECT q.at, w.entry, "
    "min(w.weight + CASE WHEN w.folded = q.word THEN CAST(:exact AS int) ELSE CAST(:begins AS int) END) AS cost "
    "FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS q(word, at) JOIN casework.directory_words AS w "
    'ON w.folded >= q.word COLLATE "C" AND w.folded <= (q.word || CAST(:last AS text)) COLLATE "C" '
    "GROUP BY q.at, w.entry) "
    "SELECT d.* FROM casework.directory AS d JOIN (SELECT entry, sum(cost) AS cost FROM answers GROUP BY entry "
    "HAVING count(*) = CAST(:terms AS bigint)) AS best ON best.entry = d.id WHERE d.gone_at IS NULL "
    'ORDER BY best.cost, lower(d.name) COLLATE "C", d.id LIMIT CAST(:limit AS int)'
)
"""Entries that have every word as it is or as a beginning, in one statement: nearly every search is one."""
_WORDS = text(
    "INSERT INTO casework.directory_words (entry, folded, weight, keys) SELECT entry, folded, weight, keys "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(entry text, folded text, weight int, keys text[])"
)


class DirectoryStore:
    """The directory's tables."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def hold(self) -> None:
        """Let nobody else change the directory until the transaction ends."""
        await self._conn.execute(text("LOCK TABLE casework.directory IN SHARE ROW EXCLUSIVE MODE"))

    async def all(self) -> list[Row]:
        """Return every line, those that are gone too."""
        return await rows_of(self._conn, select(directory).order_by(directory.c.id))

    async def present(self, ids: Iterable[str]) -> dict[str, Row]:
        """Return those of some entries that are there, by id."""
        query = select(directory).where(directory.c.id.in_(list(ids)), directory.c.gone_at.is_(None))
        return {row["id"]: row for row in await rows_of(self._conn, query)}

    async def entry(self, entry_id: str) -> Row | None:
        """Return an entry that is there."""
        query = select(directory).where(directory.c.id == entry_id, directory.c.gone_at.is_(None))
        return await row_of(self._conn, query)

    async def listed(self, limit: int) -> list[Row]:
        """Return those that are there, by name."""
        query = select(directory).where(directory.c.gone_at.is_(None)).order_by(directory.c.name, directory.c.id)
        return await rows_of(self._conn, query.limit(limit))

    async def away(self, today: date) -> list[Row]:
        """Return who is away on a day, by name."""
        query = select(directory).where(directory.c.away_until >= today, directory.c.gone_at.is_(None))
        return await rows_of(self._conn, query.order_by(directory.c.name, directory.c.id))

    async def count(self) -> int:
        """Return how many are there."""
        query = select(func.count()).select_from(directory).where(directory.c.gone_at.is_(None))
        return int((await self._conn.execute(query)).scalar_one())

    async def put(self, rows: Sequence[Row]) -> None:
        """Write entries as they are to be."""
        for at in range(0, len(rows), _AT_ONCE):
            fresh = insert(directory).values(list(rows[at : at + _AT_ONCE]))
            others = {name: fresh.excluded[name] for name in rows[at] if name != "id"}
            await self._conn.execute(fresh.on_conflict_do_update(index_elements=["id"], set_=others))

    async def hide(self, ids: Sequence[str], now: datetime) -> None:
        """Let entries be gone: they are found no more."""
        await self._conn.execute(update(directory).where(directory.c.id.in_(ids)).values(gone_at=now))
        await self._conn.execute(delete(directory_words).where(directory_words.c.entry.in_(ids)))

    async def index(self, entries: Sequence[Entry], units: dict[str, str]) -> None:
        """Write anew the words that entries are found by."""
        ids = [entry.id for entry in entries]
        await self._conn.execute(delete(directory_words).where(directory_words.c.entry.in_(ids)))
        rows = [
            {"entry": entry.id, "folded": word, "weight": weight, "keys": list(slip_keys(word))}
            for entry in entries
            for word, weight in words_of_entry(entry, units.get(entry.unit, "")).items()
        ]
        if rows:
            await self._conn.execute(_WORDS, {"rows": records(rows)})

    async def set_away(self, entry_id: str, until: date | None, stand_in: str) -> None:
        """Say until which day an entry is away and who stands in."""
        mine = update(directory).where(directory.c.id == entry_id)
        await self._conn.execute(mine.values(away_until=until, stand_in=stand_in))

    async def find(self, asked: Sequence[str], limit: int) -> list[Row]:
        """Return the entries that answer every word asked for (the longest first), the best first."""
        if not asked or len(asked[0]) <= _SINGLE:
            return []
        given = {"words": list(asked), "terms": len(asked), "limit": limit, "last": _LAST}
        found = await rows_of(self._conn, _BEST, {**given, "exact": EXACT, "begins": BEGINS})
        if found or not any(_may_slip(word) for word in asked):
            return found
        ranking = Ranking()
        for word in asked:
            ranking.narrow(await self._answers(word, ranking))
            if not ranking.costs:
                return []
        among = directory.c.id.in_(list(ranking.costs))
        names = {row["id"]: row["name"] for row in await rows_of(self._conn, _names(among))}
        best = ranking.ordered(names)[:limit]
        rows = await self.present(best)
        return [rows[one] for one in best if one in rows]

    async def keep_file(self, by: str, data: bytes, now: datetime) -> None:
        """Keep a file until its administrator has seen the report; older ones of anybody are forgotten."""
        await self._conn.execute(delete(directory_files).where(directory_files.c.at < now - _KEEP_FILES))
        fresh = insert(directory_files).values(by=by, data=data, at=now)
        await self._conn.execute(fresh.on_conflict_do_update(index_elements=["by"], set_={"data": data, "at": now}))

    async def take_file(self, by: str, now: datetime) -> bytes | None:
        """Return the file that waits, and forget it."""
        query = delete(directory_files).where(directory_files.c.by == by, directory_files.c.at >= now - _KEEP_FILES)
        row = await row_of(self._conn, query.returning(directory_files.c.data))
        return bytes(row["data"]) if row else None

    async def _answers(self, word: str, ranking: Ranking) -> list[Answer]:
        """Return what answers a word: as it is, by its beginning, or (when nothing does) by a slip."""
        span = {"begins": word, "ends": word + _LAST}
        if ranking.first:
            rows = await rows_of(self._conn, _BEGIN, span)
        else:
            rows = await rows_of(self._conn, _BEGIN_AMONG, {**span, "entries": list(ranking.costs)})
        if rows:
            return [Answer(row["entry"], row["weight"] + (EXACT if row["folded"] == word else BEGINS)) for row in rows]
        if not _may_slip(word):
            return []
        asked = {"keys": list(slip_keys(word)), "begins": word[0], "ends": word[0] + _LAST, "longer": len(word)}
        met = (await self._conn.execute(_MEET, asked)).scalars()
        words = [one for one in met if _slipped(word, one)]
        rows = await rows_of(self._conn, _OF_WORDS, {"words": words}) if words else []
        return [Answer(row["entry"], row["weight"] + NEAR) for row in rows]


def _may_slip(word: str) -> bool:
    return len(word) >= _NEAR_LEAST and word.isalpha()


def _slipped(word: str, found: str) -> bool:
    """Return whether a word is a slip from another, or from the beginning of one as long as it, one less or more."""
    if near(word, found):
        return True
    lengths = range(len(word) - 1, len(word) + 2) if len(word) >= _NEAR_BEGINNING else ()
    return any(one_slip(word, found[:length]) for length in lengths if length < len(found))


def _names(among: Any) -> Any:
    return select(directory.c.id, directory.c.name).where(among)


def entry_of(row: Row) -> Entry:
    """Return the entry of a row."""
    names = ("id", "name", "title", "unit", "place", "phone", "extension", "mobile", "email", "stand_in")
    return Entry(
        **{name: row[name] for name in names},
        kind=Kind(row["kind"]),
        mobile_shown=row["mobile_shown"],
        protected=row["protected"],
        keywords=tuple(row["keywords"]),
        away_until=row["away_until"],
    )
