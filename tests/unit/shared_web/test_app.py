"""The frame around every service: errors, headers, limits, language, forged posts."""

import re
from datetime import datetime
from typing import Annotated

import asyncpg
import pytest
from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, SecretStr
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared import logs
from shared.errors import ConflictError, FieldError, LogUnavailableError
from shared.health import Health
from shared.settings import ServiceSettings
from shared.web.access import Action, Person, api_routes, guard_of, open_to_all, requires
from shared.web.app import build_app
from tests.support.web import client_of

BEARER = {"authorization": "Bearer robot-token"}


class Visit(BaseModel):
    entrance: str
    minutes: int = 0


def sample_router() -> APIRouter:
    router = APIRouter()

    @router.post("/visits")
    async def visits(visit: Visit, person: Annotated[Person, requires(Action.REGISTER_VISIT)]) -> dict[str, str]:
        return {"by": person.id, "entrance": visit.entrance}

    @router.get("/conflict", dependencies=[open_to_all("a test")])
    async def conflict() -> None:
        raise ConflictError(errors=[FieldError("/epoch", "Uppgiften saknas.")])

    @router.get("/down")
    @open_to_all("a test")
    async def down() -> None:
        raise LogUnavailableError

    @router.get("/bug", dependencies=[open_to_all("a test")])
    async def bug() -> None:
        raise ZeroDivisionError("secret detail")

    @router.get("/kept/{number}", dependencies=[open_to_all("a test")])
    async def kept(number: str) -> None:
        refused = number.startswith("KC")
        raise DBAPIError("SELECT", {}, asyncpg.DataError(number) if refused else asyncpg.UndefinedTableError(number))

    @router.get("/unplugged", dependencies=[open_to_all("a test")])
    async def unplugged() -> None:
        raise PoolTimeoutError

    @router.post("/hook", dependencies=[open_to_all("a test")])
    async def hook(request: Request) -> int:
        return len(await request.body())

    @router.post("/form", dependencies=[open_to_all("a test")])
    async def form(text: Annotated[str, Form()]) -> str:
        return text

    @router.get("/hole")
    async def hole() -> None:
        return None

    return router


@pytest.fixture
def app():
    logs.configure(ServiceSettings(log_format="json"))
    settings = ServiceSettings(machine_token=SecretStr("robot-token"), redis="redis://127.0.0.1:1/0")
    return build_app(
        settings,
        service="intake",
        title="Prov",
        lifespan=None,
        routers=[sample_router()],
        health=Health(),
        body_limit=1000,
    )


async def test_a_problem_is_swedish_and_has_a_stable_type(app):
    async with client_of(app) as client:
        answer = await client.get("/conflict")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:kontaktcenter:problem:conflict"
    assert problem["title"] == "Någon annan hann före. Läs in sidan igen."
    assert problem["errors"] == [{"pointer": "/epoch", "detail": "Uppgiften saknas."}]
    assert problem["request_id"] == answer.headers["x-request-id"]


async def test_a_problem_is_english_for_those_who_ask(app):
    async with client_of(app, **{"accept-language": "en-GB,en;q=0.8"}) as client:
        answer = await client.get("/conflict")
    assert answer.json()["title"] == "Somebody else was first. Load the page again."
    assert answer.json()["errors"][0]["detail"] == "This is missing."
    assert answer.headers["content-language"] == "en"


