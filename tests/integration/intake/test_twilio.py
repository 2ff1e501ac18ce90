"""Calls by Twilio: signed by its own library, on a real log and a real database."""

import hashlib
import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode, urljoin

import httpx
import pytest
from prometheus_client import REGISTRY
from twilio.request_validator import RequestValidator

import shared.web.refusals
from shared.events import CallConnected, ContactEnded, ContactReceived
from shared.ids import natural_contact_id
from shared.publish import Publisher, message
from shared.records import EntranceRecord
from shared.settings import ServiceSettings
from shared.vocabulary import EntranceKind
from tests.integration.intake.doors import Intake, accepted, ended_events, intake_settings, started
from tests.integration.intake.reading import ReadContacts
from tests.support.templates import migrated
from tests.support.twilio_line import TwilioLine
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

BASE = "https://kc.example/intake"
TOKEN, OLD_TOKEN = "1" * 32, "2" * 32
KEY = "webhooks_sharedkey_7"
TWILIO = {"twilio_token": TOKEN, "twilio_old_token": OLD_TOKEN, "twilio_keys": {KEY: "hemlig nyckel"}}
CONTACT = natural_contact_id("call", "twilio/CA" + "1" * 32)


@pytest.fixture
async def intake(settings: ServiceSettings, stocked: Publisher) -> AsyncIterator[Intake]:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, **TWILIO), stocked) as running:
        yield running


@pytest.fixture
def line(intake: Intake) -> TwilioLine:
    return TwilioLine(intake.client, BASE, TOKEN)


async def dials(line: TwilioLine) -> str:
    """Return the phone that is rung, after one more piece of hold sound."""
    await line.post(line.onwards)
    return line.verbs[0][0].text or "" if line.verbs[0].tag == "Dial" else ""


async def test_a_call_hears_the_recording_then_hold_then_the_agent_and_ends(
    intake: Intake, line: TwilioLine, read_contacts: ReadContacts
) -> None:
    answer = await line.post(line.door("voice"), CallStatus="ringing")
    assert answer.headers["content-type"].partition(";")[0] == "application/xml"
    assert (line.verbs[0].tag, line.verbs[0].text) == ("Play", "https://example.se/ko.mp3")
    assert line.onwards.startswith(f"{BASE}/webhooks/twilio/next?after=message")
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert (read.event.contact_id, read.event.entrance) == (CONTACT, "vaxel")
    assert (read.event.sender.phone, read.event.flags) == ("+46701740605", ())
    await line.post(line.onwards)
    assert "/sounds/hold-1.wav" in line.told

    await intake.tell(message(accepted(CONTACT, epoch=1)))
    assert await eventually(lambda: dials(line), timeout=15) == "+46701740605"
    assert line.verbs[0].get("callerId") == "+46701740605"
    leg = {"CallSid": "CA" + "2" * 32, "ParentCallSid": line.sid, "Direction": "outbound-dial"}
    here, told = line.onwards, urljoin(line.where, line.verbs[0][0].get("statusCallback", ""))
    for _ in range(2):
        assert (await line.post(told, **leg)).status_code == 204
    ended = {"DialCallStatus": "completed", "DialCallSid": "CA" + "2" * 32, "DialCallDuration": "0"}
    for _ in range(2):
        await line.post(here, **ended)
        assert [verb.tag for verb in line.verbs] == ["Hangup"]
    status = {"CallStatus": "completed", "CallDuration": "31", "SequenceNumber": "0", "CallbackSource": "call-progress"}
    for _ in range(2):
        assert (await line.post(line.door("status"), **status)).status_code == 204
    found = await eventually(lambda: ended_events(read_contacts))
    assert [type(one.event) for one in found].count(ContactEnded) == 1
    (through,) = [one.event for one in found if isinstance(one.event, CallConnected)]
    assert (through.epoch, through.exact) == (1, True)
    assert isinstance(found[-1].event, ContactEnded)
    assert (found[-1].event.reason, found[-1].event.talk_seconds) == ("hung_up", 0)
    await line.post(line.door("voice"))
    assert [verb.tag for verb in line.verbs] == ["Reject"]


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
async def test_whoever_leaves_is_gone_once_whatever_comes_when(
    intake: Intake, line: TwilioLine, read_contacts: ReadContacts, status: str
) -> None:
    await line.post(line.door("voice"))
    onwards = line.onwards
    for state, number in ((status, "3"), ("ringing", "1"), ("in-progress", "2"), (status, "3")):
        answer = await line.post(line.door("status"), CallStatus=state, SequenceNumber=number)
        assert (answer.status_code, answer.content) == (204, b"")
    await line.post(onwards)
    assert line.verbs[0].tag == "Hangup"
    found = await eventually(lambda: ended_events(read_contacts))
    (ended,) = [one.event for one in found if isinstance(one.event, ContactEnded)]
    assert ended.reason == (status if status in {"busy", "failed"} else "hung_up")


