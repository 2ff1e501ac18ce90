"""No page, door, deed or job of casework reads a large table from its beginning to its end.

A town of some thousand cases is put into the database; every door that only reads is knocked at, by an agent who sees
all units and by an officer who sees one, and the deeds, jobs and consumers are done once. What they said to PostgreSQL
is explained, and a sequential scan of a table that grows with the cases fails.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from services.casework import main, wiring
from services.casework.settings import Settings
from services.casework.usecases.casework import Casework
from services.casework.web.house import open_pages
from services.casework.web.page_routers import page_routers
from shared.clock import utc_now
from shared.database import make_engine
from shared.events import ContactPurged
from shared.health import Health
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, Resolution
from shared.web.access import api_routes
from shared.web.app import build_app
from shared.web.session import COOKIE
from tests.bench import case_data
from tests.support.casework import MARIA, PER, Room, contact, make_room
from tests.support.desk import FakeRouter

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CASES, TIMES = 2_000, 15
"""Cases that are made, and how often PostgreSQL doubles each: a plan depends on how much there is, not on what."""
LARGE = frozenset({
    *("cases", "contacts", "handovers", "messages", "notes", "mails_out", "run_steps", "case_history", "case_people"),
    *("search_docs", "search_words", "moves", "drafts"),
})  # fmt: skip
"""Tables that grow with the cases. What waits to be sent (outbox, marks) is as small as it is new."""
STREAMS = re.compile(r"/live$|/logout|/login|/ops/|/docs|/status")
QUERIES = (
    "KC-2026-000123",
    "0605",
    "070-174 06 05",
    "Anna Andersson",
    "åkesson",
    "lägenhet kallt",
    "Andrsson Lndqvist",
)
ADDED = (
    """INSERT INTO casework.case_people (id, case_id, role, name, at)
    SELECT 'p' || id, id, 'citizen', 'Anna Ek', opened_at FROM casework.cases""",
    """INSERT INTO casework.moves (contact_id, epoch, what, at)
    SELECT id, 1, 'requeued', received_at FROM casework.contacts""",
    """INSERT INTO casework.drafts (case_id, person, body, saved_at)
    SELECT id, 'somebody', 'x', opened_at FROM casework.cases""",
)
KEYS = {
    "cases": ("id", "number", "contact_id", "current_contact"),
    "contacts": ("id", "case_id"),
    **dict.fromkeys(("messages", "notes", "handovers", "run_steps", "case_people"), ("id", "case_id")),
    "mails_out": ("id", "case_id", "message_id"),
    "case_history": ("case_id",),
    "moves": ("contact_id",),
    "drafts": ("case_id",),
    "search_docs": ("case_id",),
}
"""What makes a copy of a row a row of its own."""
WORDS = """INSERT INTO casework.search_words (word, folded, keys)
SELECT word || 'q' || n, folded || 'q' || n, ARRAY(SELECT key || n FROM unnest(keys) AS key)
FROM casework.search_words, generate_series(2, {times}) AS n"""
HISTORY = ("case_history", "id")
"""The one key that PostgreSQL draws by itself."""


@dataclass(slots=True)
class Said:
    """What was said to PostgreSQL, each statement once, with what was going on then."""

    now: str = ""
    statements: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def hear(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)", statement):
            self.statements.setdefault(statement, (self.now, parameters[0] if many else parameters))


@dataclass(slots=True)
class Town:
    """A room with a year of cases in it, and what is said to its database."""

    room: Room
    engine: AsyncEngine
    casework: Casework
    said: Said


@asynccontextmanager
async def town_of(cases: int, url: str, redis_url: str) -> AsyncIterator[Town]:
    room = make_room(ServiceSettings(postgres=url, redis=redis_url))
    await room.seed()
    made = case_data.Town(cases, case_data.moment(), case_data.case_types(url))
    await asyncio.to_thread(case_data.fill, url, made)
    await case_data.index(room.engine, url)
    await asyncio.to_thread(multiply, url)
    room.time.now = utc_now()
    engine, said = make_engine(room.settings, "casework", pool=5), Said()
    event.listen(engine.sync_engine, "before_cursor_execute", said.hear)
    casework = replace(wiring.build(room.settings, engine, room.time), router=FakeRouter())  # type: ignore[arg-type] # the parts that reading uses
    yield Town(room, engine, casework, said)
    await engine.dispose()
    await room.close()


def _copied(key: str) -> str:
    """A key of the copy `n`: numbers stay numbers, everything else is an id."""
    return f"left({key}, 8) || n || right({key}, 6)" if key == "number" else f"md5({key} || n)::uuid::text"


def multiply(url: str) -> None:
    """Copy every row of what grows with the cases, as often as TIMES says."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for sql in ADDED:
            connection.execute(sql.encode())
        connection.execute("DROP INDEX casework.search_docs_words")
        for table, keys in KEYS.items():
            named = (
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'casework' AND table_name = %s"
            )
            names = [row[0] for row in connection.execute(named, (table,)).fetchall()]
            taken = [_copied(name) if name in keys else name for name in names if (table, name) != HISTORY]
            into = ", ".join(name for name in names if (table, name) != HISTORY)
            copied = f"SELECT {', '.join(taken)} FROM casework.{table}, generate_series(2, {TIMES}) AS n"  # noqa: S608 - our own tables
            connection.execute(f"INSERT INTO casework.{table} ({into}) {copied}".encode())
        connection.execute(WORDS.format(times=TIMES).encode())
        connection.execute("CREATE INDEX search_docs_words ON casework.search_docs USING gin (words)")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


