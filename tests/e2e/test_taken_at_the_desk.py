"""*Ta emot nu* on the whole stack: registered and taken in one press, with the checklist on her desk, and once."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.demo.agents import AgentClient
from deploy.demo.stack_info import StackInfo
from deploy.local.stack import Stack
from tests.bench.callup import CallUp
from tests.bench.common import Stack as BenchStack
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
MATTER = "Det är kallt i lägenheten, bara 15 grader och elementen är kalla."


@pytest.fixture
async def browser(info: StackInfo) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=40, headers={"accept": "text/html"}) as made:
        await made.post(f"{info.casework}/login", data={"person": info.agents[0], "next": "/"})
        yield made


async def test_registered_and_taken_in_one_press(
    info: StackInfo, maria: AgentClient, browser: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    page = (await browser.get(f"{info.intake}/reception")).text
    once, csrf, desk = (
        re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("once", "_csrf", "entrance")
    )
    form = {"entrance": desk, "matter": MATTER, "once": once, "_csrf": csrf, "now": "true"}
    for _ in range(2):
        sent = await browser.post(f"{info.intake}/reception/visits", data=form)
        assert sent.headers["location"] == f"{info.casework}/desk"

    async def shown() -> str:
        work = (await browser.get(f"{info.casework}/desk")).text
        return work if "kallt i lägenheten" in work or "kallt inne" in work else ""

    work = await eventually(shown, timeout=30)
    assert "Besök" in work
    number = re.findall(r"KC-\d{4}-\d{6}", work)[0]
    found = (await http.get(f"{info.casework}/api/v1/cases/{number}", headers=info.machine)).json()
    assert found["checklist"] is not None
    contact_id = found["contacts"][0]["id"]
    state = (await http.get(f"{info.router}/api/v1/contacts/{contact_id}", headers=info.machine)).json()
    assert (state["state"], state["owner"]) == ("assigned", info.agents[0])
    cases = (
        await http.get(f"{info.casework}/api/v1/cases", params={"contact_id": contact_id}, headers=info.machine)
    ).json()
    assert len(cases["items"]) == 1
    await maria.close(number, {"resolution": "felringd"})


async def test_the_bench_of_call_ups_measures_what_is_called(info: StackInfo, stack: Stack) -> None:
    assert info.agents
    result = await CallUp(BenchStack(Path("stack.json"), stack.info)).run(2)
    assert (result["called"], result["missing"]) == (2, 0)
    assert 0 < result["accept_to_screen_ms"]["p50"] <= result["accept_to_screen_ms"]["max"]