async def test_who_hangs_up_in_the_conversation_is_gone_before_the_status_says_so(
    line: TwilioLine, read_contacts: ReadContacts
) -> None:
    await line.post(line.door("voice"))
    await line.post(line.door("next?after=connect"), CallStatus="completed", DialCallStatus="completed")
    assert line.verbs == []
    assert await eventually(lambda: ended_events(read_contacts))


async def test_other_calls_and_other_legs_are_none_of_ours(line: TwilioLine, read_contacts: ReadContacts) -> None:
    await line.post(line.door("voice"))
    await line.post(line.door("status"), CallStatus="completed", ParentCallSid=line.sid)
    await line.post(line.door("status"), CallStatus="completed", CallSid="CA" + "9" * 32)
    await line.post(line.door("voice"), Direction="outbound-api", CallSid="CA" + "8" * 32)
    assert line.verbs == []
    assert (await line.post(line.door("voice"), CallSid="")).status_code == 422
    assert len(await read_contacts()) == 1


async def test_what_twilio_adds_without_notice_is_signed_and_passed_over(line: TwilioLine) -> None:
    line.more = {"StirVerstat": "", "CallToken": "%7B%22a%22%3A1%7D", "Nytt 2027": " två  ord\n", "ö": "Å & ä=+%"}
    line.caller = "Anonymous"
    assert (await line.post(line.door("voice"))).status_code == 200
    line.method = "GET"
    assert (await line.post(line.onwards)).status_code == 200
    assert "hold-1.wav" in line.told


async def test_what_is_not_recorded_is_read_aloud_and_a_key_chooses_the_language(
    intake: Intake, line: TwilioLine, read_contacts: ReadContacts
) -> None:
    line.dialled = "+46846500410"
    entrance = EntranceRecord(
        id="sprak",
        kind=EntranceKind.NUMBER,
        value=line.dialled,
        name="Växel",
        unit="kontaktcenter",
        greeting="Hej",
        languages=("sv", "en"),
    )
    await intake.tell(message(entrance))
    await eventually(lambda: intake.app.state.answer_call.entrances.entrance("sprak"))
    await line.post(line.door("voice"))
    (asks,) = line.verbs
    assert (asks.tag, asks.get("numDigits")) == ("Gather", "1")
    assert [one.get("language") for one in asks.iter("Say")] == ["sv-SE", "en-GB"]
    asked = line.onwards
    for _ in range(2):
        await line.post(asked, Digits="2")
        assert "Gather" not in line.told
    (taken,) = [one.event for one in await read_contacts()]
    assert isinstance(taken, ContactReceived)
    assert (taken.entrance, taken.language) == ("sprak", "en")


def refusals(why: str) -> float:
    return REGISTRY.get_sample_value("kc_refused_total", {"door": "twilio", "reason": why}) or 0.0


