"""Callers who wait behind others hear their place, and it changes as the others are taken; on the whole real stack.

The providers are our simulators; all else is real. A place is said every second or two instead of every minute.
"""

import re
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256

import httpx
import pytest

from deploy.demo.agents import AgentClient
from deploy.demo.stack_info import StackInfo
from deploy.local.stack import Stack
from services.intake.web.sounds import hold_sound
from tests.e2e.test_whole_call import NUMBER, connected, ended, router_says
from tests.e2e.test_whole_call import elks as _elks
from tests.e2e.test_whole_call import with_message as _with_message
from tests.support.elks_call import PATIENCE, ElksCall
from tests.support.elks_simulator import ElksSimulator
from tests.support.twilio_line import TwilioLine
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

elks, with_message = _elks, _with_message
TOKEN = "2" * 32
ADMIN = "admin-anna-falk"
RECORDED = ("place_1", "place_2")
"""The places that somebody has recorded; the third is read aloud where telephony can."""


@pytest.fixture(scope="module")
def soon(stack: Stack) -> Iterator[None]:
    """Places are said every 1.5 s, and Twilio is known."""
    stack.restart("intake", KC_PLACE_SECONDS="1.5", KC_TWILIO_TOKEN=TOKEN)
    yield
    stack.restart("intake", KC_PLACE_SECONDS="", KC_TWILIO_TOKEN="")


@pytest.fixture
async def recorded(soon: None, info: StackInfo) -> AsyncIterator[None]:
    """The places are uploaded at the page of recordings, for all entrances, and removed again."""
    async with httpx.AsyncClient(timeout=30) as browser:
        await browser.post(f"{info.casework}/login", data={"person": ADMIN, "next": "/desk"})
        page = await browser.get(f"{info.intake}/recordings")
        [token, *_] = re.findall(r'name="_csrf" value="(\w+)"', page.text)
        forms = [{"entrance": "*", "kind": kind, "language": "sv", "_csrf": token} for kind in RECORDED]
        for form in forms:
            file = {"file": ("plats.wav", sound(form["kind"]), "audio/wav")}
            assert (await browser.post(f"{info.intake}/recordings", data=form, files=file)).status_code == 303
        yield
        for form in forms:
            assert (await browser.post(f"{info.intake}/recordings/remove", data=form)).status_code == 303


def sound(kind: str) -> bytes:
    return hold_sound() + kind.encode()


async def hears_place(call: ElksCall, place: int) -> None:
    address = f"/sounds/{sha256(sound(f'place_{place}')).hexdigest()}.wav"
    await call.hears(lambda action: str(action.get("play", "")).endswith(address))


@pytest.fixture
async def listener(info: StackInfo, soon: None) -> AsyncIterator[TwilioLine]:
    """A caller over Twilio, who has chosen Swedish."""
    async with httpx.AsyncClient(base_url=info.intake, timeout=30) as client:
        line = TwilioLine(client, info.intake, TOKEN, "CA" + "8" * 32, "+46701740655", NUMBER)
        yield line
        assert (await line.post(line.door("status"), CallStatus="completed")).status_code == 204


async def is_told(line: TwilioLine, words: str) -> None:
    async def told() -> bool:
        await line.post(line.onwards)
        return words in line.told

    await eventually(told, timeout=PATIENCE, every=0.2)


async def waits_at(info: StackInfo, http: httpx.AsyncClient, call: ElksCall, place: int) -> None:
    """Who rings next must come after this one."""

    async def there() -> bool:
        return (await router_says(info, http, call)).get("position") == place

    await eventually(there, timeout=PATIENCE, every=0.1)


async def test_who_waits_behind_others_hears_her_place_and_that_it_moves(
    recorded: None,
    elks: ElksSimulator,
    listener: TwilioLine,
    maria: AgentClient,
    info: StackInfo,
    http: httpx.AsyncClient,
) -> None:
    first = elks.ring(NUMBER)
    case = await connected(maria, first)
    second = elks.ring(NUMBER, "+46701740651")
    await waits_at(info, http, second, 1)
    third = elks.ring(NUMBER, "+46701740652")
    await waits_at(info, http, third, 2)
    await listener.post(listener.door("voice"), CallStatus="ringing")
    await listener.post(listener.onwards, Digits="1")

    await hears_place(second, 1)
    await hears_place(third, 2)
    await is_told(listener, "Du har plats 3 i kön.")

    first.hang_up()
    await ended(info, first)
    await maria.do(case["number"], "close", {"resolution": "felringd"})
    await connected(maria, second)
    await hears_place(third, 1)
    await is_told(listener, sha256(sound("place_2")).hexdigest())
    assert not any("hangup" in step.action for call in (second, third) for step in call.steps)
