"""The editor's pages without a browser: what is refused and keeps its words, and who may touch what."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from services.casework.domain.lifecycle import Phase, Version
from services.casework.web.checklist_form import form_of
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.desk import DeskHouse, desk_house
from tests.support.web import MARIA, client_of, known_as

pytestmark = pytest.mark.integration

KARIN = Person("owner-karin-strom", "Karin Ström", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
BO = Person("owner-bo-vik", "Bo Vik", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
LENA = Person("officer-lena-hall", "Lena Håll", frozenset({Role.OWNER}), frozenset({"bygg-och-plan"}))
EVA = Person("editor-eva-lund", "Eva Lund", frozenset({Role.EDITOR}), frozenset({"*"}))
COLD = "/editor/checklists/bostad-kallt"


@pytest.fixture
async def house(settings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found:
        yield found


@pytest.fixture
async def client(house: DeskHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.app.router.lifespan_context(house.app), client_of(house.app) as made:
        yield made


async def draft_of(house: DeskHouse) -> Version:
    (found,) = await house.casework.checklists.list.run(KARIN, [Phase.DRAFT], "bostad-kallt")
    return found


def text_of(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_a_refused_form_comes_back_as_it_was_typed_and_nothing_of_it_is_saved(house, client):
    await known_as(house.app, client, KARIN)
    begun = await client.post(f"{COLD}/begin", data={"request_id": "one"})
    again = await client.post(f"{COLD}/begin", data={"request_id": "one"})
    assert begun.status_code == again.status_code == 303
    assert begun.headers["location"] == again.headers["location"] == f"{COLD}?version=2"
    assert (await client.post(f"{COLD}/begin", data={"request_id": "two"})).status_code == 409
    before = await draft_of(house)
    form = form_of(before.checklist) | {"revision": str(before.revision)}
    bad = form | {
        "review_months": "snart",
        "steps-0-text": "å" * 2_001,
        "steps-1-text": "Ny <text>",
        "do": "step-add:1",
    }
    refused = await client.post(f"{COLD}/2", data=bad)
    assert refused.status_code == 422
    assert 'id="e-steps-0-text">Texten är för lång.' in refused.text
    assert 'id="e-review_months">Skriv ett antal månader, 1 till 60.' in refused.text
    assert 'name="review_months" type="text" value="snart"' in refused.text
    assert "Ny &lt;text&gt;</textarea>" in refused.text
    assert "å" * 2_001 in refused.text
    assert await draft_of(house) == before
    assert (await client.post(f"{COLD}/2", data=form | {"steps-1-text": "Hennes", "do": "save"})).status_code == 303
    late = await client.post(f"{COLD}/2", data=form | {"steps-1-text": "Min text", "do": "save"})
    assert late.status_code == 409
    assert "Min text</textarea>" in late.text
    assert "Någon annan har ändrat" in late.text
    kept = await draft_of(house)
    assert kept.checklist.steps[1].text == "Hennes"
    full = form | {"revision": str(kept.revision), "do": "step-add:0"}
    full |= {f"steps-{number}-text": "x" for number in range(900)}
    crowded = await client.post(f"{COLD}/2", data=full)
    assert (crowded.status_code, "Checklistan är full" in crowded.text) == (422, True)


async def test_what_is_typed_is_saved_and_what_follows_from_it_is_said(house, client):
    await known_as(house.app, client, KARIN)
    await client.post(f"{COLD}/begin", data={})
    before = await draft_of(house)
    form = form_of(before.checklist) | {"revision": str(before.revision)}
    half = form | {"steps-1-goto": "", "steps-1-text": "Ring {journummer}"}
    kept = await client.post(f"{COLD}/2/draft", data=half, headers={"HX-Request": "true"})
    after = await draft_of(house)
    assert (kept.status_code, after.checklist.steps[1].text) == (200, "Ring {journummer}")
    assert f'name="revision" id="revision" value="{after.revision}"' in kept.text
    assert "<html" not in kept.text
    assert "Steg 2 : Välj vart det leder." in text_of(kept)
    wrong = await client.post(f"{COLD}/2/draft", data=half | {"review_months": "x"}, headers={"HX-Request": "true"})
    assert "Inte sparat" in wrong.text
    await known_as(house.app, client, BO)
    stale = await client.post(f"{COLD}/2/draft", data=half | {"steps-1-text": "Bo"}, headers={"HX-Request": "true"})
    assert "Någon annan har ändrat" in stale.text
    assert await draft_of(house) == after
    submitted = await client.post(f"{COLD}/2/submit", data={})
    assert submitted.status_code == 422
    assert "Checklistan är inte klar." in submitted.text
    assert (await draft_of(house)).phase is Phase.DRAFT


async def test_another_units_author_and_an_agent_touch_nothing_and_no_one_approves_her_own(house, client):
    await known_as(house.app, client, KARIN)
    await client.post(f"{COLD}/begin", data={})
    form = form_of((await draft_of(house)).checklist) | {"do": "save", "steps-0-text": "Annat"}
    await known_as(house.app, client, LENA)
    assert "bostad-kallt" not in (await client.get("/editor")).text
    for path in (COLD, f"{COLD}/try", f"{COLD}/compare", f"{COLD}/history", f"{COLD}/2/submit", f"{COLD}?version=2"):
        assert (await client.get(path)).status_code == 404, path
    for path in ("begin", "2", "2/draft", "2/submit", "2/withdraw", "2/hurry", "1/copy"):
        assert (await client.post(f"{COLD}/{path}", data=form | {"reason": "x"})).status_code == 404, path
    await known_as(house.app, client, MARIA)
    for path in ("/editor", COLD, "/editor/new", "/editor/export"):
        assert (await client.get(path)).status_code == 403, path
    assert (await client.post(f"{COLD}/2", data=form)).status_code == 403
    await known_as(house.app, client, KARIN)
    assert (await draft_of(house)).checklist.steps[0].text != "Annat"
    assert (await client.post(f"{COLD}/2/submit", data={})).status_code == 303
    own = await client.get(f"{COLD}/2/approve")
    assert own.status_code == 303
    assert (await client.post(f"{COLD}/2/approve", data={})).status_code == 403
    assert (await client.post(f"{COLD}/2/publish", data={})).status_code == 403
    assert (await client.post(f"{COLD}/2/nonsense", data={})).status_code == 404
    await known_as(house.app, client, BO)
    unsaid = await client.post(f"{COLD}/2/reject", data={"reason": " "})
    assert (unsaid.status_code, 'id="e-reason">' in unsaid.text) == (422, True)
    assert (await client.post(f"{COLD}/2/reject", data={"reason": "Säg var felet anmäls."})).status_code == 303
    await known_as(house.app, client, KARIN)
    assert "Säg var felet anmäls." in (await client.get(COLD)).text
    await known_as(house.app, client, EVA)
    assert (await client.post(f"{COLD}/2/publish", data={})).status_code == 409
    assert "KC-" not in (await client.get("/editor?q=kallt&phase=draft")).text


async def test_a_new_checklist_is_begun_found_tried_and_fetched_as_a_file(house, client):
    await known_as(house.app, client, KARIN)
    page = await client.get("/editor/new")
    kind = re.search(r'<option value="([^"]+)">Uthyrning › Hur säger jag upp min lägenhet\?', page.text)
    assert kind is not None
    missing = await client.post("/editor/new", data={"case_type": kind[1], "owner_role": " "})
    assert (missing.status_code, 'id="e-owner_role">' in missing.text) == (422, True)
    assert f'value="{kind[1]}" selected' in missing.text
    made = await client.post("/editor/new", data={"case_type": kind[1], "owner_role": "Uthyrare", "request_id": "a"})
    path, _, _ = made.headers["location"].partition("?")
    begun = await client.get(made.headers["location"])
    assert "Checklistan har inga steg än." in begun.text
    assert (await client.get(f"{path}/try")).status_code == 200
    for deed, place in (("step-add:0", "#steps-0"), ("end-add:close", "#ends-0")):
        seen = re.search(r'id="revision" value="(\d+)"', (await client.get(path)).text)
        assert seen is not None
        (version,) = await house.casework.checklists.list.run(KARIN, [Phase.DRAFT], path.rsplit("/", 1)[1])
        data = form_of(version.checklist) | {"revision": seen[1], "do": deed}
        landed = await client.post(f"{path}/1", data=data)
        assert landed.headers["location"].endswith(place)
    found = await client.get("/editor", params={"q": "säger upp", "unit": "bostadsbolag", "phase": "draft"})
    assert found.text.count("Hur säger jag upp min lägenhet?") == 2
    assert "Inga checklistor här" in (await client.get("/editor", params={"q": "finns inte"})).text
    walk = await client.get(f"{COLD}/try", params={"way": "2.1.99.x"})
    assert (walk.status_code, "Förklara vilken temperatur" in walk.text) == (200, True)
    file = await client.get("/editor/export", params={"id": "bostad-kallt", "version": "1"})
    assert 'filename="bostad-kallt.yaml"' in file.headers["content-disposition"]
    assert b"id: bostad-kallt" in file.content
    changed = file.content.replace("Finns en känd värmestörning".encode(), "Finns en störning".encode())
    assert changed != file.content
    taken = await client.post("/editor/import", files={"file": ("a.yaml", changed)})
    assert taken.headers["location"] == "/editor?taken_in=1"
    assert "1 checklista är inläst som utkast." in (await client.get(taken.headers["location"])).text
    drafted = (await draft_of(house)).checklist.steps[0].text
    assert drafted.startswith("Finns en störning")
    wrong = await client.post("/editor/import", files={"file": ("a.yaml", changed.replace(b"goto: s2", b"goto: s99"))})
    assert (wrong.status_code, "som inte finns" in wrong.text) == (422, True)
    await known_as(house.app, client, LENA)
    hers = await client.post("/editor/import", files={"file": ("a.yaml", file.content)})
    assert hers.status_code == 422


async def test_how_residents_put_it_is_said_by_the_unit_alone(house, client):
    await known_as(house.app, client, KARIN)
    (version,) = await house.casework.checklists.list.run(KARIN, [Phase.PUBLISHED], "bostad-kallt")
    assert "Så kan det låta" not in (await client.get(COLD)).text
    said = {"examples": "Det är kallt\n\nElementet är kallt"}
    assert (await client.post(f"{COLD}/examples", data=said)).status_code == 303
    assert "Det är kallt\nElementet är kallt</textarea>" in (await client.get(COLD)).text
    refused = await client.post(f"{COLD}/examples", data={"examples": "x" * 501})
    assert (refused.status_code, "x" * 501 in refused.text) == (422, True)
    assert "En rad får ha högst 500 tecken." in refused.text
    await known_as(house.app, client, LENA)
    assert (await client.post(f"{COLD}/examples", data={"examples": "x"})).status_code == 404
    kinds = await house.casework.read_catalogue.case_types()
    kept = [one.examples for one in kinds if one.id == version.checklist.case_type]
    assert kept == [("Det är kallt", "Elementet är kallt")]
