"""The words of cases, kept in the transaction that changes them: triggers mark the cases, this writes their words.

Rows are locked last of all in a transaction and in the order of their ids, then words in theirs, so that no two
transactions wait for each other in a circle. A case that was marked by hand or by a migration is left to `catch_up`.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.domain.search import (
    bounded,
    fold,
    is_word,
    month_mark,
    number_marks,
    phone_words,
    slip_keys,
    unit_mark,
    words_of,
)
from services.casework.store.sql import Row, records, rows_of

MADE = 1
"""The version of the rules by which words are made: a higher one makes the service index every case anew."""

_OWN = text(
    "DELETE FROM casework.search_marks WHERE by = pg_current_xact_id_if_assigned()::text::bigint RETURNING case_id"
)
_LEFT = text(
    "DELETE FROM casework.search_marks WHERE (by, case_id) IN (SELECT by, case_id FROM casework.search_marks "
    "ORDER BY by, case_id LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING case_id"
)
_CASES = text("SELECT id FROM casework.cases WHERE id > :after ORDER BY id LIMIT :limit")
_OLD = text(
    "INSERT INTO casework.search_marks (by, case_id) SELECT 0, case_id FROM casework.search_docs WHERE made < :made "
    "ON CONFLICT DO NOTHING"
)
_HOLD = text("SELECT words FROM casework.search_docs WHERE case_id = ANY(:ids) ORDER BY case_id FOR UPDATE")
_EMPTY = text(
    "INSERT INTO casework.search_docs (case_id, opened_at, words) SELECT id, opened_at, '{}' FROM casework.cases "
    "WHERE id = ANY(:ids) ORDER BY id ON CONFLICT DO NOTHING"
)
"""Something to hold where a case has no words yet: whoever writes some in the same moment is waited for."""
_HEADS = text(
    "SELECT k.id, k.number, k.unit, k.opened_at, array_to_string(t.path, ' ') AS kind, "
    "ARRAY(SELECT unnest(h.unit || h.passed_by) FROM casework.handovers AS h WHERE h.case_id = k.id) AS received "
    "FROM casework.cases AS k LEFT JOIN casework.case_types AS t ON t.id = k.case_type WHERE k.id = ANY(:ids)"
)
_PARTS = text(
    "SELECT c.case_id, v.kind, v.body FROM casework.contacts AS c, LATERAL (VALUES ('name', c.sender_name), "
    "('mail', c.sender_email), ('phone', c.sender_phone), ('subject', c.subject), ('text', c.body), "
    "('field', (SELECT string_agg(value, E'\\n') FROM jsonb_each_text(c.fields)))) AS v(kind, body) "
    "WHERE c.case_id = ANY(:ids) AND c.purged_at IS NULL AND v.body <> '' "
    "UNION ALL SELECT m.case_id, v.kind, v.body FROM casework.messages AS m, LATERAL (VALUES ('mail', m.recipient), "
    "('reply', m.body), ('subject', m.subject)) AS v(kind, body) "
    "WHERE m.case_id = ANY(:ids) AND m.undone_at IS NULL AND v.body <> '' "
    "UNION ALL SELECT case_id, 'note', body FROM casework.notes WHERE case_id = ANY(:ids) AND body <> '' "
    "UNION ALL SELECT p.case_id, v.kind, v.body FROM casework.case_people AS p, LATERAL (VALUES ('name', p.name), "
    "('mail', p.email), ('phone', p.phone), ('note', p.note)) AS v(kind, body) "
    "WHERE p.case_id = ANY(:ids) AND p.removed_at IS NULL AND v.body <> '' "
    "UNION ALL SELECT h.case_id, v.kind, v.body FROM casework.handovers AS h, LATERAL (VALUES "
    "('reference', h.external_ref), ('handover', h.message), ('handover', h.reason), ('handover', h.end_text), "
    "('handover', h.progress), ('handover', h.performer)) AS v(kind, body) "
    "WHERE h.case_id = ANY(:ids) AND v.body <> '' "
    "UNION ALL SELECT case_id, 'step', note FROM casework.run_steps WHERE case_id = ANY(:ids) AND note <> ''"
)
"""Everything that is written in cases, by what it is."""
_WRITE = text(
    "INSERT INTO casework.search_docs AS d (case_id, opened_at, words, made) "
    "SELECT case_id, opened_at, words, :made FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(case_id text, opened_at timestamptz, words text[]) ORDER BY case_id "
    "ON CONFLICT (case_id) DO UPDATE SET words = excluded.words, made = excluded.made "
    "WHERE d.words IS DISTINCT FROM excluded.words OR d.made <> excluded.made"
)
_UNKNOWN = text(
    "SELECT asked FROM unnest(CAST(:words AS text[])) AS asked "
    "WHERE NOT EXISTS (SELECT FROM casework.search_words AS w WHERE w.word = asked)"
)
_LEARN = text(
    "INSERT INTO casework.search_words (word, folded, keys) SELECT word, folded, keys "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(word text, folded text, keys text[]) ORDER BY word "
    "ON CONFLICT DO NOTHING"
)
_FORGET = text(
    "DELETE FROM casework.search_words AS w WHERE w.word = ANY(:words) AND w.word NOT IN (SELECT "
    "unnest(s.most_common_elems::text::text[]) FROM pg_stats AS s WHERE s.schemaname = 'casework' "
    "AND s.tablename = 'search_docs' AND s.attname = 'words') "
    "AND NOT EXISTS (SELECT FROM casework.search_docs AS d WHERE d.words @> ARRAY[w.word])"
)
"""The commonest words, which PostgreSQL knows by its statistics, are not looked for: that would read half the index."""
_WORDS = text("SELECT word FROM casework.search_words WHERE word > :after ORDER BY word LIMIT :limit")


@lru_cache(maxsize=65_536)
def _vocabulary(word: str) -> dict[str, object]:
    folded = fold(word)
    return {"word": word, "folded": folded, "keys": list(slip_keys(folded))}


def words_of_case(head: Row, parts: Iterable[Row]) -> list[str]:
    """Return the words and marks of a case."""
    marks = [*number_marks(head["number"]), month_mark(head["opened_at"])]
    marks += [unit_mark(unit) for unit in sorted({head["unit"], *head["received"]} - {""})]
    words = words_of(head["kind"] or "")
    for part in parts:
        words += phone_words(part["body"]) if part["kind"] == "phone" else words_of(part["body"])
    return bounded([*marks, *words])


class SearchIndex:
    """The index within one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def flush(self) -> None:
        """Index the cases that this transaction has changed; the last thing that it does."""
        marked = (await self._conn.execute(_OWN)).scalars().all()
        if marked:
            await self.write(marked)

    async def catch_up(self, limit: int) -> int:
        """Index some of the cases that were marked by nobody who indexes; returns how many."""
        marked = (await self._conn.execute(_LEFT, {"limit": limit})).scalars().all()
        if marked:
            await self._conn.execute(_EMPTY, {"ids": sorted(set(marked))})
            await self.write(sorted(set(marked)))
        return len(marked)

    async def page(self, after: str, limit: int) -> list[str]:
        """Return a page of the ids of all cases."""
        return list((await self._conn.execute(_CASES, {"after": after, "limit": limit})).scalars())

    async def mark_outdated(self) -> int:
        """Mark the cases whose words were made by older rules; returns how many."""
        return (await self._conn.execute(_OLD, {"made": MADE})).rowcount

    async def write(self, ids: Sequence[str]) -> None:
        """Index cases as they are now; words that they had, and nobody has any more, leave the vocabulary."""
        wanted = {"ids": list(ids)}
        before = {word for row in await rows_of(self._conn, _HOLD, wanted) for word in row["words"]}
        heads = await rows_of(self._conn, _HEADS, wanted)
        parts: dict[str, list[Row]] = {}
        for part in await self.parts(ids):
            parts.setdefault(part["case_id"], []).append(part)
        rows = [
            {
                "case_id": head["id"],
                "opened_at": head["opened_at"],
                "words": words_of_case(head, parts.get(head["id"], ())),
            }
            for head in heads
        ]
        words = {word for row in rows for word in row["words"]}
        await self._learn(filter(is_word, words))
        await self._conn.execute(_WRITE, {"rows": records(rows), "made": MADE})
        await self.forget(filter(is_word, before - words))

    async def parts(self, ids: Sequence[str]) -> list[Row]:
        """Return what is written in cases: `case_id`, `kind`, `body`."""
        return await rows_of(self._conn, _PARTS, {"ids": list(ids)})

    async def forget(self, words: Iterable[str]) -> int:
        """Take words out of the vocabulary that no case has; returns how many."""
        wanted = sorted(set(words))
        return (await self._conn.execute(_FORGET, {"words": wanted})).rowcount if wanted else 0

    async def tidy(self, after: str, limit: int) -> str | None:
        """Look through a page of the vocabulary for words that no case has; returns its last word, None at the end."""
        page = (await self._conn.execute(_WORDS, {"after": after, "limit": limit})).scalars().all()
        await self.forget(page)
        return page[-1] if page else None

    async def _learn(self, words: Iterable[str]) -> None:
        unknown = (await self._conn.execute(_UNKNOWN, {"words": sorted(words)})).scalars().all()
        if unknown:
            await self._conn.execute(_LEARN, {"rows": records([_vocabulary(word) for word in unknown])})
