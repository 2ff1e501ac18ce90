"""The demo on the real stack: what its citizens sent was ended or waits, and no door refused anybody."""

import asyncio

import httpx
import pytest
from rich.console import Console

from deploy.demo.day import DayPlan
from deploy.demo.play import Demo
from deploy.demo.stack_info import StackInfo
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PLAN = DayPlan(contacts=240, speed=120, hours=20 / 60)


async def waiting(info: StackInfo, http: httpx.AsyncClient) -> int:
    answer = await http.get(f"{info.router}/api/v1/queues", headers=info.machine)
    return sum(queue["waiting"] for queue in answer.json()["items"])


async def test_twenty_minutes_of_the_demo_lose_nobody(info: StackInfo, http: httpx.AsyncClient):
    before = await waiting(info, http)
    async with Demo(PLAN, info, agents=6, past=False).opened(Console(quiet=True)) as display:
        async with asyncio.timeout(60):
            await display.day.play()

        async def all_are_accounted_for() -> bool:
            done = display.team.closed + display.team.handed_over + display.citizens.abandoned
            return done + await waiting(info, http) - before >= sum(display.citizens.sent.values())

        await eventually(all_are_accounted_for, timeout=20)
    assert sum(display.citizens.sent.values()) > 0
    assert display.citizens.refused == 0
    assert display.troubles == []