async def test_bad_input_says_where(app):
    async with client_of(app, **BEARER) as client:
        answer = await client.post("/visits", json={"minutes": "many"})
        broken = await client.post("/visits", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert {(e["pointer"], e["detail"]) for e in answer.json()["errors"]} == {
        ("/entrance", "Uppgiften saknas."),
        ("/minutes", "Ska vara ett heltal."),
    }
    assert broken.status_code == 422


async def test_a_fault_of_ours_tells_nothing_but_its_number(app):
    async with client_of(app) as client:
        answer = await client.get("/bug")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"]


async def test_a_log_that_does_not_answer_is_worth_another_try(app):
    async with client_of(app) as client:
        answer = await client.get("/down")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_a_value_that_no_column_can_hold_is_bad_input_and_no_fault_of_ours(app, capfd):
    logs.configure(ServiceSettings(log_format="console"))
    async with client_of(app) as client:
        refused = await client.get("/kept/KC%00-1%0Afaked log line")
        fault = await client.get("/kept/x")
    assert (refused.status_code, fault.status_code) == (422, 500)
    assert refused.json()["type"].endswith(":invalid-input")
    logged = capfd.readouterr()
    assert "\nfaked" not in logged.out + logged.err
    assert "\0" not in logged.out + logged.err


async def test_a_database_that_is_away_is_worth_another_try(app):
    async with client_of(app) as client:
        answer = await client.get("/unplugged")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_people_get_a_page(app):
    async with client_of(app, accept="text/html") as client:
        answer = await client.get("/nowhere")
        english = await client.get("/nowhere", headers={"accept-language": "en"})
    assert answer.status_code == 404
    assert '<html lang="sv"' in answer.text
    assert "Det finns inte" in answer.text
    assert '<html lang="en"' in english.text


async def test_who_is_not_logged_in_is_led_to_the_login(app):
    async with client_of(app) as client:
        program = await client.post("/visits", json={"entrance": "x"})
        person = await client.post("/visits", json={"entrance": "x"}, headers={"accept": "text/html"})
        part = await client.post("/visits", json={"entrance": "x"}, headers={"hx-request": "true"})
    assert (program.status_code, program.headers["www-authenticate"]) == (401, "Bearer")
    assert person.status_code == 303
    assert person.headers["location"].startswith("http://127.0.0.1:8103/login?next=")
    assert part.headers["hx-redirect"].startswith("http://127.0.0.1:8103/login?next=")


async def test_the_machine_token_is_a_login(app):
    async with client_of(app) as client:
        good = await client.post("/visits", json={"entrance": "stadshuset"}, headers=BEARER)
        bad = await client.post("/visits", json={"entrance": "x"}, headers={"authorization": "Bearer nope"})
    assert good.json() == {"by": "machine", "entrance": "stadshuset"}
    assert bad.status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://testserver"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
async def test_a_post_from_another_origin_is_refused(app, headers, status):
    async with client_of(app) as client:
        assert (await client.post("/hook", content=b"x", headers=headers)).status_code == status


async def test_a_body_has_a_limit(app):
    async def drip():
        for _ in range(20):
            yield b"x" * 100

    async with client_of(app) as client:
        said = await client.post("/hook", content=b"x" * 1001)
        streamed = await client.post("/hook", content=drip())
        form = await client.post("/form", data={"text": "x" * 2000})
        fits = await client.post("/hook", content=b"x" * 1000)
    assert [said.status_code, streamed.status_code, form.status_code, fits.status_code] == [413, 413, 413, 200]


async def test_every_answer_has_its_security_headers(app):
    async with client_of(app) as client:
        answer = await client.get("/health/live")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"


async def test_a_sane_request_id_is_kept(app):
    async with client_of(app) as client:
        kept = await client.get("/health/live", headers={"x-request-id": "abc-123-def"})
        made = await client.get("/health/live", headers={"x-request-id": "x y\tz"})
    assert kept.headers["x-request-id"] == "abc-123-def"
    assert made.headers["x-request-id"] != "x y\tz"


async def test_static_files_stay_a_year_under_the_hash_of_their_content(app):
    address = app.state.assets.url("base.css")
    async with client_of(app) as client:
        hashed = await client.get(address)
        bare = await client.get("/static/base.css")
    assert "immutable" in hashed.headers["cache-control"]
    assert bare.headers["cache-control"] == "no-cache"
    assert app.state.assets.url("vendor/not-there.js") == ""


async def test_static_words_go_compressed_to_who_understands_it_and_are_the_same(app):
    address = app.state.assets.url("base.css")
    async with client_of(app) as client:
        plain = await client.get(address, headers={"accept-encoding": "identity"})
        small = await client.get(address, headers={"accept-encoding": "gzip, br"})
        known = {"accept-encoding": "gzip", "if-none-match": small.headers["etag"]}
        again = await client.get("/static/base.css", headers=known)
        part = await client.get(address, headers={"accept-encoding": "gzip", "range": "bytes=0-9"})
    assert small.headers["content-encoding"] == "gzip"
    assert small.content == plain.content
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert "immutable" in small.headers["cache-control"]
    assert {plain.headers["vary"], small.headers["vary"]} == {"accept-encoding"}
    assert again.status_code == 304
    assert (part.status_code, part.content) == (206, plain.content[:10])


async def test_ready_says_which_part_is_missing(app):
    health = Health()
    app = build_app(ServiceSettings(), service="stats", title="x", lifespan=None, routers=[], health=health)
    health.set("kafka", "no answer")
    async with client_of(app) as client:
        answer = await client.get("/health/ready")
        health.set("kafka", None)
        well = await client.get("/health/ready")
        app.state.closing.set()
        closing = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["failing"]) == (503, {"kafka": "no answer"})
    assert (well.status_code, closing.status_code) == (200, 503)
    assert (answer.json()["status"], well.json()) == ("not ready", {"status": "ok", "failing": {}, "since": {}})
    assert datetime.fromisoformat(answer.json()["since"]["kafka"]).tzinfo is not None


