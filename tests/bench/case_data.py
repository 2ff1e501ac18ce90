"""A year of cases in the database: contacts, notes, replies, hand-overs, steps, mails, all indexed for the search.

Rows go in by COPY with triggers off and without the two indexes that are dear to keep; then the search is made as
`reindex` makes it, and the indexes are built. The same number gives the same cases.
"""

import gzip
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.prepare import SEED
from services.casework.domain.case import case_id_of
from services.casework.store.unit_of_work import UnitOfWork
from shared.ids import natural_contact_id
from tests.bench.case_people import Person, people

_GIN = {
    "search_docs_words": "CREATE INDEX search_docs_words ON casework.search_docs USING gin (words) "
    "WITH (fastupdate = off)",
    "search_words_keys": "CREATE INDEX search_words_keys ON casework.search_words USING gin (keys) "
    "WITH (fastupdate = off)",
}
_CHANNELS = ("email", "email", "email", "phone", "phone", "phone", "phone", "visit", "e_service", "email")
_THINGS = (
    *("kvittot", "nyckeln", "avtalet", "beslutet", "fakturan", "räkningen", "intyget", "anmälan", "ansökan"),
    *("ritningen", "bilagan", "kopian", "garaget", "källaren", "tvättstugan", "hissen", "porten", "trapphuset"),
    *("balkongen", "elementet", "fönstret", "brunnen", "häcken", "lekplatsen", "snöröjningen"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """What the benchmark knows of a case that it has made."""

    number: str
    person: Person
    words: str
    rare: str


def said() -> list[dict[str, Any]]:
    """Return the seed's texts."""
    with gzip.open(SEED / "contacts-sv.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Town:
    """Cases of the year before `now`, made one by one."""

    def __init__(self, cases: int, now: datetime, case_types: Sequence[dict[str, Any]]) -> None:
        self.cases, self.now = cases, now
        self.people = list(people(max(50, cases * 2 // 5)))
        self._texts, self._types = said(), case_types
        self._rng = random.Random(7)
        self.made: list[Case] = []

    def rows(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield the rows of a case and of its contact, oldest first."""
        rng, span = self._rng, timedelta(days=365)
        numbers: dict[int, int] = {}
        for at in range(self.cases):
            opened = self.now - span + span * ((at + rng.random()) / self.cases)
            year = opened.year
            numbers[year] = numbers.get(year, 0) + 1
            yield self._case(at, opened, f"KC-{year}-{numbers[year]:06}")

    def _case(self, at: int, opened: datetime, number: str) -> tuple[dict[str, Any], dict[str, Any]]:
        rng = self._rng
        person, text, kind = rng.choice(self.people), rng.choice(self._texts), rng.choice(self._types)
        contact, channel = natural_contact_id("bench", str(at)), rng.choice(_CHANNELS)
        age = (self.now - opened).days
        roll = rng.random()
        state = "handed_over" if age < 15 and roll < 0.25 else "open" if age < 3 and roll < 0.6 else "closed"
        rare = person.street.split()[0]
        words = f"{text['text']}\n\n{rng.choice(_THINGS).capitalize()} på {person.street}\n{person.name}"
        self.made.append(Case(number, person, words, rare))
        case = {
            "id": case_id_of(contact), "number": number, "contact_id": contact, "current_contact": contact,
            "state": state, "channel": channel, "entrance": "kontakt-mejl", "unit": kind["unit"],
            "person_key": person.key, "case_type": kind["id"], "classified_how": "confirmed",
            "checklist_id": kind["checklist_id"], "checklist_version": kind["checklist_version"],
            "agent_id": f"agent-{at % 100:03}", "opened_at": opened, "due_at": opened + timedelta(days=2),
            "due_missed": age > 2, "changed_at": opened + timedelta(hours=1),
            "resolution": "lost_av_kc" if state == "closed" else None,
            "closed_at": opened + timedelta(hours=1) if state == "closed" else None,
            "closed_by": f"agent-{at % 100:03}" if state == "closed" else None, "first_contact": roll > 0.3,
        }  # fmt: skip
        said = {
            "id": contact, "case_id": case["id"], "arrived": True, "routed": True, "channel": channel,
            "entrance": "kontakt-mejl", "unit": kind["unit"], "received_at": opened, "sender_name": person.name,
            "sender_email": person.email, "sender_phone": person.phone, "person_key": person.key,
            "subject": text["subject"], "body": words, "message_id": f"<{at}@medborgare.example>",
            "agent_id": case["agent_id"], "epoch": 1, "accepted_at": opened, "done_at": opened + timedelta(hours=1),
        }  # fmt: skip
        return case, said


def _copy(connection: psycopg.Connection[Any], table: str, rows: Sequence[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    with connection.cursor().copy(f"COPY casework.{table} ({names}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(tuple(row.values()))


_ORDER = "(SELECT *, row_number() OVER (ORDER BY opened_at) AS n FROM casework.cases) AS k"
_REST = (
    """INSERT INTO casework.run_steps (id, case_id, run, seq, step, option, by, at)
    SELECT k.id || '.' || n, k.id, 1, n, 's' || n, 'ja', k.agent_id, k.opened_at + n * interval '1 minute'
    FROM casework.cases AS k, generate_series(1, 3) AS n WHERE k.checklist_id IS NOT NULL""",
    """INSERT INTO casework.case_history (case_id, at, by, by_name, what)
    SELECT k.id, k.opened_at + n * interval '2 minutes', k.agent_id, 'Agent',
    (ARRAY['classified', 'replied', 'closed'])[n] FROM casework.cases AS k, generate_series(1, 3) AS n""",
    """INSERT INTO casework.notes (id, case_id, author, author_name, body, at)
    SELECT 'n' || k.id, k.id, k.agent_id, 'Agent',
    'Ringt ' || c.sender_name || ', återkommer. Dnr KS ' || 100 + n || '-' || n % 9000, k.opened_at
    FROM NUMBERED JOIN casework.contacts AS c ON c.id = k.contact_id WHERE n % 3 = 0""",
    """INSERT INTO casework.messages (id, case_id, kind, author, recipient, subject, body, at)
    SELECT 'm' || k.id, k.id, 'reply', k.agent_id, c.sender_email, c.subject,
    'Hej! Tack för ditt mejl. Vi har tagit hand om det.', k.closed_at FROM casework.cases AS k
    JOIN casework.contacts AS c ON c.id = k.contact_id WHERE k.channel = 'email' AND k.closed_at IS NOT NULL""",
    """INSERT INTO casework.mails_out (id, case_id, kind, recipient, subject, body, message_id, state, created_at,
    sent_at)
    SELECT 'o' || id, case_id, 'reply', recipient, subject, body, '<o' || id || '@x>', 'sent', at, at
    FROM casework.messages""",
    """INSERT INTO casework.handovers (id, request_id, case_id, contact_id, unit, to_label, state, by, at,
    acknowledge_by, answer_by, acknowledged_at, ended_at, external_ref, delivered_at)
    SELECT 'h' || k.id, 'r', k.id, k.contact_id, k.unit, k.unit,
    CASE WHEN k.state = 'closed' THEN 'answered' ELSE 'acknowledged' END, k.agent_id, k.opened_at,
    k.opened_at + interval '1 day', k.opened_at + interval '10 days', k.opened_at, k.closed_at,
    'BYGG-' || extract(year FROM k.opened_at) || '-' || n, k.opened_at
    FROM NUMBERED WHERE n % 4 = 0 OR k.state = 'handed_over'""",
)
"""What belongs to the cases, made within the database."""


def fill(url: str, town: Town) -> None:
    """Put the cases and all that belongs to them into the database."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for name in _GIN:
            connection.execute(f"DROP INDEX casework.{name}".encode())
        batch: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for made in town.rows():
            batch.append(made)
            if len(batch) == 5_000:
                _flush(connection, batch)
        _flush(connection, batch)
        for sql in _REST:
            connection.execute(sql.replace("NUMBERED", _ORDER).encode())
        years = "SELECT split_part(number, '-', 2), count(*) FROM casework.cases GROUP BY 1"
        for year, count in connection.execute(years.encode()).fetchall():
            connection.execute("SELECT casework.next_case_number(%s)", (int(year),))
            connection.execute(f"SELECT setval('casework.case_numbers_{year}', {count})".encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _flush(connection: psycopg.Connection[Any], batch: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    if batch:
        _copy(connection, "cases", [case for case, _ in batch])
        _copy(connection, "contacts", [contact for _, contact in batch])
        batch.clear()


async def index(engine: AsyncEngine, url: str) -> float:
    """Make the search of everything; returns the seconds that it took."""
    began, uow, page = time.perf_counter(), UnitOfWork(engine), [""]
    while page:
        async with uow.begin() as work:
            page = await work.index.page(page[-1], 1_000)
            await work.index.write(page)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '256MB'")
        for sql in _GIN.values():
            connection.execute(sql.encode())
        connection.execute("VACUUM (ANALYZE)")
    return time.perf_counter() - began


def case_types(url: str) -> list[dict[str, Any]]:
    """Return the case types that the seed has."""
    with psycopg.connect(url) as connection:
        names = ("id", "unit", "checklist_id", "checklist_version")
        sql = (
            "SELECT id, unit, checklist_id, checklist_version FROM casework.case_types WHERE NOT deprecated ORDER BY id"
        )
        return [dict(zip(names, row, strict=True)) for row in connection.execute(sql.encode())]


def moment() -> datetime:
    """Return the end of the year that is made."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
