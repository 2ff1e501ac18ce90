"""The pages of casework, running, and Maria logged in to them."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.desk import DeskHouse, desk_house
from tests.support.web import MARIA, client_of


@pytest.fixture
async def house(settings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found, found.app.router.lifespan_context(found.app):
        yield found


@pytest.fixture
async def client(house: DeskHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(house.app, accept="text/html") as made:
        await made.post("/login", data={"person": MARIA.id, "next": "/"})
        yield made
