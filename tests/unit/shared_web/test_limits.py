"""The limits of every door, met by a raw socket on the server that the product uses."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, Request
from prometheus_client import REGISTRY
from pydantic import SecretStr

from shared.health import Health
from shared.settings import ServiceSettings
from shared.web.access import open_to_all
from shared.web.app import build_app
from tests.support.wait import eventually
from tests.support.web import served

HOST = b"Host: localhost\r\n"


def router() -> APIRouter:
    doors = APIRouter()

    @doors.post("/webhooks/hook", dependencies=[open_to_all("a test")])
    async def hook(request: Request) -> int:
        return len(await request.body())

    @doors.post("/webhooks/deaf", status_code=204, dependencies=[open_to_all("a test")])
    async def deaf() -> None:
        return None

    @doors.get("/api/never", dependencies=[open_to_all("a test")])
    async def never() -> None:
        await asyncio.Event().wait()

    return doors


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        assert self.headers["content-type"] == "application/problem+json", self
        return str(json.loads(self.body)["type"]).rpartition(":")[2]

    @property
    def title(self) -> str:
        return str(json.loads(self.body)["title"])


class Line:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> Answer:
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body)

    async def ended(self) -> bool:
        """Read until the other side closes."""
        async with asyncio.timeout(20):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass
        return True


@asynccontextmanager
async def server(**limits: Any) -> AsyncIterator["Opener"]:
    settings = ServiceSettings(redis="redis://127.0.0.1:1/0", machine_token=SecretStr("robot-token"), **limits)
    app = build_app(
        settings, service="intake", title="Prov", lifespan=None, routers=[router()], health=Health(), body_limit=1000
    )
    async with served(app, settings) as (url, _):
        opener = Opener(int(url.rpartition(":")[2]))
        try:
            yield opener
        finally:
            for line in opener.lines:
                line.writer.close()


class Opener:
    """Opens lines to one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.lines: list[Line] = []

    async def __call__(self) -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        self.lines.append(line)
        return line

    async def ask(self, data: bytes) -> Answer:
        line = await self()
        await line.say(data)
        return await line.hear()


def counted(door: str, reason: str) -> float:
    return REGISTRY.get_sample_value("kc_refused_total", {"door": door, "reason": reason}) or 0.0


def get(path: bytes, *more: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in more) + b"\r\n"


def post(path: bytes, body: bytes, *more: bytes) -> bytes:
    head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in more)
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def test_a_head_has_a_limit_in_bytes_and_fields_and_is_refused_in_the_callers_language():
    before = counted("connection", "head_size")
    async with server(head_bytes=4096, head_fields=20) as connect:
        long = await connect.ask(get(b"/health/live", b"Accept-Language: en", b"X-Long: " + b"x" * 5000))
        many = await connect.ask(get(b"/health/live", *(b"X-%d: y" % number for number in range(21))))
        address = await connect.ask(get(b"/" + b"x" * 5000))
        endless = await connect()
        await endless.say(b"GET /health/live HTTP/1.1\r\nX-Endless: " + b"x" * 9000)
        unfinished = await endless.hear()
        fits = await connect.ask(get(b"/health/live", b"X-Long: " + b"x" * 3000))
        assert await endless.ended()
    assert [one.status for one in (long, many, address, unfinished, fits)] == [431, 431, 431, 431, 200]
    assert {one.kind for one in (long, many, address, unfinished)} == {"head-too-large"}
    assert (long.title, many.title) == ("The head of the request is too large.", "Anropets huvud är för stort.")
    assert counted("connection", "head_size") - before == 4


async def test_what_is_no_request_is_a_problem_too():
    async with server() as connect:
        answer = await connect.ask(b"\x16\x03\x01 this is TLS\r\n\r\n")
    assert (answer.status, answer.kind) == (400, "bad-request")


