"""A room of casework with the seed in it: a copy of one database that is filled once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.casework.main import create_app
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from tests.support.casework import Room, make_room
from tests.support.databases import copy, filled
from tests.support.parts import Parts
from tests.support.web import client_of


async def _fill(settings: ServiceSettings) -> None:
    room = make_room(settings)
    await room.seed()
    await room.close()


@pytest.fixture(scope="session")
def seeded(parts: Parts) -> Iterator[str]:
    """The database that is copied; nobody may be connected to it."""
    url = parts.new_database()
    asyncio.run(_fill(ServiceSettings(postgres=url)))
    yield url
    parts.drop_database(url)


@pytest.fixture
async def room(parts: Parts, seeded: str, tmp_path: Path) -> AsyncIterator[Room]:
    url = filled(parts.postgres, seeded.rsplit("/", 1)[1])
    made = make_room(ServiceSettings(postgres=url, originals=f"file://{tmp_path}"), migrated=True)
    yield made
    await made.close()
    parts.drop_database(url)


@pytest.fixture
async def empty_room(database_url: str) -> AsyncIterator[Room]:
    made = make_room(ServiceSettings(postgres=database_url))
    yield made
    await made.close()


@pytest.fixture
async def door_room(settings: ServiceSettings, seeded: str) -> AsyncIterator[Room]:
    """The same in an installation of one's own, with its topics: for the doors of the whole app."""
    copy(settings.postgres, seeded.rsplit("/", 1)[1])
    made = make_room(settings, migrated=True)
    yield made
    await made.close()


@pytest.fixture
async def app(door_room: Room) -> AsyncIterator[FastAPI]:
    await ensure_topics(door_room.settings)
    made = create_app(door_room.settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, accept="application/json") as made:
        yield made
