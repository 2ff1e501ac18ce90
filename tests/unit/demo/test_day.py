"""The shape of the day: two humps, a lunch, and the heating that fails at one."""

import asyncio

import pytest

from deploy.demo.day import CLOSES, OPENS, Day, DayPlan, arrivals
from deploy.demo.messages import COLD, CitizenMessage, Crowd, load, shares

MESSAGES, SHARES = load(), shares()
PLAN = DayPlan(contacts=240)


def crowd(seed: int = 1) -> Crowd:
    return Crowd(MESSAGES, SHARES, seed=seed)


def test_a_whole_day_has_the_contacts_it_was_told():
    assert PLAN.expected == pytest.approx(240, rel=0.001)
    assert DayPlan(contacts=240, hours=2).expected < 120


def test_morning_and_afternoon_are_busier_than_lunch_and_evening():
    assert PLAN.rate(9.7) > PLAN.rate(13.7) > PLAN.rate(12.0) > PLAN.rate(16.9) > 0


def test_the_spike_lasts_its_hours_and_can_be_left_out():
    assert PLAN.spike_rate(12.99) == PLAN.spike_rate(13.75) == 0
    assert PLAN.spike_rate(13.0) == pytest.approx(2 * 240 / (CLOSES - OPENS))
    assert DayPlan(spike_factor=0).spike_rate(13.2) == 0


def test_arrivals_are_in_order_within_the_hours_and_the_same_for_a_seed():
    came = arrivals(PLAN, crowd())
    assert came == arrivals(PLAN, crowd())
    assert came != arrivals(PLAN, crowd(2))
    moments = [moment for moment, _ in came]
    assert moments == sorted(moments)
    assert 0 <= moments[0] <= moments[-1] < 9 * 3600
    assert 220 < len(came) < 360


def test_the_spike_shows_in_who_comes():
    came = arrivals(PLAN, crowd())
    cold = [moment / 3600 + OPENS for moment, message in came if message.path == COLD]
    assert sum(13 <= hour < 13.75 for hour in cold) > 25
    assert sum(hour < 13 for hour in cold) < 10


async def test_everybody_who_comes_is_sent_and_none_waits_for_the_one_before():
    sent: list[CitizenMessage] = []
    gate = asyncio.Event()

    async def send(message: CitizenMessage) -> None:
        sent.append(message)
        if len(sent) == len(expected):
            gate.set()
        await gate.wait()

    plan = DayPlan(contacts=240, hours=1, speed=1e6)
    expected = [message for _, message in arrivals(plan, crowd())]
    day = Day(plan, crowd(), send)
    async with asyncio.timeout(5):
        await day.play()
    assert sent == expected
    assert OPENS < day.hour <= OPENS + 1
