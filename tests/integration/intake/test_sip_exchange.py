"""A real exchange tells its calls: sipp rings sipp through Kamailio, and what it says has been SIP before."""

from datetime import datetime

import pytest

from services.intake.main import create_app
from shared.events import ContactAnswered, ContactEnded, ContactReceived, Event
from shared.publish import Publisher
from shared.settings import ServiceSettings
from tests.integration.intake.doors import intake_settings
from tests.integration.intake.reading import ReadContacts
from tests.support.served import served
from tests.support.sip_exchange import Exchange, needs_sip
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = [pytest.mark.integration, needs_sip]

CALLER, NUMBER, MARIAS = "+46701740650", "+46846500400", "+46701740605"
TOKEN = "en-hemlig-adress-som-ingen-gissar"
PLAYED = (("phone", "caller"), ("phone-rings", "caller-leaves"), ("phone-busy", "caller-refused"))


async def test_calls_that_have_been_sip_are_each_received_answered_and_ended_once(
    settings: ServiceSettings, stocked: Publisher, read_contacts: ReadContacts
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    app = create_app(intake_settings(settings, cti_token=TOKEN))
    answered = {"user": "Maria", "answeringNumber": MARIAS}
    async with served(app) as url, Exchange(f"{url}/webhooks/cti/{TOKEN}", answered) as exchange:
        for phone, caller in PLAYED:
            assert await exchange.plays(phone, caller, to=NUMBER, sender=CALLER) == 0, caller

        async def told() -> list[list[Event]]:
            calls: dict[str, list[Event]] = {}
            for event in {one.id: one.event for one in await read_contacts()}.values():
                assert isinstance(event, ContactReceived | ContactAnswered | ContactEnded)
                calls.setdefault(event.contact_id, []).append(event)
            over = [events for events in calls.values() if isinstance(events[-1], ContactEnded)]
            return sorted(over, key=_came) if len(over) == len(PLAYED) else []

        talked, left, busy = await eventually(told, timeout=60)
    received, taken, ended = talked
    assert isinstance(received, ContactReceived)
    assert (received.sender.phone, received.entrance) == (CALLER, "vaxel")
    assert isinstance(taken, ContactAnswered)
    assert taken.agent_id == "agent-maria"
    assert isinstance(ended, ContactEnded)
    assert ended.talk_seconds
    for events, reason in ((left, "hung_up"), (busy, "busy")):
        assert [type(event) for event in events] == [ContactReceived, ContactEnded]
        assert isinstance(events[1], ContactEnded)
        assert events[1].reason == reason


def _came(events: list[Event]) -> datetime:
    assert isinstance(events[0], ContactReceived)
    return events[0].received_at