@asynccontextmanager
async def doors(town: Town) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """All doors and pages of casework over the town, without Kafka."""
    settings: Settings = town.room.settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_pages(app, town.casework):
            yield

    app = build_app(
        settings,
        service="casework",
        title="Ärenden",
        lifespan=lifespan,
        routers=(*main.DOORS, *page_routers(settings)),
        health=Health(),
        templates=[Path(main.__file__).parent / "templates"],
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8103") as client,
    ):
        yield app, client


def paths(app: FastAPI, known: dict[str, str]) -> Iterator[str]:
    """Every address that only reads, with what is known put into it."""
    for route in api_routes(app):
        path = route.path or ""
        if "GET" in (route.methods or ()) and not STREAMS.search(path):
            yield re.sub(r"\{(\w+)(:\w+)?\}", lambda one: known.get(one[1], "1"), path)


async def knock(town: Town) -> dict[str, int]:
    """Knock at every door that reads, as an agent, as an officer; return what each said."""
    row = (await town.room.rows("SELECT id, case_id FROM casework.handovers WHERE state = 'acknowledged' LIMIT 1"))[0]
    case = (await town.room.rows("SELECT number, contact_id FROM casework.cases WHERE id = :id", id=row["case_id"]))[0]
    known = {"number": case["number"], "handover_id": row["id"], "contact_id": case["contact_id"]}
    said: dict[str, int] = {}
    async with doors(town) as (app, client):
        for person in (replace(MARIA, roles=MARIA.roles | PER.roles), PER):
            client.cookies.set(COOKIE, await app.state.sessions.start(person))
            queries = [f"/cases?q={query}" for query in QUERIES] + [f"/api/v1/cases?q={query}" for query in QUERIES]
            more = [
                f"/api/v1/cases?contact_id={case['contact_id']}",
                "/api/v1/cases?state=open",
                f"/desk?case={case['number']}",
            ]
            for path in (*paths(app, known), *queries, *more):
                town.said.now = f"{person.id} {path}"
                said[path] = (await client.get(path)).status_code
    return said


async def work(town: Town) -> None:
    """Do the deeds, the jobs and what the consumers do, once."""
    room, done = town.room, town.casework
    for name in ("reply", "note", "hand over", "close", "purge"):
        town.said.now = f"consumer, then {name}"
        await done.follow_contacts.run([room.received(name)])
        await done.follow_routing.run([room.routed(name), room.accepted(name)])
        number = await room.number(name)
        match name:
            case "reply":
                await done.reply.run(number, MARIA, "Hej")
            case "note":
                await done.add_note.run(number, MARIA, "Ringt")
                await done.beat.run(number, MARIA)
            case "hand over":
                made = await done.hand_over.run(number, MARIA, request_id="1", to="bostadsbolag")
                await done.acknowledge.run(made.id, PER, PER.name)
                await done.answer.run(made.id, PER, PER.name, "Nu är det klart.")
            case "close":
                await done.follow_contacts.run([room.followed("again", await _case_id(room, number))])
                await done.classify.run(number, MARIA, await _other_type(room))
                await done.close.run(number, MARIA, resolution=Resolution("felringd"))
            case _:
                await done.follow_contacts.run(
                    [ContactPurged(contact_id=contact(name), purged_at=room.time(), reason="test")]
                )
    town.said.now = "call"
    await done.follow_contacts.run([room.received("call", Channel.PHONE)])
    await done.follow_routing.run(
        [room.routed("call", channel=Channel.PHONE), room.accepted("call", channel=Channel.PHONE)]
    )
    room.time.move(days=1)
    for name in ("watch_deadlines", "send_mail", "catch_up", "deliver_handovers"):
        town.said.now = f"job {name}"
        await getattr(done, name).run()
    await done.catch_up.begin()


async def _case_id(room: Room, number: str) -> str:
    return str((await room.rows("SELECT id FROM casework.cases WHERE number = :number", number=number))[0]["id"])


async def _other_type(room: Room) -> str:
    return str((await room.rows("SELECT id FROM casework.case_types WHERE checklist_id IS NULL LIMIT 1"))[0]["id"])


def scans(plan: dict[str, Any], small: Collection[str] = ()) -> Iterator[str]:
    """The large tables that a plan reads from beginning to end; also by an index, unless it has only `small` a part."""
    walks = "Index Name" in plan and "Index Cond" not in plan and "Filter" in plan and plan["Index Name"] not in small
    if (plan["Node Type"] == "Seq Scan" or walks) and plan.get("Relation Name") in LARGE:
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scans(part, small)


async def explain(town: Town) -> list[str]:
    """Explain all that was said; return who scans what."""
    found = []
    async with town.engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        partial = "SELECT indexname FROM pg_indexes WHERE schemaname = 'casework' AND indexdef LIKE '% WHERE %'"
        small = [row[0] for row in await raw.fetch(partial)]
        for statement, (who, parameters) in list(town.said.statements.items()):
            rows = await raw.fetch(f"EXPLAIN (FORMAT JSON) {statement}", *parameters)
            tables = set(scans(rows[0][0][0]["Plan"], small))
            found += [f"{table}: {who}: {' '.join(statement.split())[:1500]}" for table in sorted(tables)]
    return found


async def test_nothing_reads_a_large_table_from_end_to_end(database_url: str, redis_url: str):
    async with town_of(CASES, database_url, redis_url) as town:
        said = await knock(town)
        await work(town)
        found = await explain(town)
        assert len(town.said.statements) > 100
    assert found == [], "\n\n".join(found)
    assert {path: status for path, status in said.items() if status >= 500} == {}


async def test_a_scan_would_be_seen(database_url: str, redis_url: str):
    async with town_of(50, database_url, redis_url) as town:
        async with town.engine.connect() as connection:
            await connection.exec_driver_sql("SELECT count(*) FROM casework.notes WHERE body LIKE '%å%'")
        assert len(await explain(town)) == 1
