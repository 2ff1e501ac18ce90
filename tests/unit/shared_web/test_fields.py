"""The fields of a posted form, beside the framework's own reader."""

from typing import Any

from fastapi import APIRouter, Request
from hypothesis import given
from hypothesis import strategies as some

from shared.health import Health
from shared.settings import ServiceSettings
from shared.web.access import open_to_all
from shared.web.app import build_app
from shared.web.fields import MOST, fields_of
from tests.support.web import client_of

PLAIN = [(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")]


def request(body: bytes, headers: list[tuple[bytes, bytes]] = PLAIN) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": headers, "path": "/", "query_string": b""}, receive)


@given(some.one_of(some.binary(max_size=200), some.text("ab=&+%é;0", max_size=60).map(str.encode)))
async def test_it_reads_what_the_framework_reads(body: bytes) -> None:
    theirs = await request(body).form()
    assert await fields_of(request(body)) == dict(theirs)


async def test_multipart_is_read_too_and_absurdly_many_fields_are_refused() -> None:
    doors = APIRouter()

    @doors.post("/read", dependencies=[open_to_all("a test")])
    async def read(request: Request) -> dict[str, str]:
        return dict(await fields_of(request))

    settings = ServiceSettings(redis="redis://127.0.0.1:1/0")
    app = build_app(settings, service="intake", title="x", lifespan=None, routers=[doors], health=Health())
    async with client_of(app) as client:
        several = await client.post("/read", data={"å": "ö"}, files={"f": b"file"})
        many = await client.post("/read", content=b"a=1&" * (MOST + 1), headers=dict([PLAIN[0]]))
    assert several.json() == {"å": "ö"}
    assert (many.status_code, many.json()["title"]) == (400, "Det går inte att läsa det du skickade.")
