"""Logins on a real Valkey: what is stored, when they end, what a forged or late form meets."""

import hashlib
from typing import Annotated

import pytest
from fastapi import APIRouter, Form, Request, Response

from shared.health import Health
from shared.web.access import Action, Person, open_to_all, requires
from shared.web.app import build_app
from shared.web.session import COOKIE, Sessions, clear_cookie, set_cookie
from tests.support.web import MARIA, PER, client_of, log_in

pytestmark = pytest.mark.integration


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(redis_client, clock) -> Sessions:
    return Sessions(redis_client, idle=3600, absolute=12 * 3600, now=clock)


async def test_a_login_is_found_by_its_cookie_and_stored_hashed(sessions, redis_client):
    token = await sessions.start(MARIA)
    found = await sessions.find(token)
    assert found.person == MARIA
    keys = {key.decode() for key in await redis_client.keys("*")}
    assert keys == {"session:" + hashlib.sha256(token.encode()).hexdigest(), f"session:of:{MARIA.id}"}
    assert all(token not in key for key in keys)


async def test_a_cookie_that_was_never_given_is_nobody(sessions):
    assert await sessions.find("made-up") is None


async def test_use_keeps_a_login_alive_and_idleness_ends_it(sessions, clock):
    token = await sessions.start(MARIA)
    for _ in range(3):
        clock.now += 3500
        assert await sessions.find(token)
    clock.now += 3601
    assert await sessions.find(token) is None
    clock.now -= 3601
    assert await sessions.find(token) is None, "An ended login does not come back"


async def test_looking_does_not_keep_an_idle_login_alive(sessions, clock):
    token = await sessions.start(MARIA)
    session = await sessions.find(token)
    for _ in range(7):
        clock.now += 500
        assert await sessions.alive(session)
        assert await sessions.find(token, use=False)
    clock.now += 200
    assert not await sessions.alive(session)


async def test_a_login_ends_after_its_longest_time_however_used(sessions, clock):
    token = await sessions.start(MARIA)
    for _ in range(14):
        clock.now += 3000
        assert await sessions.find(token)
    clock.now += 1200
    assert await sessions.find(token) is None


async def test_redis_itself_forgets_what_is_not_used(sessions, redis_client):
    token = await sessions.start(MARIA)
    key = "session:" + hashlib.sha256(token.encode()).hexdigest()
    assert 3600 <= await redis_client.ttl(key) <= 3601


async def test_logging_out_ends_it_and_end_all_ends_every_login_of_a_person(sessions):
    one, two, other = [await sessions.start(who) for who in (MARIA, MARIA, PER)]
    await sessions.end(one)
    assert await sessions.find(one) is None
    assert await sessions.find(two)
    await sessions.end_all(MARIA.id)
    assert await sessions.find(two) is None
    assert await sessions.find(other)


async def test_a_use_does_not_bring_back_a_login_that_was_just_ended(sessions, clock, redis_client):
    token = await sessions.start(MARIA)
    clock.now += 60
    session = await sessions.find(token, use=False)
    await sessions.end(token)
    await sessions._write(session, only_if_there=True)
    assert await sessions.find(token) is None


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/me")
    async def me(person: Annotated[Person, requires(Action.WORK_DESK)]) -> str:
        return person.name

    @router.post("/note")
    async def note(text: Annotated[str, Form()], person: Annotated[Person, requires(Action.WORK_DESK)]) -> str:
        return text

    @router.post("/bare")
    async def bare(person: Annotated[Person, requires(Action.WORK_DESK)]) -> str:
        return person.id

    @router.post("/in", dependencies=[open_to_all("a test")])
    async def log_me_in(request: Request) -> Response:
        response = Response()
        set_cookie(request, response, await request.app.state.sessions.start(MARIA))
        return response

    @router.post("/out", dependencies=[open_to_all("a test")])
    async def log_me_out(request: Request) -> Response:
        response = Response()
        clear_cookie(request, response)
        return response

    return router


@pytest.fixture
async def app(settings):
    made = build_app(settings, service="casework", title="x", lifespan=None, routers=[routes()], health=Health())
    yield made
    await made.state.sessions.close()


async def test_a_person_is_let_in_by_her_cookie(app):
    async with client_of(app) as client:
        assert (await client.get("/me")).status_code == 401
        await log_in(app, client, MARIA)
        assert (await client.get("/me")).json() == "Maria Lind"


async def test_the_wrong_role_is_refused(app):
    async with client_of(app) as client:
        await log_in(app, client, PER)
        answer = await client.get("/me")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:kontaktcenter:problem:forbidden")


async def test_a_post_needs_the_token_of_this_login(app):
    async with client_of(app) as client, client_of(app) as other:
        token = await log_in(app, client, MARIA)
        foreign = await log_in(app, other, MARIA)
        answers = [
            await client.post("/note", data={"text": "hej"}),
            await client.post("/note", data={"text": "hej", "_csrf": foreign}),
            await client.post("/note", data={"text": "hej", "_csrf": token}),
            await client.post("/note", data={"text": "hej"}, headers={"x-csrf-token": token}),
            await client.post("/bare"),
            await client.post("/bare", data={"_csrf": token}),
        ]
    assert [answer.status_code for answer in answers] == [403, 403, 200, 200, 403, 200]


async def test_the_cookie_is_out_of_reach_and_secure_off_loopback(app):
    async with client_of(app) as client:
        here = (await client.post("/in")).headers["set-cookie"]
        away = (await client.post("https://kommun.example/in")).headers["set-cookie"]
        gone = (await client.post("/out")).headers["set-cookie"]
    assert here.startswith(f"{COOKIE}=")
    for part in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert part in here
    assert "Domain" not in here
    assert "Secure" not in here
    assert "Secure" in away
    assert "Max-Age=0" in gone