async def test_a_part_that_leaves_the_other_doors_open_keeps_the_service_ready_and_is_named():
    health = Health()
    app = build_app(ServiceSettings(), service="intake", title="x", lifespan=None, routers=[], health=health)
    health.set("imap:bostad", "the login is refused", blocks=False)
    async with client_of(app) as client:
        answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["failing"] == {"imap:bostad": "the login is refused"}
    assert "imap:bostad" in answer.json()["since"]


async def test_documents_are_there_without_foreign_scripts(app):
    async with client_of(app) as client:
        docs = await client.get("/docs")
        openapi = await client.get("/openapi.json")
        metrics = await client.get("/metrics")
    assert "/visits" in docs.text
    loaded = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]*)"', docs.text)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)
    assert openapi.json()["info"]["title"] == "Kontaktcenter: Prov"
    assert metrics.status_code == 200


@pytest.mark.filterwarnings("error:.*root_path")
async def test_behind_a_prefix_its_own_addresses_begin_with_it():
    settings = ServiceSettings(public_prefix="/stats", machine_token=SecretStr("robot-token"))
    app = build_app(settings, service="stats", title="Prov", lifespan=None, routers=[sample_router()], health=Health())

    @app.get("/where", dependencies=[open_to_all("a test")])
    async def where(request: Request) -> str:
        return str(request.url_for("where"))

    async with client_of(app) as client:
        here = await client.get("/where")
        prefixed = await client.get("/stats/where")
        openapi = await client.get("/openapi.json")
    assert here.json() == prefixed.json() == "http://testserver/stats/where"
    assert openapi.json()["servers"] == [{"url": "/stats"}]


async def test_preferences_are_cookies_and_lead_back(app):
    async with client_of(app) as client:
        answer = await client.post(
            "/preferences", data={"language": "en", "theme": "dark"}, headers={"referer": "http://testserver/desk"}
        )
        evil = await client.post("/preferences", data={}, headers={"referer": "https://evil.example/"})
        page = await client.get("/docs")
    assert (answer.status_code, answer.headers["location"]) == (303, "http://testserver/desk")
    assert evil.headers["location"] == "/"
    assert '<html lang="en" data-theme="dark"' in page.text


def test_a_hole_in_the_guard_is_seen(app):
    guards = {route.path: guard_of(route) for route in api_routes(app)}
    assert guards["/hole"] is None
    assert guards["/visits"] is Action.REGISTER_VISIT
    assert guards["/down"] == guards["/hook"] == "a test"
    assert [path for path, guard in guards.items() if guard is None] == ["/hole"]
