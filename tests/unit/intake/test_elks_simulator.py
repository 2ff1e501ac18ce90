"""The simulator of 46elks does what its pages say, so that the tests that stand on it mean something."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.elks_call import Phone
from tests.support.elks_grammar import ViolationError, check_action
from tests.support.elks_simulator import ElksSimulator

Door = Callable[[str, dict[str, str]], Any]
OURS = "http://doors.test"
END = f"{OURS}/end"
AGENT = "+46701740605"


class Doors:
    """Our side of the story: answers by path, one after the other; the last one stays."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []

    def of(self, door: str) -> list[dict[str, str]]:
        return [form for name, form in self.asked if name == door]

    def handle(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.strip("/")
        self.asked.append((name, dict(httpx.QueryParams(request.content.decode()))))
        answers = self.answers.get(name, [204])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return httpx.Response(answer) if isinstance(answer, int) else httpx.Response(200, json=answer)


def provider(doors: Doors, **more: Any) -> ElksSimulator:
    http = httpx.AsyncClient(transport=httpx.MockTransport(doors.handle))
    given: dict[str, Any] = {"voice_start": f"{OURS}/voice", "speed": 100.0, "pause": 0.0, "http": http} | more
    return ElksSimulator(**given)


def play(**more: Any) -> dict[str, Any]:
    return {"play": "https://example.se/ko.mp3", "next": f"{OURS}/next", "whenhangup": END} | more


@pytest.mark.parametrize(
    "action",
    [
        {"play": "https://example.se/a.mp3", "skippable": "no"},
        {"play": "a.mp3"},
        {"play": "https://example.se/a.mp3", "hangup": "reject"},
        {"connect": "08-465 004 00"},
        {"connect": AGENT, "timeout": 20},
        {"connect": AGENT, "busy": f"{OURS}/busy"},
        {"ivr": "https://example.se/a.mp3", "timeout": 31},
        {"ivr": "https://example.se/a.mp3", "1": {"play": "a.mp3"}},
        {"hangup": "reject", "next": f"{OURS}/next"},
        {"hangup": True},
        {"next": f"{OURS}/next"},
        ["play"],
    ],
)
def test_what_is_not_documented_is_a_violation(action: object) -> None:
    with pytest.raises(ViolationError):
        check_action(action)


async def test_a_call_hears_waits_is_connected_and_reports_its_legs_as_json_in_a_string() -> None:
    connect = {"connect": AGENT, "next": f"{OURS}/next", "whenhangup": END}
    doors = Doors(voice=[play()], next=[play(), connect, {"hangup": "reject"}])
    async with provider(doors) as elks:
        call = elks.ring("+46846500410")
        await call.hears("connect")
        (ongoing,) = elks.known()
        assert (ongoing["state"], ongoing["id"]) == ("ongoing", call.id)
        elks.phone(AGENT).down.set()
        await call.over()
    ring, *turns = [form for name, form in doors.asked if name != "end"]
    assert (ring["callid"], ring["from"], ring["to"]) == (call.id, "+46701740650", "+46846500410")
    assert "result" not in ring
    assert [turn["result"] for turn in turns] == ["success"] * 3
    (end,) = doors.of("end")
    assert (end["id"], end["state"]) == (call.id, "success")
    assert "callid" not in end
    assert json.loads(end["legs"]) == [{"duration": 1, "to": AGENT, "state": "success", "from": "+46701740650"}]
    assert [next(iter(each)) for each in json.loads(end["actions"])] == ["play", "play", "connect", "hangup"]


@pytest.mark.parametrize("takes", ["busy", "failed"])
async def test_a_branch_goes_before_next_and_next_hears_the_result(takes: str) -> None:
    connect = {"connect": AGENT, "next": f"{OURS}/next", "whenhangup": END}
    branch = {takes: {"play": "sound/beep", "next": f"{OURS}/next"}}
    doors = Doors(voice=[connect], next=[connect | branch, {"hangup": "busy"}])
    async with provider(doors, phones={AGENT: Phone(takes)}) as elks:
        call = elks.ring("+46846500410")
        await call.over()
    assert [turn["result"] for turn in doors.of("next")] == [takes, "success"]
    assert [step.verb for step in call.steps] == ["connect", "connect", "play", "hangup"]


async def test_a_key_leads_to_its_branch_and_none_is_told_as_no_input() -> None:
    menu = {"ivr": "https://example.se/val.mp3", "1": f"{OURS}/one", "next": f"{OURS}/next", "whenhangup": END}
    doors = Doors(voice=[menu], one=[menu | {"timeout": 1, "repeat": 1}], next=[{"hangup": "reject"}])
    async with provider(doors) as elks:
        call = elks.ring("+46846500410")
        await call.press("1")
        await call.over()
    assert doors.of("one")[0]["result"] == "1"
    (silence,) = doors.of("next")
    assert (silence["result"], silence["why"]) == ("failed", "noinput")


async def test_a_call_that_is_left_is_told_to_the_last_address_and_nobody_is_told_without_one() -> None:
    doors = Doors(voice=[play(whenhangup=f"{OURS}/first")], next=[play(play="https://example.se/long.mp3")])
    async with provider(doors, sounds={"https://example.se/long.mp3": 1e6}) as elks:
        call = elks.ring("+46846500410")
        await call.hears(lambda action: "long" in action["play"])
        call.hang_up()
        await call.over()
        silent = Doors(voice=[503])
        elks.http = httpx.AsyncClient(transport=httpx.MockTransport(silent.handle))
        elks.tries = 3
        unheard = elks.ring("+46846500410")
        await unheard.over()
    assert not doors.of("first")
    assert len(doors.of("end")) == 1
    assert unheard.told[0].statuses == [503] * 3
    assert unheard.state == "failed"
    assert {name for name, _ in silent.asked} == {"voice"}


async def test_a_webhook_is_posted_until_it_is_taken_and_again_when_the_answer_was_lost() -> None:
    doors = Doors(voice=[503, 500, play(next={"hangup": "reject"})])
    async with provider(doors, spelling="id") as elks:
        call = elks.ring("+46846500410", lose=2)
        await call.over()
    assert call.told[0].statuses == [503, 500, -1, -1, 200]
    assert {form["id"] for form in doors.of("voice")} == {call.id}
    assert len(doors.of("end")) == 3


async def test_a_number_may_carry_its_action_itself_and_an_order_rings_a_phone_first() -> None:
    doors = Doors()
    async with provider(doors, voice_start=json.dumps({"connect": AGENT, "whenhangup": END})) as elks:
        call = elks.ring("+46846500410")
        await call.hears("connect")
        call.hang_up()
        await call.over()
        order = {"from": "+46846500410", "to": "+46701740650", "voice_start": f"{OURS}/voice", "whenhangup": END}
        elks.phones["+46701740650"] = Phone("busy")
        async with httpx.AsyncClient(auth=("u-test", "hemligt"), base_url=elks.url) as api:
            (await api.post("/a1/calls", data=order)).raise_for_status()
            await elks.live[1].over()
            first = (await api.get("/a1/calls", params={"limit": 1})).json()
            rest = (await api.get("/a1/calls", params={"limit": 1, "start": first["next"]})).json()
            assert (await api.get("/a1/calls", auth=("u-test", "fel"))).status_code == 401
    assert (first["data"][0]["direction"], first["data"][0]["state"]) == ("outgoing", "busy")
    assert [each["id"] for each in rest["data"]] == [call.id]
    assert "next" not in rest
    assert [form["state"] for form in doors.of("end")] == ["success", "busy"]
    assert not doors.of("voice")


async def test_an_answer_that_is_not_documented_fails_the_test() -> None:
    doors = Doors(voice=[{"say": "Hej"}])
    with pytest.raises(ViolationError):  # noqa: PT012 - the block is what fails
        async with provider(doors) as elks:
            call = elks.ring("+46846500410")
            with pytest.raises(ViolationError):
                await call.over()
            await asyncio.sleep(0)
