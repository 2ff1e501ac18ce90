"""*Toppläge*: begun with an end, over by itself, and felt at once by those who wait."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from services.router.jobs.peak import keep_peak, take_effect
from services.router.store.waiters import Waiters
from services.router.usecases.peak import LONGEST, Peak, PeakEndError
from shared.errors import TransientError
from tests.support.decided import MONDAY, Moved, Rules
from tests.support.wait import eventually

HOUR = timedelta(hours=1)


@pytest.fixture
def rules() -> Rules:
    return Rules()


@pytest.fixture
def clock() -> Moved:
    return Moved()


@pytest.fixture
def peak(rules: Rules, clock: Moved) -> Peak:
    return Peak(rules.decided, rules, clock)


class Rings:
    """Pages of waiting contacts; `away` raises first."""

    def __init__(self, *pages: str, away: int = 0) -> None:
        self.pages = pages or ("0",)
        self.asked: list[str] = []
        self.away = away

    async def hasten(self, cursor: str = "0") -> tuple[int, str]:
        if self.away:
            self.away -= 1
            raise TransientError("Redis: gone")
        self.asked.append(cursor)
        return 16, self.pages[len(self.asked) - 1]


async def test_it_holds_until_its_end_and_then_no_more(peak: Peak, rules: Rules, clock: Moved):
    assert peak.active() is None
    begun = await peak.begin(MONDAY + HOUR, "lead", "storm", queue_message=False)
    assert peak.active() == begun
    assert (begun.started_at, begun.mail_waits, begun.queue_message) == (MONDAY, True, False)
    assert rules.acts == [("peak_begun", "lead", "storm", None)]
    assert peak.active(MONDAY + 2 * HOUR) is None
    clock.forward(minutes=59)
    assert peak.active() == begun
    clock.forward(minutes=1)
    assert peak.active() is None


async def test_it_can_be_ended_before_and_begun_anew(peak: Peak, rules: Rules):
    await peak.begin(MONDAY + HOUR, "lead", "storm")
    again = await peak.begin(MONDAY + 2 * HOUR, "other", "storm_goes_on", reserves=False)
    assert peak.active() == again
    await peak.end("lead", "calm")
    await peak.end("lead", "calm")
    assert peak.active() is None
    assert [act for act, *_ in rules.acts] == ["peak_begun", "peak_begun", "peak_ended"]


@pytest.mark.parametrize(
    "until", [MONDAY, MONDAY - HOUR, MONDAY + LONGEST + HOUR, (MONDAY + HOUR).replace(tzinfo=None)]
)
async def test_another_end_is_refused_and_nothing_changes(peak: Peak, rules: Rules, until):
    with pytest.raises(PeakEndError):
        await peak.begin(until, "lead", "storm")
    assert (rules.log, rules.acts) == ([], [])


async def test_a_day_is_the_longest(peak: Peak):
    assert (await peak.begin(MONDAY + LONGEST, "lead", "storm")).until == MONDAY + LONGEST


async def test_at_its_beginning_all_look_again_and_all_rings_open(peak: Peak):
    waiters, rings = Waiters(), Rings("7", "9", "0")
    begun = await peak.begin(MONDAY + HOUR, "lead", "storm")
    with waiters.waiting("maria") as maria, waiters.waiting("jonas") as jonas:
        assert await take_effect(begun, None, rings, waiters) == begun
        assert maria.is_set()
        assert jonas.is_set()
    assert rings.asked == ["0", "7", "9"]


async def test_rings_stay_as_they_are_when_it_is_so_decided(peak: Peak):
    rings = Rings()
    begun = await peak.begin(MONDAY + HOUR, "lead", "storm", rings_open=False)
    assert await take_effect(begun, None, rings, Waiters()) == begun
    assert await take_effect(begun, begun, rings, Waiters()) == begun
    assert await take_effect(None, begun, rings, Waiters()) is None
    assert rings.asked == []


async def test_a_store_that_is_away_is_tried_again(peak: Peak):
    rings = Rings("0", away=1)
    begun = await peak.begin(MONDAY + HOUR, "lead", "storm")
    assert await take_effect(begun, None, rings, Waiters()) is None
    assert await take_effect(begun, None, rings, Waiters()) == begun


async def test_whoever_waits_is_woken_at_the_beginning_and_when_time_ends_it(peak: Peak, clock: Moved):
    waiters, changed = Waiters(), asyncio.Event()
    keeping = asyncio.create_task(keep_peak(peak, Rings(), waiters, changed))
    with waiters.waiting("maria") as woken:
        await eventually(lambda: not changed.is_set())
        assert not woken.is_set()
        await peak.begin(MONDAY + HOUR, "lead", "storm")
        changed.set()
        await eventually(woken.is_set)
        woken.clear()
        clock.forward(hours=2)
        await eventually(woken.is_set)
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
