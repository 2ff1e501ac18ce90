"""Quick registration by plain forms: once per request, refused with what was typed, opened instead of closed."""

import asyncio

import pytest

from shared.ids import case_type_id
from tests.integration.web.test_desk_obligatory import obliges
from tests.support.web import MARIA, client_of, post

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

COLD = case_type_id("Bostadsbolag | Felanmälan | Det är kallt inne, räknas det som ett fel?")


async def test_a_quick_registration_is_made_once_and_an_obligatory_step_asks_to_open_it(house):
    casework = house.casework
    form = {"words": "Vill till anknytning 123", "case_type": COLD, "resolution": "kopplad", "channel": "visit"}
    async with client_of(house.app, accept="text/html") as client:
        await client.post("/login", data={"person": MARIA.id, "next": "/"})
        assert 'href="/desk/quick"' in (await client.get("/desk")).text
        assert "Det är kallt inne" in (await client.get("/desk/quick?words=kallt inne")).text
        presses = (post(client, "/desk/quick", **form, request_id="a", cause="inget_svar") for _ in range(8))
        for made in await asyncio.gather(*presses):
            assert (made.status_code, made.headers["location"]) == (303, "/desk")
        [row] = (await casework.list_cases.run(MARIA)).items
        case = await casework.read_case.run(row.number, MARIA)
        assert (case.resolution, case.cause, case.channel) == ("kopplad", "inget_svar", "visit")

        untyped = await post(client, "/desk/quick", words="Bara ord", channel="phone", request_id="b")
        assert (untyped.status_code, "Bara ord" in untyped.text) == (422, True)
        await obliges(house, "0")
        blocked = await post(client, "/desk/quick", **form, request_id="c")
        assert (blocked.status_code, "anknytning 123" in blocked.text) == (409, True)
        assert len((await casework.list_cases.run(MARIA)).items) == 1
        opened = await post(client, "/desk/quick", **form, request_id="c", open="1")
        assert opened.status_code == 303
        assert "case=KC-" in opened.headers["location"]
        desk = await casework.read_desk.run(MARIA.id)
        assert [one.number for one in desk.cases] == [opened.headers["location"].split("=")[1]]
