"""What the doors answer is counted: a refusal is told and stops nobody else; who is interrupted hangs up."""

import asyncio
from urllib.parse import parse_qs

import httpx

from deploy.demo.citizens import Citizens
from deploy.demo.messages import COLD, CitizenMessage
from deploy.demo.stack_info import StackInfo
from services.intake.channels.elks import hang_up
from shared.ids import case_type_id

STACK = StackInfo.of(
    dict.fromkeys(StackInfo.__slots__, "http://127.0.0.1:1") | {"webhook_secret": "whsec_c2VjcmV0", "agents": []}
)
CALL, VISIT = CitizenMessage("phone", "", "", COLD), CitizenMessage("visit", "", "Det är kallt", COLD)


class Doors:
    """Answers as intake would, and keeps what was asked."""

    def __init__(self, visit: int = 201) -> None:
        self.visit = visit
        self.phone = ""
        """Whose phone is rung at once; nobody's, when empty."""
        self.asked: list[tuple[str, str]] = []
        self.rung = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append((path, request.content.decode()))
        match path:
            case "/api/v1/visits":
                return httpx.Response(self.visit, json={"contact_id": "v-1", "ticket": "B001"})
            case "/webhooks/46elks/voice":
                self.rung.set()
                if self.phone:
                    return httpx.Response(200, json={"connect": self.phone, "next": str(request.url)})
                return httpx.Response(200, json={"play": "hold", "next": str(request.url)})
            case _:
                return httpx.Response(204)


def citizens(doors: Doors) -> Citizens:
    return Citizens(STACK, httpx.AsyncClient(transport=httpx.MockTransport(doors)), scale=60)


async def test_a_door_that_refuses_is_counted_and_says_why():
    people = citizens(Doors(visit=503))
    await people.send(VISIT, talk=60, patience=60)
    assert (people.sent, people.refused) == ({}, 1)
    assert "503" in people.troubles[0]


async def test_who_is_let_in_is_counted_and_the_agent_will_hear_the_matter():
    people = citizens(Doors())
    await people.send(VISIT, talk=60, patience=60)
    assert (people.sent, people.refused) == ({"visit": 1}, 0)
    assert people.spoken == {"v-1": case_type_id(COLD)}


async def test_a_caller_gives_up_when_patience_is_over_and_hangs_up():
    doors = Doors()
    people = citizens(doors)
    await people.send(CALL, talk=60, patience=1)
    assert (people.sent, people.abandoned) == ({"phone": 1}, 1)
    path, body = doors.asked[-1]
    assert path == "/webhooks/46elks/hangup"
    assert not {"start", "duration", "legs"} & set(parse_qs(body))


async def test_a_caller_who_has_talked_hangs_up_with_the_leg_that_says_so():
    doors = Doors()
    doors.phone = "+46701740605"
    people = citizens(doors)
    await people.send(CALL, talk=6, patience=60)
    assert (people.sent, people.abandoned) == ({"phone": 1}, 0)
    over = hang_up({name: value for name, [value] in parse_qs(doors.asked[-1][1]).items()})
    assert over.state == "success"
    assert over.leg_seconds == (1,)


async def test_a_caller_who_is_interrupted_hangs_up():
    doors = Doors()
    call = asyncio.create_task(citizens(doors).send(CALL, talk=60, patience=10_000))
    await doors.rung.wait()
    call.cancel()
    await asyncio.wait({call})
    assert call.cancelled()
    assert doors.asked[-1][0] == "/webhooks/46elks/hangup"
