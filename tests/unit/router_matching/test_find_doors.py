"""`/api/v1/match` and `/api/v1/search`, from the request to the answer."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.router.domain.matching.matcher import CaseType, Matcher
from services.router.domain.matching.search import Document, build
from services.router.domain.matching.training import Example, fit
from services.router.usecases.find import MatchText, SearchTexts
from services.router.usecases.teach import Knowledge, Taught
from services.router.web import find
from shared.catalogue import Catalogue
from shared.events import ChecklistRef
from shared.health import Health
from shared.settings import ServiceSettings
from shared.web.app import build_app
from tests.support.web import client_of

COLD = CaseType("ct-cold", "bostad", "Felanmälan", "Det är kallt inne", 2.0, ("elementen är kalla", "vi fryser"))
ROAD = CaseType("ct-road", "gata", "Vägar", "Det är hål i vägen", 1.0, ("hål i asfalten", "stor grop"))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    settings = ServiceSettings()
    model = fit([Example(text, each.id) for each in (COLD, ROAD) for text in each.texts])
    index = build(Document(each.id, each.question) for each in (COLD, ROAD))
    known = Knowledge(
        Matcher((COLD, ROAD), model), index, {each.id: each for each in (COLD, ROAD)},
        {COLD.id: ChecklistRef(id="kallt", version=2)},
    )  # fmt: skip
    taught = Taught(known)
    app = build_app(
        settings, service="router", title="Test", lifespan=None, routers=(find.router,), health=Health()
    )  # fmt: skip
    app.state.match_text, app.state.search_texts = MatchText(Catalogue(settings), taught), SearchTexts(taught)
    bearer = f"Bearer {settings.machine_token.get_secret_value()}"
    async with client_of(app, authorization=bearer) as made:
        yield made


async def test_match_answers_with_candidates_and_the_words_that_speak_for_them(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/match", json={"text": "Alla element är kalla", "channel": "phone"})
    assert answer.status_code == 200
    said = answer.json()
    assert {key: said["candidates"][0][key] for key in ("case_type", "unit", "area", "question")} == {
        "case_type": "ct-cold", "unit": "bostad", "area": "Felanmälan", "question": "Det är kallt inne",
    }  # fmt: skip
    assert said["confidence"] == said["candidates"][0]["confidence"] > 0.5
    assert [each["word"] for each in said["explanation"]][:2] == ["element", "kalla"]


async def test_search_answers_from_the_first_letters(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/search", json={"text": "kal"})
    assert answer.json() == {
        "items": [
            {
                "case_type": "ct-cold",
                "unit": "bostad",
                "area": "Felanmälan",
                "question": "Det är kallt inne",
                "checklist": {"id": "kallt", "version": 2},
                "score": answer.json()["items"][0]["score"],
            }
        ],
        "next": None,
    }
    assert (await client.post("/api/v1/search", json={"text": "kal", "unit": "gata"})).json()["items"] == []


@pytest.mark.parametrize("path", ["/api/v1/match", "/api/v1/search"])
async def test_strangers_are_refused(client: httpx.AsyncClient, path: str):
    answer = await client.post(path, json={"text": "kallt"}, headers={"authorization": "Bearer wrong"})
    assert answer.status_code == 401


async def test_bad_input_is_named(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/match", json={"text": "x" * 100_001, "channel": "fax"})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/text", "/channel"}
