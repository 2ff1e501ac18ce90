"""The demo's incident: opened and closed by the clock of the day, linked to by what is about the cold."""

import json

import httpx
import pytest

from deploy.demo.day import DayPlan
from deploy.demo.incident import Disturbance
from deploy.demo.messages import COLD
from deploy.demo.stack_info import StackInfo
from shared.ids import case_type_id
from tests.unit.demo.test_citizens import STACK


class Doors:
    """Casework's doors: notes what was asked of them, or refuses."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.asked: list[tuple[str, dict[str, object], bool]] = []
        self._refuses = refuses

    def __call__(self, request: httpx.Request) -> httpx.Response:
        keyed = "idempotency-key" in request.headers
        self.asked.append((request.url.path, json.loads(request.content), keyed))
        return httpx.Response(503 if self._refuses else 200, json={"incident": {"id": "inc-1"}})


def disturbance(doors: Doors, plan: DayPlan | None = None, stack: StackInfo = STACK) -> Disturbance:
    return Disturbance(stack, httpx.AsyncClient(transport=httpx.MockTransport(doors)), plan or DayPlan())


async def test_it_is_opened_once_into_the_spike_linked_to_and_answered_once_when_it_is_over():
    doors = Doors()
    cold = disturbance(doors)
    await cold.link("KC-2026-000001", case_type_id(COLD))
    for hour in (9.0, 13.1, 13.3, 13.5):
        await cold.follow(hour)
    await cold.link("KC-2026-000002", case_type_id(COLD))
    await cold.link("KC-2026-000003", "something-else")
    for hour in (13.8, 14.0):
        await cold.follow(hour)
    await cold.end()
    paths = [(path.removeprefix("/api/v1/incidents"), keyed) for path, _, keyed in doors.asked]
    assert paths == [("", True), ("/inc-1/link", False), ("/inc-1/close", False)]
    assert doors.asked[1][1] == {"number": "KC-2026-000002"}
    assert doors.asked[2][1]["text"]
    assert (cold.linked, cold.troubles) == (1, [])


@pytest.mark.parametrize("plan", [DayPlan(spike_factor=0.0), DayPlan(spike_from=15.0)])
async def test_without_a_spike_nothing_is_opened(plan):
    doors = Doors()
    await disturbance(doors, plan).follow(13.4)
    assert doors.asked == []


async def test_a_door_that_refuses_is_a_trouble_and_no_end_of_the_day():
    cold = disturbance(Doors(refuses=True))
    await cold.follow(13.4)
    await cold.link("KC-2026-000001", case_type_id(COLD))
    assert len(cold.troubles) == 1
