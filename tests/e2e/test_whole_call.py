"""A call from its first ring to its case, on the whole real stack, and every way in which it can go wrong.

The provider is our simulator of 46elks; all else is real. Hold sounds are played forty times as fast as in life.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from playwright.async_api import expect

from deploy.demo.agents import AgentClient, Json, Taken
from deploy.demo.stack_info import StackInfo
from deploy.local.paths import PROJECT
from deploy.local.plan import Plan
from deploy.local.stack import Stack
from shared.ids import natural_contact_id
from shared.topics import CONTACTS, ROUTING
from shared.web.session import COOKIE
from tests.bench.common import Stack as BenchStack
from tests.bench.doors import plain_app
from tests.bench.hangup import HangUps
from tests.e2e.test_kill import log_of
from tests.support.browser import needs_browser, page_at
from tests.support.elks_call import PATIENCE, ElksCall, Phone
from tests.support.elks_simulator import ElksSimulator
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

NUMBER = "+46846500410"
MESSAGE = "https://kommun.example/ko-afa.wav"
MARIAS = "+46701740605"
"""Maria's own phone, as in the seed."""


@pytest.fixture(scope="module")
def with_message(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The entrance has a queue message of its own."""
    seed = (PROJECT / "deploy" / "seed" / "entrances.yaml").read_text(encoding="utf-8")
    file: Path = tmp_path_factory.mktemp("entrances") / "entrances.yaml"
    told = f'value: "{NUMBER}", queue_message_url: "{MESSAGE}"'
    file.write_text(seed.replace(f'value: "{NUMBER}"', told), encoding="utf-8")
    import_entrances(stack, file)
    yield
    file.write_text(seed.replace(f'value: "{NUMBER}"', f'value: "{NUMBER}", queue_message_url: ""'), encoding="utf-8")
    import_entrances(stack, file)


def import_entrances(stack: Stack, file: Path) -> None:
    [casework] = [part for part in Plan.of(stack.root, stack.ports).services() if part.name == "casework"]
    words = [sys.executable, "-m", "services.casework", "import-entrances", str(file)]
    subprocess.run(words, cwd=PROJECT, env=os.environ | casework.environment, check=True, timeout=60)


@pytest.fixture
async def elks(with_message, info: StackInfo, http: httpx.AsyncClient, maria: AgentClient):
    async with provider_of(info, http, maria) as provider:
        yield provider


@asynccontextmanager
async def provider_of(
    info: StackInfo, http: httpx.AsyncClient, maria: AgentClient, port: int = 0
) -> AsyncIterator[ElksSimulator]:
    """46elks, whose callers have all gone and whose cases are closed after the test; its API is at a port."""
    door = f"{info.intake}/webhooks/46elks/voice"
    async with ElksSimulator(voice_start=door, speed=40.0, pause=0.2, port=port) as provider:
        await knows_the_message(provider)
        yield provider
        for call in provider.live:
            call.hang_up()
        for call in provider.live:
            await call.over()
            await call.report()
        await cleared(info, http, maria)


async def knows_the_message(provider: ElksSimulator) -> None:
    """The message of the entrance reaches intake by Kafka: ring until it is played."""

    async def played() -> bool:
        call = provider.ring(NUMBER)
        action = await call.hears("play")
        call.hang_up()
        await call.over()
        return bool(action["play"] == MESSAGE)

    await eventually(played, timeout=PATIENCE, every=0.5)


async def cleared(info: StackInfo, http: httpx.AsyncClient, maria: AgentClient) -> None:
    async def empty() -> bool:
        url = f"{info.casework}/api/v1/cases?state=open&limit=200"
        for case in (await http.get(url, headers=info.machine)).json()["items"]:
            await maria.close(case["number"], {"resolution": "felringd"})
        queues = (await http.get(f"{info.router}/api/v1/queues", headers=info.machine)).json()["items"]
        return not any(queue["waiting"] for queue in queues) and int((await maria.presence("ready"))["used"]) == 0

    await eventually(empty, timeout=PATIENCE, every=0.3)


@pytest.fixture
async def base(info: StackInfo) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(info.postgres)
    yield connection
    await connection.close()


def contact_of(call: ElksCall) -> str:
    return natural_contact_id("call", call.id)


async def offered(agent: AgentClient, call: ElksCall) -> Json:
    """Pull until the call is offered to her.

    Its caller has heard something then: of who hangs up before our first answer the provider never tells, and that may
    come later than an offer where machine and database are slow.
    """
    await call.hears(lambda _: True)

    async def pull() -> Json:
        return await agent.pull(wait=5) or {}

    offer = await eventually(pull, timeout=PATIENCE)
    assert offer["contact_id"] == contact_of(call)
    return offer


async def connected(agent: AgentClient, call: ElksCall) -> Json:
    """Take the call and wait until it rings the agent's phone; return its case."""
    await agent.accept(await offered(agent, call))
    await call.hears("connect")
    return await agent.case_of(contact_of(call))


async def router_says(info: StackInfo, http: httpx.AsyncClient, call: ElksCall) -> Json:
    answer = await http.get(f"{info.router}/api/v1/contacts/{contact_of(call)}", headers=info.machine)
    return dict(answer.json())


async def told_of(info: StackInfo, call: ElksCall) -> list[tuple[str, Json]]:
    """Everything on the log about a call, each event once: type and body."""
    found = [*await log_of(info, CONTACTS), *await log_of(info, ROUTING)]
    mine = {event_id: (kind, body) for key, kind, event_id, body in found if key == contact_of(call)}
    return list(mine.values())


async def ended(info: StackInfo, call: ElksCall) -> list[Json]:
    """Return the end that was told of a call, which is one."""

    async def found() -> list[Json]:
        return [body for kind, body in await told_of(info, call) if kind == "contact.ended.v1"]

    ends: list[Json] = await eventually(found, timeout=PATIENCE, every=0.3)
    assert len(ends) == 1
    return ends


async def test_a_call_is_heard_waits_is_taken_is_talked_and_is_a_case(elks: ElksSimulator, maria, base):
    call = elks.ring(NUMBER)
    first = await call.hears("play")
    assert first["play"] == MESSAGE
    offer = await offered(maria, call)
    assert (offer["channel"], offer["entrance"]) == ("phone", "bostad-nummer")
    assert "ÅFA" in offer["greeting"]
    await call.hears(lambda action: "hold" in action.get("play", ""))
    await maria.accept(offer)
    connect = await call.hears("connect")
    assert connect["connect"] == MARIAS
    assert elks.phone(MARIAS).rung == [call.id]
    case = await maria.case_of(contact_of(call))
    call.hang_up()
    await call.over()
    assert call.legs[0]["state"] == "success"

    async def talk() -> float:
        query = "SELECT talk_seconds FROM casework.contacts WHERE id = $1"
        return float(await base.fetchval(query, contact_of(call)) or 0)

    assert await eventually(talk, timeout=PATIENCE) <= call.legs[0]["duration"]
    await maria.do(case["number"], "classify", {"case_type": offer["candidates"][0]["case_type"]})
    await maria.close(case["number"], {"resolution": "lost_av_kc", "cause": "ny_fraga"})
    assert (await maria.case(case["number"]))["state"] == "closed"


async def test_intake_is_killed_while_a_caller_waits_and_she_is_connected_after_all(
    elks: ElksSimulator, stack: Stack, maria, info
):
    call = elks.ring(NUMBER)
    await call.hears(lambda action: "hold" in action.get("play", ""))
    await asyncio.to_thread(stack.kill, "intake")
    offer = await offered(maria, call)
    await maria.accept(offer)
    await eventually(lambda: 0 in call.told[-1].statuses, timeout=PATIENCE)
    await asyncio.to_thread(stack.restart, "intake")
    connect = await call.hears("connect")
    assert connect["connect"] == MARIAS
    call.hang_up()
    await call.over()
    await ended(info, call)


async def test_who_hangs_up_while_intake_is_away_is_told_of_when_it_is_back(
    elks: ElksSimulator, stack: Stack, maria, info, http
):
    call = elks.ring(NUMBER)
    await offered(maria, call)
    await asyncio.to_thread(stack.kill, "intake")
    call.hang_up()
    await eventually(lambda: 0 in call.told[-1].statuses, timeout=PATIENCE)
    await asyncio.to_thread(stack.restart, "intake")
    await call.over()
    await eventually(lambda: gone(info, http, call), timeout=PATIENCE)


async def gone(info: StackInfo, http: httpx.AsyncClient, call: ElksCall) -> bool:
    return bool((await router_says(info, http, call))["state"] == "abandoned")


async def test_who_hangs_up_before_the_agent_answers_is_no_longer_hers(elks: ElksSimulator, maria, info, http):
    call = elks.ring(NUMBER)
    offer = await offered(maria, call)
    call.hang_up()
    await call.over()
    await eventually(lambda: gone(info, http, call), timeout=PATIENCE)
    with pytest.raises(Taken):
        await maria.accept(offer)
    assert "connect" not in [step.verb for step in call.steps]
    [end] = await ended(info, call)
    assert end["talk_seconds"] == 0


async def test_accept_and_hang_up_at_the_same_moment_leave_nothing_behind(elks: ElksSimulator, maria, info, http):
    call = elks.ring(NUMBER)
    offer = await offered(maria, call)
    call.hang_up()
    accepting = asyncio.ensure_future(maria.accept(offer))
    await asyncio.wait({accepting})
    await call.over()
    await ended(info, call)
    if isinstance(accepting.exception(), Taken):
        await eventually(lambda: gone(info, http, call), timeout=PATIENCE)
        return
    case = await maria.case_of(contact_of(call))
    assert not elks.phone(MARIAS).rung
    await maria.close(case["number"], {"resolution": "felringd"})


async def test_a_second_hang_up_and_questions_after_it_change_nothing(elks: ElksSimulator, maria, info, http):
    call = elks.ring(NUMBER)
    await connected(maria, call)
    call.hang_up()
    await call.over()
    [before] = await ended(info, call)
    await call.report()
    for told in [one for one in call.told if "hangup" not in one.url]:
        answer = await http.post(told.url, data=told.form | {"result": "success"})
        assert answer.json().get("hangup") == "reject"
    await call.report()
    assert await ended(info, call) == [before]


async def test_the_provider_posts_everything_seven_times_and_nothing_happens_twice(elks: ElksSimulator, maria, info):
    call = elks.ring(NUMBER, lose=6)
    case = await connected(maria, call)
    call.hang_up()
    await call.over()
    assert (call.told[0].statuses, call.told[-1].statuses) == ([-1] * 6 + [200], [-1] * 6 + [204])
    await ended(info, call)
    kinds = [kind for kind, _ in await told_of(info, call)]
    assert kinds.count("contact.received.v1") == 1
    assert kinds.count("offer.accepted.v1") == 1
    assert len((await maria.case(case["number"]))["contacts"]) == 1


@pytest.fixture
async def jonas(info: StackInfo, http: httpx.AsyncClient) -> AsyncIterator[AgentClient]:
    """A colleague who begins to work during the test."""
    agent = AgentClient(info, http, info.agents[1])
    yield agent
    await agent.presence("offline")


@pytest.mark.parametrize("takes", ["busy", "failed"])
async def test_an_agents_phone_that_does_not_answer_sends_the_caller_back_to_her_place_and_to_a_colleague(
    elks: ElksSimulator, maria, jonas, info, takes: str
):
    elks.phones[MARIAS] = Phone(takes)
    call = elks.ring(NUMBER)
    await connected(maria, call)
    tried = len(call.steps)
    await call.hears("play", after=tried)
    await jonas.presence("ready")
    again = await offered(jonas, call)
    await jonas.accept(again)
    connect = await call.hears("connect", after=tried)
    assert connect["connect"] != MARIAS
    await eventually(lambda: call.legs[-1]["state"] == "success", timeout=PATIENCE)
    call.hang_up()
    await call.over()
    assert [leg["state"] for leg in call.legs] == [takes, "success"]
    [end] = await ended(info, call)
    assert not end["abandoned"]
    [unanswered] = [body for kind, body in await told_of(info, call) if kind == "call.not_answered.v1"]
    assert (unanswered["reason"], unanswered["attempt"]) == (takes, 1)


@needs_browser
@pytest.mark.browser
async def test_the_agents_screen_says_at_once_that_the_caller_has_left(elks: ElksSimulator, info, http):
    async with httpx.AsyncClient() as login:
        await login.post(f"{info.casework}/login", data={"person": info.agents[0], "next": "/desk"})
        token = login.cookies[COOKIE]
    async with page_at(f"{info.casework}/desk", token) as page:
        page.set_default_timeout(PATIENCE * 1000)
        await page.keyboard.press("r")
        call = elks.ring(NUMBER)
        await page.locator("[data-focus-offer]").wait_for()
        await call.hears(lambda _: True)
        call.hang_up()
        await call.over()
        await expect(page.locator(".offer.gone")).to_contain_text("har lagt på", timeout=PATIENCE * 1000)
        await expect(page.locator("[data-focus-offer]")).to_have_count(0)
        await page.keyboard.press("p")


@pytest.fixture
def bare_door(stack: Stack) -> Iterator[str]:
    """What the bench of hang-ups is held against."""
    with plain_app(stack.info["kafka"]) as (url, _):
        yield url


async def test_the_bench_of_hang_ups_measures_every_one(info: StackInfo, stack: Stack, bare_door: str):
    assert info.agents
    result = await HangUps(BenchStack(Path("stack.json"), stack.info), bare_door, hangups=3, rate=5).run()
    assert (result["hangups"], result["never_offered"], result["lost"]) == (3, 0, 0)
    assert 0 < result["hangup_to_withdrawn_ms"]["p50"] <= result["hangup_to_withdrawn_ms"]["max"]
    assert result["baseline"]["hop_ms"]["p50"] > 0
