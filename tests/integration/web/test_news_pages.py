"""The pages of news and of the fallback, with a router that does not answer; the paper needs nothing else."""

from collections.abc import AsyncIterator

import pytest

from services.casework.router_client import RouterDownError
from services.casework.web.seat import Times
from tests.support.desk import DeskHouse, desk_house
from tests.support.wait import eventually
from tests.support.web import MARIA, client_of

pytestmark = pytest.mark.integration


@pytest.fixture
async def house(settings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings, Times(queues=0.05)) as found:

        async def away() -> list[dict[str, object]]:
            raise RouterDownError

        found.router.queues = away  # type: ignore[method-assign] # the router is away
        async with found.app.router.lifespan_context(found.app):
            yield found


async def test_the_desk_leads_to_what_can_be_read_without_the_router(house: DeskHouse):
    async with client_of(house.app, accept="text/html") as client:
        await client.post("/login", data={"person": MARIA.id, "next": "/"})

        async def said() -> bool:
            return 'href="/fallback"' in (await client.get("/desk")).text

        await eventually(said)
        page = await client.get("/fallback", params={"q": "kallt inne"})
        assert "Fördelningen svarar inte" in page.text
        assert page.text.count("<details") == 2  # hers above, and the one that was found
        paper = await client.get("/fallback.html")
        assert paper.headers["content-disposition"] == 'attachment; filename="reservlage.html"'
        assert "/static" not in paper.text
        assert "Det är kallt inne" in paper.text
        assert "Inget nytt" in (await client.get("/desk/news")).text
        english = await client.get("/desk/news", headers={"accept-language": "en"})
        assert "Nothing new" in english.text
