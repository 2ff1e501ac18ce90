"""A changed rule table is tried on what has really been on Kafka, and nothing is changed by that."""

from collections.abc import AsyncIterator

import pytest

from shared.vocabulary import Channel
from tests.support.floor_day import FloorHouse, floor_house

pytestmark = pytest.mark.integration


@pytest.fixture
async def house(settings) -> AsyncIterator[FloorHouse]:
    async with floor_house(settings) as found:
        yield found


async def test_a_table_is_tried_on_the_past_through_the_door(house: FloorHouse):
    await house.be("agent-jonas")
    for number in range(4):
        await house.arrive(f"mail-{number}", "bostadsbolag", Channel.EMAIL)
    for number in range(3):
        await house.arrive(f"call-{number}", "kontaktcenter")
    for _ in range(2):
        contact = await house.taken("agent-jonas")
        epoch = (await house.http.get(f"/api/v1/contacts/{contact}")).json()["epoch"]
        await house.http.post(f"/api/v1/contacts/{contact}/complete", json={"epoch": epoch})
    table = (await house.http.get("/api/v1/rules")).json()
    rules = table["rules"]
    same = await house.http.post("/api/v1/rules/rehearse", json={"rules": rules, "weeks": 1}, timeout=60)
    assert same.status_code == 200, same.text
    assert (same.json()["contacts"], same.json()["changed"]) == (7, 0)
    place = next(n for n, rule in enumerate(rules) if rule.get("name") == "queue-of-the-unit")
    mine = {"name": "mail-of-the-company", "when": {"unit": ["bostadsbolag"], "channel": ["email"]}}
    mine |= {"then": {"queue": "kontaktcenter"}, "yields_to": ["not-ours-is-connected-on", "old-mail-lies-apart"]}
    below = rules[place] | {"yields_to": ["mail-of-the-company", *rules[place].get("yields_to", ())]}
    changed = [*rules[:place], mine, below, *rules[place + 1 :]]
    tried = await house.http.post("/api/v1/rules/rehearse", json={"rules": changed, "weeks": 1}, timeout=60)
    assert tried.status_code == 200, tried.text
    found = tried.json()
    assert (found["contacts"], found["moved"]) == (7, 4)
    (move,) = [each for each in found["changes"] if each["what"] == "queue"]
    assert (move["before"], move["after"], move["contacts"]) == ("bostadsbolag", "kontaktcenter", 4)
    assert set(move["examples"]) == {f"mail-{number}" for number in range(4)}
    assert {row["queue"] for row in found["waiting"]} >= {"kontaktcenter"}
    assert (await house.http.get("/api/v1/rules")).json()["version"] == table["version"], "nothing is published"


async def test_a_table_with_faults_is_refused_with_all_of_them(house: FloorHouse):
    rows = [{"name": "a", "when": {"planet": ["mars"]}, "then": {}}, {"otherwise": {"queue": "{unit}"}}]
    body = {"rules": rows, "weeks": 1}
    answer = await house.http.post("/api/v1/rules/rehearse", json=body, timeout=60)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) >= 2
