"""The doors of checklists over the whole app: from a draft to a live version, refused if stale, exported as YAML."""

import httpx
import pytest
from fastapi import FastAPI

from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import MARIA, NO_CHECKLIST
from tests.support.web import known_as

pytestmark = pytest.mark.integration

KARIN = Person("owner-karin-strom", "Karin Ström", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
ULF = Person("owner-ulf-back", "Ulf Bäck", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
EVA = Person("editor-eva-ros", "Eva Ros", frozenset({Role.EDITOR}), frozenset({"*"}))
DOOR = "/api/v1/checklists"
COLD = f"{DOOR}/bostad-kallt"


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[1]


async def fill(client: httpx.AsyncClient) -> None:
    """Give every local fact of the unit a value, by its door."""
    facts = (await client.get("/api/v1/units/bostadsbolag/params")).json()["items"]
    assert facts[0]["missing"]
    for one in facts:
        door = f"/api/v1/units/bostadsbolag/params/{one['name']}"
        assert (await client.put(door, json={"value": "7", "was": ""})).json() == {"changed": True}
    journummer = "/api/v1/units/bostadsbolag/params/journummer"
    assert refused(await client.put(journummer, json={"value": "8", "was": ""})) == (409, "fact-moved")
    bad = await client.put(journummer, json={"value": "ring", "measure": "telefon"})
    assert refused(bad) == (422, "bad-fact")
    assert "070-174 06 05" in bad.json()["title"]


async def test_a_checklist_goes_through_its_doors(app: FastAPI, client: httpx.AsyncClient):
    await known_as(app, client, KARIN)
    await fill(client)
    key = {"Idempotency-Key": "draft-1"}
    made = await client.post(f"{COLD}/drafts", json={}, headers=key)
    again = await client.post(f"{COLD}/drafts", json={}, headers=key)
    assert (made.status_code, made.json()) == (201, again.json())
    draft = made.json()
    assert (draft["version"], draft["state"], draft["revision"]) == (2, "draft", 1)
    assert draft["can"] == ["hurry", "submit", "withdraw", "write"]
    assert refused(await client.post(f"{COLD}/drafts", json={})) == (409, "in-work")
    content = draft["checklist"]
    content["steps"][0]["text"] = "Är alla iskalla?"
    broken = {**content, "steps": [{**content["steps"][0], "options": [], "goto": "ingenstans"}, *content["steps"][1:]]}
    place = f"{COLD}/versions/2"
    assert (await client.put(place, json={"revision": 1, "checklist": broken})).json()["revision"] == 2
    assert refused(await client.put(place, json={"revision": 1, "checklist": content})) == (409, "stale-version")
    shown = (await client.get(f"{place}/state")).json()
    assert "/steps/0/goto" in [one["pointer"] for one in shown["problems"]]
    unready = await client.post(f"{place}/submit", json={"revision": 2})
    assert refused(unready) == (422, "checklist-unready")
    for language, words in (("sv", "leder till ingenstans, som inte"), ("en", "leads to ingenstans, which is not")):
        spoken = {"accept-language": language}
        assert words in (await client.post(f"{place}/submit", json={"revision": 2}, headers=spoken)).text
        assert words in (await client.get(f"{place}/state", headers=spoken)).text
    assert (await client.put(place, json={"revision": 2, "checklist": content})).json()["revision"] == 3
    assert (await client.get(f"{place}/state")).json()["problems"] == []
    assert (await client.post(f"{place}/submit", json={"revision": 3})).json()["state"] == "in_review"
    assert refused(await client.post(f"{place}/approve", json={"revision": 4})) == (403, "own-work")
    assert refused(await client.post(f"{place}/publish", json={"revision": 4})) == (403, "forbidden")

    await known_as(app, client, ULF)
    assert refused(await client.post(f"{place}/reject", json={"revision": 4, "reason": " "})) == (422, "needs-reason")
    assert (await client.post(f"{place}/approve", json={"revision": 4})).json()["state"] == "approved"
    await known_as(app, client, EVA)
    listed = (await client.get(f"{DOOR}/states", params={"state": ["approved", "in_review"]})).json()["items"]
    assert [(one["id"], one["version"], one["can"]) for one in listed] == [
        ("bostad-kallt", 2, ["publish", "schedule", "withdraw"])
    ]
    live = (await client.post(f"{place}/publish", json={"revision": 5})).json()
    assert (live["state"], live["current"]) == ("published", True)
    assert (await client.get(f"{COLD}/versions/1/newer")).json()["version"] == 2
    assert (await client.get(f"{COLD}/versions/2/newer")).json() is None
    acted = (await client.get(f"{COLD}/history")).json()["items"]
    assert [one["what"] for one in acted if one["version"] == 2][-1] == "publish"
    written = await client.get(f"{place}/export")
    assert (written.headers["content-type"], "iskalla" in written.text) == ("application/yaml", True)
    assert (await client.get(f"{DOOR}/export")).text.count("\n- id: ") > 1
    assert isinstance((await client.get(f"{DOOR}/due")).json()["items"], list)


async def test_what_is_new_or_urgent_comes_by_its_doors_and_agents_see_only_what_is_live(
    app: FastAPI, client: httpx.AsyncClient
):
    await known_as(app, client, KARIN)
    base = (await client.get(f"{COLD}/versions/1/state")).json()["checklist"]
    fresh = {**base, "id": "bostad-uppsagning", "case_type": NO_CHECKLIST, "params": {}}
    fresh["steps"] = [{"id": "s1", "type": "inform", "text": "Så säger du upp.", "goto": "klart"}]
    fresh["ends"] = [{"id": "klart", "kind": "close", "resolution": "lost_av_kc"}]
    for wrong, pointer in (({"id": "Stor bokstav"}, "/id"), ({"owner_unit": "Ingen"}, "/owner_unit")):
        answer = await client.post(DOOR, json={"checklist": {**fresh, **wrong}})
        assert refused(answer) == (422, "checklist-unusable")
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    ends = [{"id": "klart", "kind": "close", "resolution": "hittepå"}]
    assert (await client.post(DOOR, json={"checklist": {**fresh, "ends": ends}})).status_code == 422
    key = {"Idempotency-Key": "new-1"}
    made = await client.post(DOOR, json={"checklist": fresh}, headers=key)
    assert made.status_code == 201
    assert (await client.post(DOOR, json={"checklist": fresh}, headers=key)).json() == made.json()
    place = f"{DOOR}/bostad-uppsagning/versions/1"
    far = {"revision": 1, "reason": "Behövs nu.", "until": "2099-01-01T00:00:00Z"}
    assert refused(await client.post(f"{place}/urgent", json=far)) == (422, "bad-end")
    live = (await client.post(f"{place}/urgent", json={"revision": 1, "reason": "Behövs nu."})).json()
    assert (live["state"], live["urgent_reason"], live["can"]) == ("urgent", "Behövs nu.", ["reject"])
    await known_as(app, client, MARIA)
    assert "bostad-uppsagning" in {one["id"] for one in (await client.get(DOOR)).json()["items"]}
    assert refused(await client.get(f"{DOOR}/states")) == (403, "forbidden")
    assert refused(await client.post(f"{COLD}/drafts", json={})) == (403, "forbidden")
