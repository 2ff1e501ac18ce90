"""A person's open cases and their agents, on a real Valkey: in any order, again without effect, forgotten in time."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from secrets import token_hex

import pytest
from redis.asyncio import Redis

from services.router.settings import Settings
from services.router.store.case_agents import CaseAgents, CaseNews, OpenCases

pytestmark = pytest.mark.integration

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


class Clock:
    def __init__(self) -> None:
        self.now = at(60)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cases(redis_client: Redis, router_settings: Settings, clock: Clock) -> CaseAgents:
    return CaseAgents(redis_client, router_settings, clock)


def opened(case: str = "k1", person: str | None = "p1", minute: float = 0) -> CaseNews:
    return CaseNews(case, at(minute), "open", person=person)


async def test_the_open_cases_of_several_people_in_one_answer(cases: CaseAgents):
    await cases.note(
        [
            opened("k1", "p1"),
            CaseNews("k1", at(1), agent="maria"),
            opened("k2", "p1", 2),
            CaseNews("k2", at(3), agent="jonas"),
            opened("k3", "p2", 4),
            opened("k4", None, 5),
        ]
    )
    assert await cases.open_of(["p1", "p2", "p3", "", "p1"]) == {"p1": OpenCases(2, "jonas"), "p2": OpenCases(1, None)}
    assert await cases.of(["k1", "k2", "k3", "k9"]) == {"k1": "maria", "k2": "jonas"}


async def test_who_worked_last_on_one_comes_first_and_a_closed_case_is_gone(cases: CaseAgents):
    await cases.note([opened("k1"), CaseNews("k1", at(1), agent="maria"), opened("k2", minute=2)])
    await cases.note([CaseNews("k2", at(3), agent="jonas"), CaseNews("k1", at(4), agent="maria")])
    assert await cases.open_of(["p1"]) == {"p1": OpenCases(2, "maria")}
    await cases.note([CaseNews("k1", at(5), "closed", agent="maria")])
    assert await cases.open_of(["p1"]) == {"p1": OpenCases(1, "jonas")}
    await cases.note([CaseNews("k2", at(6), "closed")])
    assert await cases.open_of(["p1"]) == {}
    assert await cases.of(["k1"]) == {"k1": "maria"}


async def test_what_a_verksamhet_has_counts_but_is_no_agents(cases: CaseAgents):
    await cases.note([opened(), CaseNews("k1", at(1), "away", agent="maria")])
    assert await cases.open_of(["p1"]) == {"p1": OpenCases(1, None)}
    await cases.note([CaseNews("k1", at(2), "open")])
    assert await cases.open_of(["p1"]) == {"p1": OpenCases(1, "maria")}


async def test_in_any_order_and_twice_it_ends_the_same(redis_client: Redis, router_settings: Settings, clock: Clock):
    news = [
        opened(),
        CaseNews("k1", at(1), agent="maria"),
        CaseNews("k1", at(2), "closed", agent="jonas"),
        CaseNews("k1", at(3), "open"),
    ]
    for order in permutations(news):
        settings = router_settings.model_copy(update={"domain": f"t{token_hex(4)}"})
        cases = CaseAgents(redis_client, settings, clock)
        await cases.note(order)
        await cases.note(order[:2])
        assert await cases.open_of(["p1"]) == {"p1": OpenCases(1, "jonas")}, order


async def test_after_ninety_days_it_is_forgotten(cases: CaseAgents, clock: Clock, redis_client: Redis):
    await cases.note([opened("k1"), CaseNews("k1", at(1), agent="maria")])
    clock.now += timedelta(days=60)
    await cases.note([opened("k2", minute=60 * 24 * 60)])
    assert (await cases.open_of(["p1"]))["p1"].count == 2
    clock.now += timedelta(days=31)
    assert await cases.open_of(["p1"]) == {"p1": OpenCases(1, None)}
    kept = [await redis_client.pttl(key) for key in await redis_client.keys("*:*case*")]
    assert kept
    assert all(0 < ms <= timedelta(days=90) / timedelta(milliseconds=1) for ms in kept)


async def test_nothing_is_asked_for_nobody(cases: CaseAgents):
    await cases.note([])
    assert await cases.open_of([]) == {}
    assert await cases.of([]) == {}
