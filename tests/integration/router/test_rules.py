"""The rule table on real Kafka and Valkey: doors, commands, and two who publish at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from redis.asyncio import Redis
from typer.testing import CliRunner

from services.router.commands.rules import rules_commands
from services.router.domain.rule_table import FIRST_TABLE
from services.router.settings import Settings
from services.router.store.rule_claims import RuleClaims
from services.router.usecases.publish_rules import CheckRules, PublishRules, RulesMovedError, known_names
from services.router.usecases.rulebook import Rulebook
from services.router.web import rules
from services.router.wiring import open_rules
from shared.catalogue import Catalogue
from shared.health import Health
from shared.publish import Publisher, message
from shared.records import PeakRecord, RulesRecord, UnitRecord
from shared.settings import ServiceSettings
from shared.table import Table
from shared.topics import RULES
from shared.topics_admin import ensure_topics
from shared.vocabulary import Role
from shared.web.access import Person
from shared.web.app import build_app
from tests.support.wait import eventually
from tests.support.web import client_of, log_in
from tests.unit.router.test_rule_faults import ROWS
from tests.unit.router_matching.test_route_contact import NOW

pytestmark = pytest.mark.integration

LENA = Person("lead-lena-holm", "Lena Holm", frozenset({Role.LEAD}), frozenset({"*"}))
PER = Person("officer-per-dahl", "Per Dahl", frozenset({Role.OFFICER}), frozenset({"*"}))
OTHERWISE: dict[str, Any] = {"otherwise": {"queue": "{unit}", "priority": "normal"}}
URGENT: list[dict[str, Any]] = [
    {"name": "bostad först", "when": {"unit": ["bostad"]}, "then": {"priority": "urgent"}},
    OTHERWISE,
]


@asynccontextmanager
async def house(settings: ServiceSettings, redis: Redis) -> AsyncIterator[PublishRules]:
    """What one router process has of the rules."""
    publisher, table, catalogue = Publisher(settings, "router"), Table(settings, RULES), Catalogue(settings)
    await publisher.start()
    await asyncio.gather(table.start(), catalogue.start())
    try:
        book = Rulebook(table, publisher)
        await book.open()
        await eventually(lambda: book.in_force().version != "built-in" and catalogue.unit("bostad"))
        yield PublishRules(book, publisher, RuleClaims(redis, settings), CheckRules(lambda: known_names(catalogue)))
    finally:
        await asyncio.gather(table.stop(), catalogue.stop(), publisher.stop())


@pytest.fixture
async def own(settings: ServiceSettings) -> ServiceSettings:
    await ensure_topics(settings)
    publisher = Publisher(settings, "test")
    await publisher.start()
    await publisher.publish(message(UnitRecord(id="bostad", name="Bostad")), timeout=10)
    await publisher.stop()
    return settings


@pytest.fixture
async def work(own: ServiceSettings, redis_client: Redis) -> AsyncIterator[PublishRules]:
    async with house(own, redis_client) as made:
        yield made


@pytest.fixture
async def app(own: ServiceSettings, work: PublishRules) -> FastAPI:
    made = build_app(own, service="router", title="Test", lifespan=None, routers=(rules.router,), health=Health())
    made.state.rulebook, made.state.check_rules, made.state.publish_rules = work.book, work.check, work
    return made


@pytest.fixture
async def lena(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        client.headers["x-csrf-token"] = await log_in(app, client, LENA)
        yield client


def to_publish(rows: Any, based_on: str = "000001", reason: str = "Bostad har fler felanmälningar") -> dict[str, Any]:
    return {"rules": rows, "based_on": based_on, "reason": reason}


async def test_a_table_is_published_on_the_one_before_it(lena: httpx.AsyncClient, work: PublishRules):
    first = (await lena.get("/api/v1/rules")).json()
    assert (first["version"], first["by"], first["based_on"]) == ("000001", "", None)
    assert [row.get("name") for row in first["rules"]] == [row.get("name") for row in FIRST_TABLE]
    assert (await lena.post("/api/v1/rules/check", json={"rules": first["rules"]})).json()["items"] == []

    published = await lena.post("/api/v1/rules", json=to_publish(URGENT))
    assert published.status_code == 201, published.text
    assert (published.json()["version"], published.json()["by"]) == ("000002", LENA.id)
    assert work.book.current().version == "000002", "it is in force when the door answers"

    now = (await lena.get("/api/v1/rules")).json()
    assert (now["version"], now["rules"], now["based_on"]) == ("000002", URGENT, "000001")
    assert now["reason"] == "Bostad har fler felanmälningar"
    assert [each["version"] for each in now["history"]] == ["000002", "000001"]
    assert (await lena.get("/api/v1/rules/000001")).json()["rules"] == first["rules"]
    assert (await lena.get("/api/v1/rules/000009")).status_code == 404


async def test_the_same_again_is_the_same_and_something_else_is_a_conflict(lena: httpx.AsyncClient):
    versions = [(await lena.post("/api/v1/rules", json=to_publish(URGENT))).json()["version"] for _ in range(2)]
    assert versions == ["000002", "000002"]
    other = await lena.post("/api/v1/rules", json=to_publish([OTHERWISE]))
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["type"] == "urn:kontaktcenter:problem:rules-moved"
    assert "000002" in other.json()["title"]
    assert (await lena.post("/api/v1/rules", json=to_publish([OTHERWISE], "000002"))).json()["version"] == "000003"


async def test_a_command_that_is_repeated_gets_its_old_answer_whatever_has_come_since(lena: httpx.AsyncClient):
    key = {"Idempotency-Key": "k1"}
    first = await lena.post("/api/v1/rules", json=to_publish(URGENT), headers=key)
    assert (await lena.post("/api/v1/rules", json=to_publish([OTHERWISE], "000002"))).status_code == 201
    again = await lena.post("/api/v1/rules", json=to_publish(URGENT), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await lena.post("/api/v1/rules", json=to_publish([OTHERWISE], "000003"), headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:kontaktcenter:problem:idempotency-key-reused")


async def test_a_file_with_every_kind_of_fault_changes_nothing(lena: httpx.AsyncClient, work: PublishRules):
    rows = [row | {"name": f"r{n}"} if isinstance(row, dict) else row for n, (_, _, row) in enumerate(ROWS)]
    sent: dict[str, Any] = {
        "content": json.dumps(to_publish([*rows, {}])),
        "headers": {"content-type": "application/json"},
    }
    refused = await lena.post("/api/v1/rules", **sent)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    said = refused.json()
    assert said["type"] == "urn:kontaktcenter:problem:rules-refused"
    assert len(said["errors"]) >= len(rows)
    assert {
        "pointer": "/rules/6/when/channel",
        "detail": "r6: channel kan inte vara fax, bara phone, email, visit, e_service",
    } in said["errors"]
    checked = (await lena.post("/api/v1/rules/check", **sent)).json()["items"]
    assert [each["pointer"] for each in checked] == [each["pointer"] for each in said["errors"]]
    sent["headers"]["accept-language"] = "en"
    english = (await lena.post("/api/v1/rules/check", **sent)).json()["items"]
    assert "unknown channel fax; one of phone, email, visit, e_service" in {each["text"] for each in english}
    assert [record.version for record in work.book.versions()] == ["000001"]


@pytest.mark.parametrize(
    "body",
    [{}, {"rules": []}, {"rules": "x", "based_on": "000001", "reason": "x"}, to_publish([OTHERWISE], reason="")],
)
async def test_what_is_no_table_is_refused(lena: httpx.AsyncClient, body: dict[str, Any]):
    assert (await lena.post("/api/v1/rules", json=body)).status_code == 422


async def test_who_may_read_and_who_may_publish(app: FastAPI, own: ServiceSettings, work: PublishRules):
    async with client_of(app) as client:
        client.headers["x-csrf-token"] = await log_in(app, client, PER)
        assert (await client.get("/api/v1/rules")).status_code == 403
        assert (await client.post("/api/v1/rules", json=to_publish(URGENT))).status_code == 403
    async with client_of(app, authorization=f"Bearer {own.machine_token.get_secret_value()}") as machine:
        assert (await machine.get("/api/v1/rules")).status_code == 200
        assert (await machine.post("/api/v1/rules", json=to_publish(URGENT))).status_code == 403
    async with client_of(app) as nobody:
        assert (await nobody.post("/api/v1/rules/check", json={"rules": []})).status_code == 401
    assert [record.version for record in work.book.versions()] == ["000001"]


async def test_of_two_who_publish_at_once_in_two_processes_one_wins(
    own: ServiceSettings, redis_client: Redis, work: PublishRules
):
    async with house(own, redis_client) as other:
        answers = await asyncio.gather(
            work.publish(URGENT, based_on="000001", by="lena", reason="a"),
            other.publish([OTHERWISE], based_on="000001", by="olle", reason="b"),
            return_exceptions=True,
        )
        won = [answer for answer in answers if isinstance(answer, RulesRecord)]
        lost = [answer for answer in answers if isinstance(answer, RulesMovedError)]
        assert (len(won), len(lost)) == (1, 1)
        for book in (work.book, other.book):
            await eventually(partial(_has, book, won[0]))
            assert book.current().version == "000002"


def _has(book: Rulebook, record: RulesRecord) -> bool:
    return book.version(record.version) == record


async def test_a_peak_or_a_table_of_old_does_not_change_what_is_in_force(work: PublishRules):
    overlapping: list[dict[str, Any]] = [
        {"name": "a", "when": {"automatic": True}, "then": {"priority": "low"}},
        {"name": "b", "when": {"channel": ["email"]}, "then": {"priority": "high"}},
        OTHERWISE,
    ]
    old = RulesRecord(version="000002", rules=tuple(overlapping), published_at=NOW)
    await work.publisher.publish(message(old))
    await eventually(lambda: work.book.current().version == "000002")
    table = work.book.current()
    await work.publisher.publish(message(PeakRecord(until=NOW, started_at=NOW, by="lena", reason="storm")))
    await eventually(lambda: len(work.book.table.values()) == 3)
    assert work.book.current() is table
    assert [fault.code for fault in await work.check.check(overlapping)] == ["overlap"]


async def test_the_first_table_is_published_where_a_peak_is_all_there_is(own: ServiceSettings, redis_client: Redis):
    publisher = Publisher(own, "test")
    await publisher.start()
    await publisher.publish(message(PeakRecord(until=NOW, started_at=NOW, by="lena", reason="storm")), timeout=10)
    await publisher.stop()
    async with house(own, redis_client) as work:
        assert work.book.in_force().version == "000001"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "bra.yaml").write_text(yaml.safe_dump({"rules": URGENT}, allow_unicode=True))
    (tmp_path / "bra.json").write_text(json.dumps([OTHERWISE]))
    dated = "- {name: jul, when: {time: {from: 2026-12-24, to: 2026-12-26}}, then: {priority: low}}\n"
    (tmp_path / "jul.yaml").write_text(dated + yaml.safe_dump([OTHERWISE]))
    (tmp_path / "fel.yaml").write_text("- {name: a, when: {unit: [rymden]}, then: {priority: now}}\n- {}\n")
    (tmp_path / "text.yaml").write_text("bara text")
    (tmp_path / "trasig.yaml").write_text("{")
    return tmp_path


async def _begun(settings: ServiceSettings, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    async with house(settings, redis):
        await redis.aclose()


def test_the_commands(own: ServiceSettings, redis_url: str, files: Path):
    asyncio.run(_begun(own, redis_url))
    settings = Settings(**own.model_dump(include=set(Settings.model_fields) - {"port"}))
    app, runner = rules_commands(lambda: settings, open_rules), CliRunner()

    def run(*words: str) -> tuple[int, str]:
        result = runner.invoke(app, list(words))
        return result.exit_code, result.output if result.exit_code else result.stdout

    code, shown = run("show")
    assert (code, yaml.safe_load(shown)) == (0, list(FIRST_TABLE))
    assert shown.startswith("# version 000001")
    assert run("check", str(files / "bra.yaml"))[0] == 0
    assert run("check", str(files / "jul.yaml"))[0] == 0
    code, told = run("check", str(files / "fel.yaml"))
    assert code == 1
    assert "rad 1, a: unit: rymden finns inte" in told
    assert "rad 2, last row: måste vara `otherwise`" in told
    assert run("check", str(files / "text.yaml"))[0] == 2
    assert run("check", str(files / "trasig.yaml"))[0] == 2
    how = ("--based-on", "000001", "--by", "olle", "--reason", "Prov")
    assert run("publish", str(files / "fel.yaml"), *how)[0] == 1
    code, told = run("publish", str(files / "bra.yaml"), *how)
    assert (code, told.splitlines()[-1]) == (0, "version 000002 gäller nu")
    code, told = run("publish", str(files / "bra.json"), *how)
    assert code == 1
    assert "nu gäller version 000002" in told
    code, listed = run("history")
    assert [line.partition(",")[0] for line in listed.splitlines()] == ["version 000002", "version 000001"]
    assert listed.splitlines()[0].endswith("bygger på 000001, olle, Prov")
    code, told = run("show", "000009")
    assert code == 1
    assert "Den versionen av reglerna finns inte." in told