async def test_a_head_that_trickles_is_ended_and_a_silent_connection_is_closed():
    before = counted("connection", "head_time")
    async with server(head_seconds=0.3) as connect:
        slow, silent, between = await connect(), await connect(), await connect()
        await slow.say(b"GET /health/live HTTP/1.1\r\nX-Slow: ")
        await between.say(get(b"/health/live"))
        assert (await between.hear()).status == 200
        await between.say(b"\r\n")  # holds no request, yet ends the wait for the next one
        answer = await slow.hear()
        assert await slow.ended()
        assert await silent.ended()
        assert await between.ended()
    assert (answer.status, answer.kind) == (408, "too-slow")
    assert counted("connection", "head_time") - before == 2


async def test_a_body_that_trickles_is_ended():
    before = counted("webhooks", "body_time")
    async with server(body_seconds=0.3) as connect:
        line = await connect()
        await line.say(b"POST /webhooks/hook HTTP/1.1\r\n" + HOST + b"Content-Length: 900\r\n\r\nxx")
        answer = await line.hear()
    assert (answer.status, answer.kind) == (408, "too-slow")
    assert counted("webhooks", "body_time") - before == 1


async def test_a_body_has_a_limit_said_or_not():
    before = counted("webhooks", "body_size")
    async with server() as connect:
        said = await connect()
        await said.say(b"POST /webhooks/hook HTTP/1.1\r\n" + HOST + b"Content-Length: 1001\r\n\r\n")
        refused_before_it_came = await said.hear()
        chunked = await connect()
        await chunked.say(b"POST /webhooks/hook HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        await chunked.say(b"200\r\n" + b"x" * 512 + b"\r\n")
        await chunked.say(b"200\r\n" + b"x" * 512 + b"\r\n")
        cut = await chunked.hear()
        fits = await connect.ask(post(b"/webhooks/hook", b"x" * 1000))
    assert [one.status for one in (refused_before_it_came, cut, fits)] == [413, 413, 200]
    assert refused_before_it_came.kind == cut.kind == "too-large"
    assert counted("webhooks", "body_size") - before == 2


async def test_bodies_have_a_limit_all_together(monkeypatch):
    monkeypatch.setattr("shared.web.limits.SMALL", 400)
    async with server(bodies_bytes=1) as connect:  # no less than one body of the largest size
        waiting = await connect()
        await waiting.say(b"POST /webhooks/hook HTTP/1.1\r\n" + HOST + b"Content-Length: 900\r\n\r\n" + b"x" * 800)

        async def no_room() -> bool:
            return (await connect.ask(post(b"/webhooks/hook", b"x" * 700))).status == 503

        await eventually(no_room)
        assert (await connect.ask(post(b"/webhooks/hook", b"x" * 400))).status == 200  # what is small has room
        await waiting.say(b"x" * 100)
        assert (await waiting.hear()).body == b"900"

        async def room() -> bool:
            return (await connect.ask(post(b"/webhooks/hook", b"x" * 700))).status == 200

        await eventually(room)


async def test_what_nobody_reads_is_thrown_away_for_a_while_and_the_connection_lives_on_if_it_ends(monkeypatch):
    async with server() as connect:
        honest = await connect()
        await honest.say(b"POST /webhooks/deaf HTTP/1.1\r\n" + HOST + b"Content-Length: 900\r\n\r\nxx")
        assert (await honest.hear()).status == 204
        await honest.say(b"x" * 898 + get(b"/health/live"))
        assert (await honest.hear()).status == 200
        monkeypatch.setattr("shared.web.protocol.LINGER_SECONDS", 0.1)
        endless = await connect()
        await endless.say(b"POST /webhooks/deaf HTTP/1.1\r\n" + HOST + b"Content-Length: 900\r\n\r\nxx")
        assert (await endless.hear()).status == 204
        assert await endless.ended()


async def test_a_request_has_a_time_until_its_answer_begins():
    before = counted("api", "request_time")
    async with server(request_seconds=0.2) as connect:
        answer = await connect.ask(get(b"/api/never"))
    assert (answer.status, answer.kind, answer.headers["retry-after"]) == (503, "unavailable", "2")
    assert counted("api", "request_time") - before == 1


async def test_connections_have_a_limit_and_health_answers_above_it():
    before = counted("pages", "connections")
    async with server(connections=2) as connect:
        first, second, third = await connect(), await connect(), await connect()
        for line in (first, second):
            await line.say(get(b"/docs"))
            assert (await line.hear()).status == 200
        await third.say(get(b"/health/live"))
        assert (await third.hear()).status == 200
        await third.say(get(b"/docs", b"Accept-Language: en"))
        refused = await third.hear()
        second.writer.close()
        await second.writer.wait_closed()

        async def room() -> bool:
            await third.say(get(b"/docs"))  # a connection that is kept is no longer one too many
            return (await third.hear()).status == 200

        await eventually(room)
    assert (refused.status, refused.kind, refused.headers["retry-after"]) == (503, "unavailable", "5")
    assert refused.title.startswith("The service is very busy")
    assert counted("pages", "connections") - before >= 1


async def test_far_too_many_connections_are_closed_without_a_word(monkeypatch):
    monkeypatch.setattr("shared.web.protocol.SPARE", 0)
    async with server(connections=1) as connect:
        first = await connect()
        await first.say(get(b"/health/live"))
        assert (await first.hear()).status == 200
        assert await (await connect()).ended()


@pytest.mark.parametrize(("path", "door"), [(b"/webhooks/hook", "webhooks"), (b"/api/x", "api"), (b"/x", "pages")])
async def test_an_address_has_a_rate_for_each_class_of_doors(path, door):
    before = counted(door, "rate")
    async with server(rate_webhooks=0.5, rate_api=0.5, rate_pages=0.5) as connect:
        first = await connect.ask(post(path, b"x"))
        second = await connect.ask(post(path, b"x", b"Accept-Language: en"))
        ours = await connect.ask(post(path, b"x", b"Authorization: Bearer robot-token"))
        guessed = await connect.ask(post(path, b"x", b"Authorization: Bearer nope"))
        health = [await connect.ask(get(b"/health/live")) for _ in range(3)]
        metrics = await connect.ask(get(b"/metrics"))
    assert first.status != 429
    assert (second.status, second.kind, second.headers["retry-after"]) == (429, "too-many", "2")
    assert second.title.startswith("Too many requests")
    assert (ours.status, guessed.status) == (first.status, 429)
    assert {one.status for one in (*health, metrics)} == {200}
    assert counted(door, "rate") - before == 2


async def test_loopback_is_believed_only_where_the_setting_says_so():
    """Neither the address nor `https`: the server's own trust in loopback is off."""
    noted = (b"X-Forwarded-Proto: https", b"X-Forwarded-For: 192.0.2.7")
    async with server(rate_webhooks=0.5) as connect:
        assert (await connect.ask(post(b"/webhooks/hook", b"x", *noted))).status == 200
        again = await connect.ask(post(b"/webhooks/hook", b"x", b"X-Forwarded-For: 192.0.2.8"))
        plain = await connect.ask(get(b"/health/live", *noted))
    assert again.status == 429
    assert "strict-transport-security" not in plain.headers
    async with server(trusted_proxies=["127.0.0.1/32"]) as connect:
        secure = await connect.ask(get(b"/health/live", *noted))
        odd = await connect.ask(get(b"/health/live", b"X-Forwarded-Proto: gopher"))
    assert "strict-transport-security" in secure.headers
    assert "strict-transport-security" not in odd.headers


async def test_behind_a_trusted_proxy_each_caller_has_her_own_rate():
    async with server(rate_webhooks=0.5, trusted_proxies=["127.0.0.1/32"]) as connect:

        async def status(forwarded: bytes) -> int:
            return (await connect.ask(post(b"/webhooks/hook", b"x", b"X-Forwarded-For: " + forwarded))).status

        assert await status(b"192.0.2.1") == 200
        assert await status(b"192.0.2.9, 192.0.2.1") == 429
        assert await status(b"192.0.2.2") == 200
