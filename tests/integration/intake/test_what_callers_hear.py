"""What the entrance says, through the real doors: hours and jour, languages, recordings, a return call, an SMS."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.intake.domain.call import CallState
from services.intake.domain.recording import ALL, Kind
from services.intake.web.sounds import hold_sound
from shared.clock import utc_now
from shared.events import ContactReceived, ReturnCallOffered
from shared.ids import natural_contact_id
from shared.publish import Publisher, message
from shared.records import EntranceRecord, HoursRecord
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, EntranceKind
from tests.integration.intake.doors import Intake, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.templates import migrated
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
    async with started(intake_settings(settings, elks_old_token="gammalt"), stocked) as running:
        for kind in Kind:
            await running.app.state.recordings.upload(ALL, kind, "sv", hold_sound() + kind.encode(), "admin")
        yield running


def heard(intake: Intake, kind: Kind) -> str:
    found = intake.app.state.recordings.shelf[ALL, kind, "sv"]
    return f"https://kc.example/intake/sounds/{found.file}"


async def next_of(intake: Intake, action: dict[str, str], result: str) -> dict[str, str]:
    query = action["next"].partition("?")[2]
    told: dict[str, str] = (await intake.ring(f"next?{query}", **RING, result=result)).json()
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