async def test_what_twilio_has_not_signed_leaves_no_trace(
    line: TwilioLine,
    read_contacts: ReadContacts,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared.web.refusals, "_logged", {})
    voice, form = line.door("voice"), line.form()
    good = line.sign(voice, form)
    other = TwilioLine(line.client, BASE, "3" * 32)
    counted = {why: refusals(why) for why in ("signature", "missing")}
    for address, sent, signature in (
        (voice, form, ""),
        (voice, form, other.sign(voice, form)),
        (voice, form, line.sign("https://other.example/intake/webhooks/twilio/voice", form)),
        (voice, form, line.sign(voice.replace("https", "http"), form)),
        (f"{voice}?x=1", form, good),
        (line.door("status"), form, good),
        (voice, form | {"From": "+46701740699"}, good),
        (voice, form | {"More": ""}, good),
    ):
        answer = await line.send(address, sent, signature=signature)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:kontaktcenter:problem:bad-signature")
        assert answer.json()["title"] == "Signaturen stämmer inte."
    assert refusals("missing") == counted["missing"] + 1
    assert refusals("signature") == counted["signature"] + 7
    logged = "".join(capfd.readouterr())
    assert "door_refused" in logged
    assert not [one for one in (line.sid, line.caller[1:], good, TOKEN) if one in logged]
    assert await read_contacts() == []
    for _ in range(2):
        assert (await line.send(voice, form, signature=good)).status_code == 200, "a repetition is no replay"
    assert len(await read_contacts()) == 1


async def test_tokens_and_shared_keys_are_changed_while_it_rings(intake: Intake, line: TwilioLine) -> None:
    for token, code in ((TOKEN, 200), (OLD_TOKEN, 200), ("3" * 32, 403)):
        line.token = token
        assert (await line.post(line.door("voice"))).status_code == code
    voice, form = line.door("voice"), line.form()
    signed = {"x-twilio-webhooks-signature-settings": f"key={KEY},algorithm=HMAC_SHA256"}
    line.token = "hemlig nyckel"
    line.client.headers.update(signed)
    assert (await line.send(voice, form, signature=line.sign(voice, form))).status_code == 403, "SHA-1 is no SHA-256"
    by_key = RequestValidator(line.token).compute_signature(voice, form, "HMAC_SHA256")
    assert (await line.send(voice, form, signature=by_key)).status_code == 200
    line.client.headers["x-twilio-webhooks-signature-settings"] = f"key={KEY},algorithm=HMAC_SHA1"
    assert (await line.send(voice, form, signature=line.sign(voice, form))).status_code == 403, "no downgrade"


async def test_a_body_that_is_no_form_and_one_that_is_too_large(intake: Intake, line: TwilioLine) -> None:
    body = json.dumps(line.form()).encode()
    voice = f"{line.door('voice')}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", "x-twilio-signature": line.sign(voice, {})}
    path = voice.removeprefix(BASE)
    assert (await intake.client.post(path, content=body, headers=headers)).status_code == 200
    assert (await intake.client.post(path, content=body + b" ", headers=headers)).status_code == 403
    large = {"From": "x" * 70_000}
    answer = await line.send(line.door("voice"), large, signature=line.sign(line.door("voice"), large))
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


async def test_nobody_comes_in_where_no_account_is_set_up(settings: ServiceSettings, stocked: Publisher) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings), stocked) as closed:
        for token in ("", TOKEN):
            line = TwilioLine(closed.client, BASE, token)
            assert (await line.post(line.door("voice"))).status_code == 403


async def test_our_address_is_what_a_trusted_proxy_says(settings: ServiceSettings, stocked: Publisher) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    own = intake_settings(settings, **TWILIO, public_url="", public_prefix="/intake", trusted_proxies=["10.0.0.0/8"])
    seen = {"x-forwarded-proto": "https", "x-forwarded-host": "kc.example"}
    async with started(own, stocked) as intake:
        for client, headers, address, code in (
            ("10.0.0.1", seen, "https://kc.example/intake", 200),
            ("10.0.0.1", seen, "https://kc.example:443/intake", 200),
            ("10.0.0.1", seen | {"x-forwarded-port": "8443"}, "https://kc.example:8443/intake", 200),
            ("10.0.0.1", seen | {"x-forwarded-host": "wrong.example, kc.example"}, "https://kc.example/intake", 200),
            ("10.0.0.1", seen, "https://wrong.example/intake", 403),
            ("203.0.113.9", seen, "https://kc.example/intake", 403),
            ("203.0.113.9", {}, "http://intake/intake", 200),
        ):
            transport = httpx.ASGITransport(intake.app, client=(client, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://intake", headers=headers) as outside:
                line = TwilioLine(outside, address, TOKEN)
                answer = await line.post(line.door("voice") + "?" + urlencode({"a": "å b"}))
            assert answer.status_code == code, (client, headers, address)
