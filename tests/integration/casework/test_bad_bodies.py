"""Every JSON door of casework, by its own description, with bodies, paths and queries made to hurt: never a 5xx."""

import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from fastapi import FastAPI

from services.casework.main import DOORS
from shared.health import Health
from shared.web.app import build_app
from tests.support.casework import Room

pytestmark = [pytest.mark.integration, pytest.mark.timeout(280)]

MACHINE = {"Authorization": "Bearer local-only-token", "content-type": "application/json"}
TURNS = 10
HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, 1e308, "", " ", "\x00", "a\x00b", "\ud800", "å" * 30_000, "'; DROP TABLE cases; --"),
    *([], {}, [[]], {"a": {"b": [None]}}, "2026-99-99T99:99:99Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"),
    *("{number}", "%s", "\u202eabc", "🧨" * 300, "KC-2026-000001", "NaN", ["\ud800"], -(2**63), 2**63),
)
PATHS = ("KC-1999-000001", "a b", "%00", "%2e%2e", "å" * 400, "🧨", "' OR 1=1 --", "-1")

QUERIES = ("1", "0", "-1", "", "å" * 300, "2**70", "\x00", "closed")


@pytest.fixture
async def doors(room: Room) -> AsyncIterator[tuple[httpx.AsyncClient, FastAPI]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.casework = room.casework
        yield

    app = build_app(
        room.settings, service="casework", title="Ärenden", lifespan=lifespan, routers=DOORS[:-1], health=Health()
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=MACHINE) as client,
    ):
        yield client, app


class Bodies:
    """Makes something like what a schema asks for, some of it wrong."""

    def __init__(self, known: dict[str, Any], chance: random.Random) -> None:
        self._known = known
        self._chance = chance

    def of(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """Return a body."""
        if self._chance.random() < 0.25 or depth > 4:
            return self._chance.choice(HOSTILE)
        if "$ref" in schema:
            return self.of(self._known[schema["$ref"].rsplit("/", 1)[1]], depth + 1)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            return self.of(self._chance.choice(options), depth + 1)
        return self._chance.choice(schema["enum"]) if "enum" in schema else self._plain(schema, depth)

    def _plain(self, schema: dict[str, Any], depth: int) -> Any:
        match schema.get("type"):
            case "object":
                parts = schema.get("properties", {}).items()
                made = {name: self.of(part, depth + 1) for name, part in parts if self._chance.random() < 0.85}
                return made | ({"more": self._chance.choice(HOSTILE)} if self._chance.random() < 0.2 else {})
            case "array":
                return [self.of(schema.get("items", {}), depth + 1) for _ in range(self._chance.randrange(3))]
            case "integer" | "number":
                return self._chance.choice((0, 1, -5, 2**31, 2**63, 1.5))
            case "boolean":
                return self._chance.random() < 0.5
            case _:
                return self._chance.choice(("bostadsbolag", "KC-2026-000001", "s1", "Hej", "2026-12-24T10:00:00+01:00"))


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, ways in app.openapi()["paths"].items():
        if path.startswith("/api/v1/"):
            for method, operation in ways.items():
                yield method, path, operation


def address(path: str, operation: dict[str, Any], number: str, chance: random.Random) -> str:
    """Return the path filled in, mostly with a case that is there, and a query."""
    query = []
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            value = number if "number" in name and chance.random() < 0.7 else quote(chance.choice(PATHS))
            path = path.replace("{" + name + "}", value)
        elif parameter["in"] == "query" and chance.random() < 0.5:
            query.append(f"{name}={quote(chance.choice(QUERIES))}")
    return path + ("?" + "&".join(query) if query else "")


@pytest.mark.parametrize("seed", [1])
async def test_no_door_of_casework_answers_bad_input_with_a_fault_of_ours(
    room: Room, doors: tuple[httpx.AsyncClient, FastAPI], seed: int
):
    client, app = doors
    chance = random.Random(seed)
    bodies = Bodies(app.openapi()["components"]["schemas"], chance)
    asked = 0
    for method, path, operation in operations(app):
        number = await room.open(f"{method}{path}")
        for _ in range(TURNS):
            where = address(path, operation, number, chance)
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            sent: bytes | None = None
            if content is not None:
                sent = raw(bodies.of(content["schema"]), chance)
            headers = {"Idempotency-Key": chance.choice(("", "k", "a b", "x" * 300))}
            if chance.random() < 0.3:
                headers["If-Match"] = chance.choice(('"1"', '"x"', "*", '"99999999999999999999"', "1"))
            answer = await client.request(method.upper(), where, content=sent, headers=headers)
            asked += 1
            assert answer.status_code < 500, (method, where, sent and sent[:300], answer.text[:500])
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", (method, where)
    assert asked > 300


def raw(body: Any, chance: random.Random) -> bytes:
    """Return a body as bytes; now and then it is no JSON."""
    if chance.random() < 0.05:
        return chance.choice((b"", b"{", b"\xff\xfe", b"null", b"[" * 2_000, b'"' + b"a" * 2_000_000 + b'"'))
    try:
        return orjson.dumps(body)
    except (orjson.JSONEncodeError, TypeError):
        return json.dumps(body).encode()  # what orjson refuses to write, strangers still send
