"""A small app on the web base, a client inside the process, and a real server for what only a server shows."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
from fastapi import FastAPI

from shared.settings import ServiceSettings
from shared.vocabulary import Role
from shared.web.access import Person
from shared.web.csrf import HEADER, token_for
from shared.web.serve import Server, config_of
from shared.web.session import COOKIE

MARIA = Person(
    "agent-maria-lind", "Maria Lind", frozenset({Role.AGENT}), frozenset({"*"}), email="maria.lind@kommun.example"
)
PER = Person("officer-per-dahl", "Per Dahl", frozenset({Role.OFFICER}), frozenset({"bostadsbolag"}))


def client_of(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    """A client that talks to the app without a network; `base_url` counts as loopback."""
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)


async def log_in(app: FastAPI, client: httpx.AsyncClient, person: Person) -> str:
    """Give the client a session of the person and return its form token."""
    token = await app.state.sessions.start(person)
    client.cookies.set(COOKIE, token)
    session = await app.state.sessions.find(token)
    return token_for(app.state.settings.key_for("csrf"), session.key)


async def known_as(app: FastAPI, client: httpx.AsyncClient, person: Person) -> None:
    """Let the client be logged in as a person, with her form token."""
    client.headers[HEADER] = await log_in(app, client, person)


async def post(client: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """Post a form as its page would: with the token that stands there."""
    page = await client.get("/logout")
    found = re.search(r'name="_csrf" value="(\w+)"', page.text)
    assert found
    return await client.post(path, data={"_csrf": found[1], **form})


@contextmanager
def free_port() -> Iterator[int]:
    """A port that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


@asynccontextmanager
async def served(app: FastAPI, settings: ServiceSettings, port: int | None = None) -> AsyncIterator[tuple[str, Server]]:
    """Serve the app on loopback by the server that the product uses, until the block ends."""
    with free_port() as free:
        port = port or free
    server = Server(config_of(app, settings, port=port), app)
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not running.done(), "The server did not start"
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.should_exit = True
        await running
