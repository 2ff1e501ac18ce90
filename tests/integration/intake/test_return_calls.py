"""A return call that a key has asked for: accepted, it rings the agent's phone first and then the citizen's.

46elks is our simulator, which plays the order; Twilio's API a stand-in, which takes it.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from prometheus_client import REGISTRY

from services.intake.domain.recording import ALL, Kind
from services.intake.web.sounds import hold_sound
from services.intake.wiring.calls import dialers_of
from shared.clock import utc_now
from shared.events import OfferAccepted, ReturnCallOffered
from shared.ids import natural_contact_id
from shared.publish import Publisher, message
from shared.settings import ServiceSettings
from tests.integration.intake.doors import Intake, accepted, intake_settings, started
from tests.integration.intake.test_what_callers_hear import Router, next_of
from tests.support.elks_simulator import ElksSimulator
from tests.support.telephonies import BASE, SETTINGS, TWILIO_TOKEN
from tests.support.templates import migrated
from tests.support.twilio_line import ACCOUNT, TwilioLine
from tests.support.twilio_peer import TwilioPeer
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

MARIAS, JONAS, CITIZEN, DIALLED = "+46701740605", "+46701740606", "+46701740640", "+46846500400"
RING = {"direction": "incoming", "callid": "c70", "from": CITIZEN, "to": DIALLED}
SID = "CA" + "7" * 32


@pytest.fixture
async def elks() -> AsyncIterator[ElksSimulator]:
    async with ElksSimulator(owned=frozenset({DIALLED})) as provider:
        yield provider


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioPeer]:
    async with TwilioPeer() as peer:
        yield peer


def login(elks: ElksSimulator, twilio: TwilioPeer) -> dict[str, Any]:
    return {
        "elks_url": elks.url,
        "elks_user": elks.user,
        "elks_password": elks.password,
        "twilio_url": twilio.url,
        "twilio_account": ACCOUNT,
    }


@pytest.fixture
async def house(
    settings: ServiceSettings, stocked: Publisher, elks: ElksSimulator, twilio: TwilioPeer
) -> AsyncIterator[Intake]:
    migrated(settings.postgres, "services.intake.migrations")
    own = intake_settings(settings, **SETTINGS, **login(elks, twilio))
    async with started(own, stocked) as running:
        state = running.app.state
        state.answer_call = replace(state.answer_call, promises=Router(away=False))
        for kind in (Kind.OFFER, Kind.PROMISED):
            await state.recordings.upload(ALL, kind, "sv", hold_sound() + kind.encode(), "admin")
        yield running


async def offered(house: Intake, call_id: str) -> str:
    contact_id = natural_contact_id("call", call_id)
    await house.tell(message(ReturnCallOffered(contact_id=contact_id, epoch=0, at=utc_now(), queue="q")))
    return contact_id


async def promised_at_46elks(house: Intake) -> str:
    """Wait until it is offered, press the key, and hang up; return the contact."""
    turns = [(await house.ring(**RING)).json()]
    contact_id = await offered(house, RING["callid"])

    async def asked() -> bool:
        turns.append(await next_of(house, turns[-1], "success", RING))
        return "ivr" in turns[-1]

    await eventually(asked, timeout=15)
    assert "play" in await next_of(house, turns[-1], "1", RING)
    await house.ring("hangup", id=RING["callid"], state="success")
    return contact_id


async def promised_at_twilio(house: Intake) -> str:
    line = TwilioLine(house.client, BASE, TWILIO_TOKEN, SID, CITIZEN, DIALLED)
    await line.post(line.door("voice"), CallStatus="ringing")
    contact_id = await offered(house, f"twilio/{SID}")

    async def asked() -> bool:
        await line.post(line.onwards)
        return "<Gather" in line.told

    await eventually(asked, timeout=15)
    await line.post(line.onwards, Digits="1")
    await line.post(line.door("status"), CallStatus="completed")
    return contact_id


def results(result: str) -> float:
    return REGISTRY.get_sample_value("kc_return_calls_rung_total", {"result": result}) or 0.0


async def accept(house: Intake, contact_id: str, epoch: int, **changes: Any) -> None:
    event: OfferAccepted = accepted(contact_id, epoch=epoch).model_copy(update=changes)
    for _ in range(2):  # as Kafka may
        await house.tell(message(event))


async def test_46elks_rings_the_agent_who_accepts_it_and_then_the_citizen_once(
    house: Intake, elks: ElksSimulator
) -> None:
    contact_id = await promised_at_46elks(house)
    await accept(house, natural_contact_id("call", "c-nobody"), 1)
    await accept(house, contact_id, 1)
    await eventually(lambda: elks.phone(CITIZEN).rung, timeout=15)
    assert elks.phone(MARIAS).rung == elks.phone(CITIZEN).rung
    assert {"from": DIALLED, "to": MARIAS}.items() <= elks.ordered[0].items()
    [leg] = elks.live[0].legs
    assert (leg["to"], leg["from"]) == (CITIZEN, DIALLED), "she sees the number that she called"
    elks.phone(JONAS).takes = "busy"
    await accept(house, contact_id, 2, agent_id="agent-jonas")
    await eventually(lambda: elks.phone(JONAS).rung, timeout=15)
    assert len(elks.phone(CITIZEN).rung) == 1, "who is busy is connected to nobody"
    late, phoneless = results("late"), results("no_phone")
    await accept(house, contact_id, 3, at=utc_now() - timedelta(minutes=1))
    await eventually(lambda: results("late") == late + 1, timeout=15)
    await accept(house, contact_id, 4, agent_id="agent-nobody")
    await eventually(lambda: results("no_phone") == phoneless + 1, timeout=15)
    await accept(house, contact_id, 1)
    await accept(house, contact_id, 5)
    await eventually(lambda: len(elks.ordered) >= 3, timeout=15)
    assert [order["to"] for order in elks.ordered] == [MARIAS, JONAS, MARIAS]


async def test_twilio_is_ordered_the_same_and_what_it_refuses_the_agent_dials_herself(
    house: Intake, twilio: TwilioPeer, elks: ElksSimulator
) -> None:
    contact_id = await promised_at_twilio(house)
    failed, twilio.status = results("failed"), 500
    await accept(house, contact_id, 1)
    await eventually(lambda: results("failed") == failed + 1, timeout=15)
    twilio.status = 200
    await accept(house, contact_id, 2)
    [order] = await eventually(lambda: twilio.ordered, timeout=15)
    assert (order["To"], order["From"]) == (MARIAS, DIALLED)
    [dial] = list(ET.fromstring(order["Twiml"]))  # noqa: S314 - our own order
    assert (dial.tag, dial[0].tag, dial[0].text, dial.get("callerId")) == ("Dial", "Number", CITIZEN, DIALLED)
    assert "Record" not in order
    assert not elks.ordered


async def test_without_a_login_or_when_it_is_not_wanted_nothing_is_rung(
    settings: ServiceSettings, elks: ElksSimulator, twilio: TwilioPeer
) -> None:
    given = login(elks, twilio)
    assert dialers_of(intake_settings(settings)) == {}
    assert dialers_of(intake_settings(settings, **given, ring_return_calls=False)) == {}
    assert set(dialers_of(intake_settings(settings, **given))) == {"", "twilio"}
    assert set(dialers_of(intake_settings(settings, **given | {"elks_url": ""}))) == {"twilio"}
