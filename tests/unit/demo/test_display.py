"""The picture of a demo: every number in its column, and the troubles told in words."""

import random

import httpx
import pytest
from rich.console import Console

from deploy.demo.agents import Team
from deploy.demo.citizens import Citizens
from deploy.demo.day import Day, DayPlan
from deploy.demo.display import Display
from deploy.demo.messages import Crowd, load, shares
from tests.unit.demo.test_citizens import STACK

QUEUES = [{"queue": "a", "waiting": 3, "oldest_seconds": 65.0}, {"queue": "b", "waiting": 0, "oldest_seconds": None}]


@pytest.fixture
def display() -> Display:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"items": QUEUES})))
    people = Citizens(STACK, http, sent={"phone": 112, "email": 7}, refused=2, abandoned=4)
    team = Team(STACK, http, agents=(), scale=60, dice=random.Random(1), closed=70, handed_over=31)

    async def send(_: object) -> None:
        return None

    return Display(Day(DayPlan(), Crowd(load(), shares(), seed=1), send, hour=13.25), people, team, STACK, http)


def lines(display: Display) -> list[str]:
    console = Console(width=100, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(display)
    return capture.get().splitlines()


async def test_every_count_stands_in_its_column(display: Display):
    await display.refresh()
    shown = lines(display)
    rows = {name: next(line for line in shown if name in line) for name in ("Samtal", "Mejl", "Besök", "Tillsammans")}
    assert {name: row.split()[1] for name, row in rows.items()} == {
        "Samtal": "112",
        "Mejl": "7",
        "Besök": "0",
        "Tillsammans": "119",
    }
    assert len({row.index(row.split()[1]) + len(row.split()[1]) for row in rows.values()}) == 1
    assert "Väntar nu, längst 1:05" in rows["Samtal"]
    assert rows["Samtal"].split()[-1] == "3"
    picture = "\n".join(shown)
    assert "13:15" in picture
    assert "värmen är borta" in picture
    for count in ("Avslutade", "Överlämnade", "Gav upp i kön", "Avvisade vid dörren"):
        assert count in picture


async def test_the_last_troubles_are_told_and_none_is_silence(display: Display):
    assert not display.last_troubles().plain
    display.team.troubles += [f"agent-{number}: 503" for number in range(8)]
    told = display.last_troubles().plain.splitlines()
    assert told[0].endswith("av 8:")
    assert told[1:] == [f"agent-{number}: 503" for number in range(3, 8)]
