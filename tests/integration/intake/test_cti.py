"""An exchange that tells of its calls, on a real log and a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.clock import utc_now
from shared.events import ContactAnswered, ContactEnded, ContactReceived, Event
from shared.ids import natural_contact_id
from shared.publish import Publisher, message
from shared.records import AgentProfile, EntranceRecord
from shared.settings import ServiceSettings
from shared.vocabulary import EntranceKind
from tests.integration.intake.doors import Intake, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.templates import migrated
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

TOKEN = {"cti_token": "nyckel-1", "cti_old_token": "nyckel-0"}
RING = {"event": "newCall", "from": "46701740601", "to": "46846500411", "direction": "in", "callId": "a-1"}
CONTACT = natural_contact_id("cti", "a-1")
ACE = EntranceRecord(
    id="ace",
    kind=EntranceKind.NUMBER,
    value="+46846500411",
    name="ÅFA",
    unit="kontaktcenter",
    greeting="Välkommen till ÅFA",
    queue_owner="pbx",
)


@pytest.fixture
async def cti(settings: ServiceSettings, stocked: Publisher) -> AsyncIterator[Intake]:
    migrated(settings.postgres, "services.intake.migrations")
    lina = AgentProfile(id="agent-lina", name="Lina Å", logins=("5103", "lina@kommun.example"))
    await stocked.publish(message(ACE), message(lina), timeout=30)
    async with started(intake_settings(settings, **TOKEN), stocked) as running:
        yield running


async def say(cti: Intake, *, token: str = "nyckel-1", **changed: Any) -> httpx.Response:
    said = {name: value for name, value in (RING | changed).items() if value is not None}
    return await cti.client.post(f"/webhooks/cti/{token}", json=said)


async def told(read_contacts: ReadContacts, count: int) -> list[Event]:
    async def enough() -> list[Event]:
        found = [one.event for one in await read_contacts()]
        return found if len(found) >= count else []

    return await eventually(enough)


async def test_a_call_rings_is_answered_by_an_agent_and_ends(cti: Intake, read_contacts: ReadContacts) -> None:
    for _ in range(3):
        assert (await say(cti)).json() == {}
    for _ in range(3):
        form = RING | {"event": "answer", "user[]": ["5103"], "answeringNumber": "5103"}
        assert (await cti.client.post("/webhooks/cti/nyckel-1", data=form)).status_code == 200
    for _ in range(3):
        assert (await say(cti, event="hangup", cause="normalClearing")).status_code == 200
    received, answered, ended = await told(read_contacts, 3)
    assert isinstance(received, ContactReceived)
    assert (received.contact_id, received.call_id) == (CONTACT, "cti/a-1")
    assert (received.entrance, received.queue_owner, received.sender.phone) == ("ace", "pbx", "+46701740601")
    assert isinstance(answered, ContactAnswered)
    assert (answered.agent_id, answered.takes_over) == ("agent-lina", True)
    assert isinstance(ended, ContactEnded)
    assert ended.reason == "hung_up"
    assert ended.talk_seconds == (ended.ended_at - answered.answered_at).total_seconds()
    assert ended.waited_seconds == (answered.answered_at - received.received_at).total_seconds()
    assert (ended.abandoned, ended.short) == (False, False)


async def test_a_call_that_nobody_answers_has_no_talk(cti: Intake, read_contacts: ReadContacts) -> None:
    await say(cti)
    await say(cti, event="hangup", cause="cancel")
    _, ended = await told(read_contacts, 2)
    assert isinstance(ended, ContactEnded)
    assert (ended.reason, ended.talk_seconds) == ("hung_up", 0)
    assert (ended.abandoned, ended.short) == (True, True)


async def test_who_gives_up_after_a_while_is_abandoned_and_not_short(cti: Intake, read_contacts: ReadContacts) -> None:
    await say(cti)
    later = utc_now() + timedelta(seconds=40)
    cti.app.state.follow_exchange = replace(cti.app.state.follow_exchange, clock=lambda: later)
    await say(cti, event="hangup", cause="noAnswer")
    received, ended = await told(read_contacts, 2)
    assert isinstance(received, ContactReceived)
    assert isinstance(ended, ContactEnded)
    assert (ended.abandoned, ended.short, ended.talk_seconds) == (True, False, 0)
    assert ended.waited_seconds == (later - received.received_at).total_seconds()


async def test_moved_from_one_to_another_and_back_each_is_later(cti: Intake, read_contacts: ReadContacts) -> None:
    await say(cti)
    for user in ("5103", "Växeln", "agent-maria", "agent-maria", "5103"):
        await say(cti, event="answer", user=user)
    _, *answers = await told(read_contacts, 5)
    assert all(isinstance(one, ContactAnswered) for one in answers)
    assert [one.agent_id for one in answers if isinstance(one, ContactAnswered)] == [
        "agent-lina",
        None,
        "agent-maria",
        "agent-lina",
    ]
    times = [one.answered_at for one in answers if isinstance(one, ContactAnswered)]
    assert times == sorted(set(times))


async def test_whatever_comes_first_opens_the_call_and_nothing_comes_after_its_end(
    cti: Intake, read_contacts: ReadContacts
) -> None:
    await say(cti, event="answer", user="5103")
    await say(cti)
    await say(cti, event="hangup", cause="normalClearing")
    await say(cti, event="answer", user="agent-maria")
    await say(cti, callId="a-2", event="hangup", cause="cancel")
    await say(cti, callId="a-2")
    found = await told(read_contacts, 5)
    kinds = {
        one: [type(e).__name__ for e in found if e.key == natural_contact_id("cti", one)] for one in ("a-1", "a-2")
    }
    assert kinds == {
        "a-1": ["ContactReceived", "ContactAnswered", "ContactEnded"],
        "a-2": ["ContactReceived", "ContactEnded"],
    }


async def test_forwarded_elsewhere_is_answered_elsewhere(cti: Intake, read_contacts: ReadContacts) -> None:
    await say(cti)
    await say(cti, event="hangup", cause="forwarded")
    _, answered, ended = await told(read_contacts, 3)
    assert isinstance(answered, ContactAnswered)
    assert answered.agent_id is None
    assert isinstance(ended, ContactEnded)
    assert (ended.reason, ended.abandoned, ended.short) == ("forwarded", False, False)


async def test_what_is_no_contact_is_only_counted(cti: Intake, read_contacts: ReadContacts) -> None:
    for event in ("newCall", "answer", "hangup"):
        assert (await say(cti, event=event, direction="out")).status_code == 200
        assert (await say(cti, event=event, to="5999", **{"from": "5101"})).status_code == 200
    await say(cti, callId="b-1", to="46850000000", **{"from": "anonymous"})
    await say(cti, callId="b-2", **{"from": "5101"})
    found = {one.key: one for one in await told(read_contacts, 2)}
    assert set(found) == {natural_contact_id("cti", "b-1"), natural_contact_id("cti", "b-2")}
    strange, internal = found[natural_contact_id("cti", "b-1")], found[natural_contact_id("cti", "b-2")]
    assert isinstance(strange, ContactReceived)
    assert (strange.entrance, strange.flags) == ("vaxel", ("unknown_entrance", "withheld_number"))
    assert strange.queue_owner is None
    assert isinstance(internal, ContactReceived)
    assert internal.flags == ("internal_number",)
    metrics = (await cti.client.get("/metrics")).text
    assert 'kc_exchange_total{event="rings",what="outgoing"}' in metrics
    assert 'kc_exchange_total{event="answered",what="internal"}' in metrics


async def test_an_exchange_that_reports_the_whole_house_is_heard_for_our_entrances_alone(
    settings: ServiceSettings, cti: Intake, read_contacts: ReadContacts
) -> None:
    async with started(intake_settings(settings, **TOKEN, cti_only_entrances=True), cti.publisher) as house:
        assert (await say(house, to="46850000000")).status_code == 200
        assert (await say(house, callId="c-1", to="46850000000", queue="+46846500411")).status_code == 200
    (received,) = await told(read_contacts, 1)
    assert received.key == natural_contact_id("cti", "c-1")


async def test_the_token_is_the_key_and_two_are_while_it_is_changed(settings: ServiceSettings, cti: Intake) -> None:
    assert (await say(cti, token="nyckel-0")).status_code == 200
    for wrong in ("nyckel-2", "nyckel", "%20", "%F0%9F%94%91", "nyckel-1x"):
        answer = await say(cti, token=wrong)
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("not-found")
    near = TOKEN | {"cti_networks": ["192.0.2.0/24"]}
    async with started(intake_settings(settings, **near), cti.publisher) as strict:
        assert (await say(strict)).status_code == 403
    shut = intake_settings(settings, cti_token="", cti_old_token="")
    async with started(shut, cti.publisher) as closed:
        assert (await say(closed, token="x")).status_code == 404


async def test_bad_input_is_named_and_nothing_is_taken_in(cti: Intake, read_contacts: ReadContacts) -> None:
    answer = await say(cti, event="dial", callId="x" * 251, direction=None)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/event", "/direction", "/callId"]
    english = await cti.client.post("/webhooks/cti/nyckel-1", json={}, headers={"accept-language": "en"})
    assert english.json()["errors"][0] == {"pointer": "/event", "detail": "This is missing."}
    for body in (b"{", b"[]", b"\xff\xfe", b'{"event": "newCall"}'):
        kind = {"content-type": "application/json"}
        assert (await cti.client.post("/webhooks/cti/nyckel-1", content=body, headers=kind)).status_code == 422
    assert (await cti.client.post("/webhooks/cti/nyckel-1", content=b"event=\x00")).status_code == 422
    assert await read_contacts() == []


async def test_what_is_said_while_the_log_is_silent_is_told_later_in_order(
    settings: ServiceSettings, stocked: Publisher, read_contacts: ReadContacts
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    await stocked.publish(message(ACE), timeout=30)
    async with started(intake_settings(settings, **TOKEN, publish_timeout=0.0001), stocked) as hasty:
        await say(hasty)
        await say(hasty, event="answer", user="agent-maria")
        await say(hasty, event="hangup", cause="normalClearing")
        found = await told(read_contacts, 3)
    kinds = list(dict.fromkeys(type(one).__name__ for one in found))
    assert kinds == ["ContactReceived", "ContactAnswered", "ContactEnded"]
