"""Callers who wait hear their place, and it moves; or ask to be called back, and are rung: on the whole real stack.

The providers are our simulators; all else is real. A place is said every second or two instead of every minute.
"""

import re
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256

import httpx
import pytest

from deploy.demo.agents import AgentClient
from deploy.demo.stack_info import StackInfo
from deploy.local.part import free_ports
from deploy.local.stack import Stack
from services.intake.web.sounds import hold_sound
from shared.clock import utc_now
from shared.events import ReturnCallOffered
from shared.publish import Publisher, message
from shared.settings import ServiceSettings
from tests.e2e.test_whole_call import MARIAS, NUMBER, connected, contact_of, ended, offered, provider_of, router_says
from tests.e2e.test_whole_call import with_message as _with_message
from tests.support.elks_call import PATIENCE, ElksCall
from tests.support.elks_peer import ElksPeer
from tests.support.elks_simulator import ElksSimulator
from tests.support.twilio_line import TwilioLine
from tests.support.wait import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

with_message = _with_message
TOKEN = "2" * 32
ADMIN = "admin-anna-falk"
RECORDED = ("place_1", "place_2", "offer", "promised")
"""What somebody has recorded; the third place is read aloud where telephony can."""


@pytest.fixture(scope="module")
def soon(stack: Stack) -> Iterator[int]:
    """Places are said every 1.5 s, Twilio is known, and 46elks' API is at the port that is given."""
    [port] = free_ports(1)
    peer = ElksPeer(port=port)
    api = {"KC_ELKS_URL": peer.url, "KC_ELKS_USER": peer.user, "KC_ELKS_PASSWORD": peer.password}
    own = {"KC_PLACE_SECONDS": "1.5", "KC_TWILIO_TOKEN": TOKEN, **api}
    stack.restart("intake", **own)
    yield port
    stack.restart("intake", **dict.fromkeys(own, ""))


@pytest.fixture
async def elks(
    soon: int, with_message: None, info: StackInfo, http: httpx.AsyncClient, maria: AgentClient
) -> AsyncIterator[ElksSimulator]:
    async with provider_of(info, http, maria, soon) as provider:
        yield provider


@pytest.fixture
async def recorded(soon: int, info: StackInfo) -> AsyncIterator[None]:
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


async def hears(call: ElksCall, kind: str) -> None:
    address = f"/sounds/{sha256(sound(kind)).hexdigest()}.wav"
    await call.hears(lambda action: str(action.get("play", action.get("ivr", ""))).endswith(address))


@pytest.fixture
async def listener(info: StackInfo, soon: int) -> AsyncIterator[TwilioLine]:
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

    await hears(second, "place_1")
    await hears(third, "place_2")
    await is_told(listener, "Du har plats 3 i kön.")

    first.hang_up()
    await ended(info, first)
    await maria.close(case["number"], {"resolution": "felringd"})
    await connected(maria, second)
    await hears(third, "place_1")
    await is_told(listener, sha256(sound("place_2")).hexdigest())
    assert not any("hangup" in step.action for call in (second, third) for step in call.steps)


async def may_ask(info: StackInfo, call: ElksCall) -> None:
    """Say what the router says when she has waited for four minutes."""
    publisher = Publisher(ServiceSettings(kafka=info.kafka), "router")
    await publisher.start()
    told = ReturnCallOffered(contact_id=contact_of(call), epoch=0, at=utc_now(), queue="q")
    await publisher.publish(message(told), timeout=60)
    await publisher.stop()


async def test_who_asks_by_a_key_to_be_called_back_is_rung_when_an_agent_accepts(
    recorded: None, elks: ElksSimulator, maria: AgentClient, info: StackInfo, http: httpx.AsyncClient
) -> None:
    citizen = "+46701740654"
    await maria.presence("away")
    call = elks.ring(NUMBER, citizen)
    await waits_at(info, http, call, 1)
    await may_ask(info, call)
    await hears(call, "offer")
    await call.press("1")
    await hears(call, "promised")
    await call.over()
    await maria.presence("ready")
    offer = await offered(maria, call)
    assert not elks.ordered
    await maria.accept(offer)
    await eventually(lambda: elks.phone(citizen).rung, timeout=PATIENCE)
    assert elks.phone(MARIAS).rung == elks.phone(citizen).rung, "hers first, and by the same call"
    assert [(order["from"], order["to"]) for order in elks.ordered] == [(NUMBER, MARIAS)]
