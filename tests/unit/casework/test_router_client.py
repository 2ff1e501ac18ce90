"""The router's client against a small server: what it asks, and what it makes of the answers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from services.casework.router_client import RouterClient, RouterDownError
from shared.errors import ConflictError, DomainError, NotFoundError

Answer = Callable[[httpx.Request], httpx.Response]


@asynccontextmanager
async def router(answer: Answer) -> AsyncIterator[RouterClient]:
    client = RouterClient("http://router.example/", "secret")
    await client._http.aclose()
    client._http = httpx.AsyncClient(
        base_url="http://router.example", headers=client._http.headers, transport=httpx.MockTransport(answer)
    )
    yield client
    await client.close()


async def test_a_pull_waits_with_a_bearer_token_and_may_come_back_empty():
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204) if len(seen) == 1 else httpx.Response(200, json={"offer_id": "o1"})

    async with router(answer) as client:
        assert await client.pull("agent-1", 25) is None
        assert await client.pull("agent-1", 0.5, ["email"]) == {"offer_id": "o1"}
    assert [str(one.url) for one in seen] == [
        "http://router.example/api/v1/agents/agent-1/pull?wait=25",
        "http://router.example/api/v1/agents/agent-1/pull?wait=0.5",
    ]
    assert seen[0].headers["Authorization"] == "Bearer secret"
    assert seen[0].extensions["timeout"]["read"] == 30


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFoundError), (409, ConflictError), (422, DomainError), (500, RouterDownError), (503, RouterDownError)],
)
async def test_refusals_are_our_errors(status: int, error: type[Exception]):
    async with router(lambda _: httpx.Response(status, json={"title": "nej"})) as client:
        with pytest.raises(error):
            await client.accept("o1", 1)


async def test_silence_is_an_error_with_a_deadline():
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    async with router(answer) as client:
        with pytest.raises(RouterDownError):
            await client.queues()
