"""Casework killed at each point of close and hand over, and its database away: nothing half done, nothing twice."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from deploy.demo.agents import AgentClient, Json
from deploy.demo.citizens import Citizens
from deploy.demo.stack_info import StackInfo
from deploy.local.stack import Stack
from shared.topics import CASES
from tests.e2e.test_four_doors import says, taken
from tests.e2e.test_kill import log_of, persist
from tests.support.parts import MailServer
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SECONDS_AWAY = 8
HELD = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO casework.outbox%'
"""


@pytest.fixture
async def case(citizens: Citizens, maria: AgentClient) -> Json:
    """A case by mail in Maria's hands, one of its kind."""
    citizens.who = "killpoint"
    await citizens.mail(says("email", "Hej! Elementen är kalla och det är 15 grader hemma.", subject="Kallt"))
    offer, found = await taken(maria, "email")
    return await maria.do(found["number"], "classify", {"case_type": offer["candidates"][0]["case_type"]})


@asynccontextmanager
async def held_before_commit(info: StackInfo) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Let nobody write to the outbox: a use case has done everything and stands before its commit."""
    holder, watcher = await asyncpg.connect(info.postgres), await asyncpg.connect(info.postgres)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE casework.outbox IN SHARE MODE")
            yield lambda: eventually(functools.partial(watcher.fetchval, HELD), timeout=20)
    finally:
        await asyncio.gather(holder.close(), watcher.close())


async def kill_before_commit(stack: Stack, info: StackInfo, deed: Callable[[], Awaitable[Json]]) -> None:
    async with held_before_commit(info) as is_held:
        doing = asyncio.ensure_future(deed())
        await is_held()
        await asyncio.to_thread(stack.kill, "casework")
        with pytest.raises(httpx.HTTPError):
            await doing
    await asyncio.to_thread(stack.restart, "casework")


async def kill_after_commit(stack: Stack, deed: Callable[[], Awaitable[Json]]) -> Json:
    """Kill it when the deed is committed and nobody has been told: the broker is away."""
    await asyncio.to_thread(stack.kill, "kafka")
    done = await deed()
    await asyncio.to_thread(stack.kill, "casework")
    await asyncio.to_thread(stack.restart, "kafka")
    await asyncio.to_thread(stack.restart, "casework")
    return done


async def told(info: StackInfo, case_number: str, kind: str) -> list[Json]:
    """The facts of a kind about a case, each event id once."""
    facts = [one for one in await log_of(info, CASES) if one[3].get("case_number") == case_number and one[1] == kind]
    return list({event_id: body for _, _, event_id, body in facts}.values())


async def told_once(info: StackInfo, case: Json, kind: str) -> Json:
    found = await eventually(functools.partial(told, info, case["number"], kind), timeout=60, every=0.5)
    assert len(found) == 1
    return found[0]


async def hands_free(agent: AgentClient) -> None:
    async def free() -> bool:
        return bool((await persist(lambda: agent.presence("ready")))["used"] == 0)

    await eventually(free, timeout=60, every=0.5)


async def letters(mailboxes: MailServer, case: Json) -> list[str]:
    """The Message-IDs of the hand-over's letters in the unit's box."""
    found = await mailboxes.fetch("bostadsbolag@kommun.example")
    return [str(mail["Message-ID"]) for mail in found if case["number"] in str(mail["Subject"])]


async def test_a_close_killed_before_its_commit_has_not_happened_and_can_be_done_again(stack, info, maria, case):
    def close():
        return maria.close(case["number"], {"resolution": "lost_av_kc", "request_id": "k1"})

    await kill_before_commit(stack, info, close)
    assert (await persist(lambda: maria.case(case["number"])))["state"] == "open"
    assert await told(info, case["number"], "case.closed.v1") == []
    await persist(close)
    await told_once(info, case, "case.closed.v1")
    await hands_free(maria)


@pytest.mark.long
async def test_a_close_killed_after_its_commit_is_told_once(stack, info, maria, case):
    def close():
        return maria.close(case["number"], {"resolution": "lost_av_kc", "request_id": "k2"})

    await kill_after_commit(stack, close)
    assert (await persist(close))["state"] == "closed"
    assert (await told_once(info, case, "case.closed.v1"))["resolution"] == "lost_av_kc"
    await hands_free(maria)


@pytest.mark.long
async def test_a_hand_over_killed_before_its_commit_is_made_once(stack, info, maria, case, mailboxes):
    def hand_over():
        body = {"request_id": "h1", "to": "bostadsbolag", "message": "Ring gärna före 15."}
        return maria.do(case["number"], "handover", body)

    await kill_before_commit(stack, info, hand_over)
    assert (await persist(lambda: maria.case(case["number"])))["handover"] is None
    first = await persist(hand_over)
    assert (await persist(hand_over))["handover_id"] == first["handover_id"]
    assert (await told_once(info, case, "case.handed_over.v1"))["handover_id"] == first["handover_id"]
    ids = await eventually(functools.partial(letters, mailboxes, case), timeout=60, every=0.5)
    assert len(set(ids)) == 1


async def test_a_hand_over_killed_after_its_commit_is_told_once_and_written_once(stack, info, maria, case, mailboxes):
    def hand_over():
        return maria.do(case["number"], "handover", {"request_id": "h2", "to": "bostadsbolag"})

    first = await kill_after_commit(stack, hand_over)
    assert (await persist(hand_over))["handover_id"] == first["handover_id"]
    assert (await told_once(info, case, "case.handed_over.v1"))["handover_id"] == first["handover_id"]
    ids = await eventually(functools.partial(letters, mailboxes, case), timeout=60, every=0.5)
    assert len(set(ids)) == 1
    await hands_free(maria)


async def away(
    stack: Stack, info: StackInfo, http: httpx.AsyncClient, citizens: Citizens, seconds: float, subject: str
) -> None:
    """Take the database away, and let citizens write meanwhile."""
    await asyncio.to_thread(stack.kill, "postgres")
    back = asyncio.get_running_loop().time() + seconds
    try:
        refused = await http.get(f"{info.casework}/api/v1/cases", headers=info.machine)
        assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert refused.json()["title"]
        await citizens.mail(says("email", "Hej! När öppnar ni på måndag?", subject=subject))
        await asyncio.sleep(max(0.0, back - asyncio.get_running_loop().time()))  # the outage itself
    finally:
        await asyncio.to_thread(stack.restart, "postgres")


async def caught_up(
    stack: Stack, info: StackInfo, http: httpx.AsyncClient, citizens: Citizens, maria: AgentClient, seconds: float
) -> None:
    citizens.who, subject = f"away{seconds:g}", f"Borta i {seconds:g} s"
    await away(stack, info, http, citizens, seconds, subject)

    async def came_in() -> bool:
        found = await persist(lambda: listed(info, http))
        return any(one["subject"] == subject for one in found)

    await eventually(came_in, timeout=90, every=0.5)
    await persist(lambda: maria.presence("ready"))
    _, found = await taken(maria, "email")
    await maria.close(found["number"], {"resolution": "lost_av_kc"})
    await hands_free(maria)


async def listed(info: StackInfo, http: httpx.AsyncClient) -> list[Json]:
    answer = await http.get(f"{info.casework}/api/v1/cases?limit=200", headers=info.machine)
    answer.raise_for_status()
    return list(answer.json()["items"])


async def test_the_database_away_is_said_and_what_came_meanwhile_is_caught_up(stack, info, http, citizens, maria):
    await caught_up(stack, info, http, citizens, maria, SECONDS_AWAY)


@pytest.mark.long
async def test_the_database_away_for_a_minute(stack, info, http, citizens, maria):
    await caught_up(stack, info, http, citizens, maria, 60)
