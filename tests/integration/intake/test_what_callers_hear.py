"""What the entrance says, through the real doors: hours and jour, languages, recordings, a return call, an SMS."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from itertools import count

import pytest

from services.intake.domain.call import CallState
from services.intake.domain.recording import ALL, Kind
from services.intake.web.sounds import hold_sound
from shared.clock import utc_now
from shared.events import ContactReceived, ReturnCallOffered
from shared.ids import natural_contact_id
from shared.publish import Publisher, message, tombstone
from shared.records import EntranceRecord, HoursRecord, IncidentRecord
from shared.settings import ServiceSettings
from shared.topics import CATALOGUE
from shared.vocabulary import Channel, EntranceKind
from tests.integration.intake.doors import Intake, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.telephonies import BASE, TWILIO_TOKEN
from tests.support.templates import migrated
from tests.support.twilio_line import TwilioLine
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

JOUR = "+46846500499"
HOUSE = EntranceRecord(
    id="bostad",
    kind=EntranceKind.NUMBER,
    value="+46846500410",
    name="Bostad",
    unit="bostad",
    greeting="Hej",
    jour=JOUR,
    languages=("sv", "en"),
)
RING = {"direction": "incoming", "callid": "c10", "from": "+46701740640", "to": HOUSE.value}
CLOSED = HoursRecord(unit="bostad", channel=Channel.PHONE, weekly=((),) * 7)


@pytest.fixture
async def house(settings: ServiceSettings, stocked: Publisher) -> AsyncIterator[Intake]:
    migrated(settings.postgres, "services.intake.migrations")
    await stocked.publish(message(HOUSE), timeout=20)
    async with started(
        intake_settings(settings, elks_old_token="gammalt", twilio_token=TWILIO_TOKEN), stocked
    ) as running:
        for kind in Kind:
            await running.app.state.recordings.upload(ALL, kind, "sv", hold_sound() + kind.encode(), "admin")
        yield running


def heard(intake: Intake, kind: Kind) -> str:
    found = intake.app.state.recordings.shelf[ALL, kind, "sv"]
    return f"https://kc.example/intake/sounds/{found.file}"


async def next_of(
    intake: Intake, action: dict[str, str], result: str, ring: Mapping[str, str] = RING
) -> dict[str, str]:
    query = action["next"].partition("?")[2]
    told: dict[str, str] = (await intake.ring(f"next?{query}", **ring, result=result)).json()
    return told


async def test_a_key_chooses_the_language_before_anybody_is_told(house: Intake, read_contacts: ReadContacts) -> None:
    menu = (await house.ring(**RING)).json()
    assert (menu["ivr"], menu["digits"]) == (heard(house, Kind.LANGUAGE), 1)
    assert not await read_contacts()
    message_turn = await next_of(house, menu, "2")
    assert message_turn["play"] == heard(house, Kind.MESSAGE)
    assert await next_of(house, menu, "1") == message_turn, "a repeated request gets the same answer"
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert read.event.language == "en"
    sound = await house.client.get(message_turn["play"].removeprefix("https://kc.example/intake"))
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/wav")
    assert "immutable" in sound.headers["cache-control"]


async def test_closed_leads_to_the_jour_by_a_key_and_to_nobody_else(house: Intake, read_contacts: ReadContacts) -> None:
    await house.tell(message(CLOSED))
    await eventually(lambda: _closed(house))
    menu = (await house.ring(**RING)).json()
    assert menu["ivr"] == heard(house, Kind.CLOSED)
    jour = await next_of(house, menu, "1")
    assert jour["connect"] == JOUR
    assert (await next_of(house, jour, "busy"))["ivr"] == heard(house, Kind.CLOSED)
    await house.ring("hangup", id="c10", state="success")
    later = RING | {"callid": "c11"}
    menu = (await house.ring(**later)).json()
    query = menu["next"].partition("?")[2]
    none = (await house.ring(f"next?{query}", **later, result="failed", why="noinput")).json()
    assert none == {"hangup": "reject"}
    over = await house.app.state.end_call.calls.find("c11")
    assert (over.state, over.ended_at) == (CallState.ENDED, over.asked_at)
    assert (await house.ring(f"next?{query}", **later, result="failed")).json() == {"hangup": "reject"}
    assert not await read_contacts()


async def _closed(intake: Intake) -> bool:
    hours = intake.app.state.answer_call.hours
    return not hours.is_open("bostad", utc_now())


class Router:
    """Promises what it is asked to, or is away."""

    def __init__(self, *, away: bool) -> None:
        self.away = away
        self.asked: list[str] = []

    async def return_call(self, contact_id: str) -> bool:
        self.asked.append(contact_id)
        return not self.away


@pytest.mark.parametrize("away", [False, True])
async def test_a_return_call_is_promised_only_when_the_router_has_it(house: Intake, away: bool) -> None:
    router = Router(away=away)
    house.app.state.answer_call = replace(house.app.state.answer_call, promises=router)
    contact_id = natural_contact_id("call", "c10")
    turn = await next_of(house, (await house.ring(**RING)).json(), "1")
    offer = ReturnCallOffered(contact_id=contact_id, epoch=0, at=utc_now(), queue="q")
    await house.tell(message(offer))
    turns = [turn]

    async def offered() -> bool:
        turns.append(await next_of(house, turns[-1], "success"))
        return turns[-1].get("ivr") == heard(house, Kind.OFFER)

    await eventually(offered, timeout=15)
    answer = await next_of(house, turns[-1], "1")
    assert router.asked == [contact_id]
    if away:
        assert answer["play"].endswith("/sounds/hold-1.wav")
        return
    assert answer["play"] == heard(house, Kind.PROMISED)
    assert await next_of(house, turns[-1], "1") == answer
    assert router.asked == [contact_id], "a repetition promises nothing twice"
    assert await next_of(house, answer, "success") == {"hangup": "reject"}


INCIDENT = IncidentRecord(
    id="vatten", title="Vattnet", text="Vattnet är avstängt på Storgatan.", unit="bostad", opened_at=utc_now()
)
CALLS = count(20)


async def after_the_menu(intake: Intake, to: str = HOUSE.value) -> tuple[str, str]:
    """Ring over 46elks, choose Swedish, and return the first two sounds."""
    ring = RING | {"callid": f"c{next(CALLS)}", "to": to}
    first = (await intake.ring(**ring)).json()
    if "ivr" in first:
        first = await next_of(intake, first, "1", ring)
    second = await next_of(intake, first, "success", ring)
    return first["play"], second["play"]


async def read_aloud(intake: Intake) -> str:
    """Ring over Twilio, choose Swedish, and return what is answered."""
    line = TwilioLine(intake.client, BASE, TWILIO_TOKEN, f"CA{next(CALLS):032}", dialled=HOUSE.value)
    await line.post(line.door("voice"), CallStatus="ringing")
    await line.post(line.onwards, Digits="1")
    return line.told


async def test_a_disturbance_is_told_at_the_door_from_its_record_until_it_is_over(house: Intake) -> None:
    recordings, hold = house.app.state.recordings, f"{BASE}/sounds/hold-1.wav"
    own = await recordings.upload(HOUSE.id, Kind.DISTURBANCE, "sv", hold_sound() + b"own", "admin")
    usual = (heard(house, Kind.MESSAGE), hold)
    assert await after_the_menu(house) == usual
    assert INCIDENT.text not in await read_aloud(house)

    await house.tell(message(INCIDENT))

    async def told() -> bool:
        return await after_the_menu(house) == (f"{BASE}/sounds/{own.file}", heard(house, Kind.MESSAGE))

    await eventually(told, timeout=15)
    assert await after_the_menu(house, "+46846500400") == usual, "another unit's callers are told nothing"
    assert own.file in await read_aloud(house)
    await recordings.remove(HOUSE.id, Kind.DISTURBANCE, "sv")
    assert (await after_the_menu(house))[0] == heard(house, Kind.DISTURBANCE), "that of all entrances"
    await recordings.remove(ALL, Kind.DISTURBANCE, "sv")
    assert await after_the_menu(house) == usual, "nobody has recorded it, and 46elks reads nothing aloud"
    assert f'<Say language="sv-SE" voice="Polly.Astrid">{INCIDENT.text}</Say>' in await read_aloud(house)

    await house.tell(tombstone(CATALOGUE, INCIDENT.key))

    async def silent() -> bool:
        return INCIDENT.text not in await read_aloud(house)

    await eventually(silent, timeout=15)


async def test_an_sms_is_a_contact_and_answered_by_nothing(house: Intake, read_contacts: ReadContacts) -> None:
    for _ in range(2):
        sms = await house.ring("sms", id="s1", to=HOUSE.value, **{"from": "+46701740640"}, message="Hej\nhissen står")
        assert (sms.status_code, sms.content) == (204, b"")
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert (read.event.channel, read.event.form, read.event.entrance) == (Channel.E_SERVICE, "sms", "bostad")
    assert (read.event.text, read.event.sender.phone) == ("Hej\nhissen står", "+46701740640")


async def test_two_tokens_are_taken_while_they_change(house: Intake) -> None:
    settings = house.app.state.settings
    assert settings.elks_old_token.get_secret_value() == "gammalt"
    for token in ("hemligt", "gammalt"):
        assert (await house.client.post(f"/webhooks/46elks/voice?token={token}", data=RING)).status_code == 200
