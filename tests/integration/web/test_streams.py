"""Streams and waiting handlers on a real server: every end they can come to, and that nothing is left behind."""

import asyncio
import time
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Request, Response

from shared.health import Health
from shared.web.access import Action, Person, open_to_all, requires
from shared.web.app import build_app
from shared.web.live import Hub, Limits, stream, until_gone
from shared.web.session import COOKIE
from tests.support.wait import eventually
from tests.support.web import MARIA, log_in, served

pytestmark = pytest.mark.integration
EVENTS = {"accept": "text/event-stream"}


class Bench:
    """What the sample routes use and the tests look at."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.limits = Limits()
        self.ended = 0
        self.cancelled = asyncio.Event()

    async def note_end(self) -> None:
        self.ended += 1


def routes(bench: Bench) -> APIRouter:
    router = APIRouter()

    @router.get("/events")
    async def events(request: Request, person: Annotated[Person, requires(Action.WORK_DESK)]) -> Response:
        return await stream(request, bench.hub.subscribe(["a"]), limits=bench.limits, on_end=bench.note_end)

    @router.get("/wait", dependencies=[open_to_all("a test")])
    async def wait(request: Request) -> str:
        async def forever() -> str:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                bench.cancelled.set()
                raise
            return "never"

        return await until_gone(request, forever()) or "gone"

    @router.get("/soon", dependencies=[open_to_all("a test")])
    async def soon(request: Request) -> str:
        async def work() -> str:
            return "here"

        return await until_gone(request, work()) or "gone"

    return router


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def app(settings, bench):
    return build_app(settings, service="casework", title="x", lifespan=None, routers=[routes(bench)], health=Health())


@pytest.fixture
async def house(app, settings):
    async with served(app, settings) as (url, server), httpx.AsyncClient(base_url=url, timeout=10) as client:
        await log_in(app, client, MARIA)
        yield client, server


async def lines(response: httpx.Response) -> list[str]:
    return [line async for line in response.aiter_lines() if line]


async def test_events_come_as_they_are_published(house, bench):
    client, _ = house
    async with client.stream("GET", "/events", headers=EVENTS) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        await eventually(lambda: bench.hub.readers)
        bench.hub.publish("a", "changed", "x\ny")
        found = []
        async for line in response.aiter_lines():
            found.append(line)
            if line == "data: y":
                break
    assert found == ["retry: 2000", "", "event: changed", "data: x", "data: y"]


async def test_a_browser_that_leaves_leaves_nothing_behind(house, bench, app):
    client, _ = house
    async with client.stream("GET", "/events", headers=EVENTS):
        await eventually(lambda: app.state.streams == 1)
    await eventually(lambda: (app.state.streams, bench.hub.readers, bench.ended) == (0, 0, 1))


async def test_a_stream_ends_by_itself_after_its_life(house, bench, app):
    client, _ = house
    bench.limits = Limits(life=0.2)
    began = time.monotonic()
    async with client.stream("GET", "/events", headers=EVENTS) as response:
        await lines(response)
    assert 0.15 < time.monotonic() - began < 3
    await eventually(lambda: app.state.streams == 0)


async def test_a_stream_ends_when_its_login_has_ended(house, bench, app):
    client, _ = house
    bench.limits = Limits(check=0.05)
    async with client.stream("GET", "/events", headers=EVENTS) as response:
        await eventually(lambda: bench.hub.readers)
        await app.state.sessions.end(client.cookies[COOKIE])
        assert "event: ended" in await asyncio.wait_for(lines(response), 5)


async def test_a_stream_does_not_keep_an_idle_login_alive(house, bench, app, redis_client):
    client, _ = house
    bench.limits = Limits(check=0.02, life=0.3)
    [key] = [key for key in await redis_client.keys("session:*") if b":of:" not in key]
    before = await redis_client.get(key)
    app.state.sessions._now = lambda: time.time() + 1800
    async with client.stream("GET", "/events", headers=EVENTS) as response:
        await lines(response)
    await client.get("/events-not-there", headers={"x-background": "1"})
    assert await redis_client.get(key) == before


async def test_a_process_carries_so_many_streams_and_no_more(house, bench, app):
    client, _ = house
    bench.limits = Limits(streams=1)
    async with client.stream("GET", "/events", headers=EVENTS):
        await eventually(lambda: app.state.streams == 1)
        refused = await client.get("/events", headers=EVENTS)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")


async def test_streams_need_a_login(house):
    client, _ = house
    client.cookies.clear()
    assert (await client.get("/events", headers=EVENTS)).status_code == 401


async def test_a_stop_ends_streams_and_waits_first(settings, app, bench):
    async with served(app, settings) as (url, server), httpx.AsyncClient(base_url=url, timeout=10) as client:
        await log_in(app, client, MARIA)
        waiting = asyncio.create_task(client.get("/wait"))
        async with client.stream("GET", "/events", headers=EVENTS) as response:
            await eventually(lambda: bench.hub.readers)
            began = time.monotonic()
            server.should_exit = True
            await asyncio.wait_for(lines(response), 5)
        assert (await waiting).json() == "gone"
    assert time.monotonic() - began < settings.drain_seconds, "It waited for the drain instead of ending"
    assert bench.cancelled.is_set()


async def test_a_waiting_handler_ends_when_its_caller_leaves(house, bench):
    client, _ = house
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/wait", timeout=0.2)
    await asyncio.wait_for(bench.cancelled.wait(), 5)


async def test_work_that_is_done_at_once_is_answered_at_once(house):
    client, _ = house
    assert (await client.get("/soon")).json() == "here"
