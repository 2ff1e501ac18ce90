"""The doors of intake on a real log and a real database: forms, calls, visits."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from standardwebhooks.webhooks import Webhook

from services.intake.main import create_app
from services.intake.settings import Settings
from shared.clock import utc_now
from shared.database import upgrade
from shared.events import ContactEnded, ContactReceived, ContactRequeued, OfferAccepted
from shared.ids import natural_contact_id, new_id
from shared.originals import Originals
from shared.publish import Publisher, message
from shared.records import AgentProfile
from shared.settings import ServiceSettings
from shared.topics_admin import ensure_topics
from shared.vocabulary import Channel
from tests.integration.intake.conftest import ENTRANCES, Read, ReadContacts
from tests.support.wait import eventually

pytestmark = pytest.mark.integration

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
BEARER = {"authorization": "Bearer local-only-token"}


@dataclass(frozen=True, slots=True)
class Intake:
    """A running intake and a client that calls it."""

    app: FastAPI
    client: httpx.AsyncClient
    publisher: Publisher
    settings: Settings

    async def form(self, body: dict[str, Any] | bytes, **headers: str) -> httpx.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post("/webhooks/forms", content=data, headers=signed(data) | headers)

    async def ring(self, door: str = "voice", **form: str) -> httpx.Response:
        return await self.client.post(f"/webhooks/46elks/{door}", data=form)


def signed(data: bytes, *, at: datetime | None = None, key: str = SECRET) -> dict[str, str]:
    name, moment = f"msg_{secrets.token_hex(4)}", at or datetime.now(UTC)
    signature = Webhook(key).sign(name, moment, data.decode("utf-8", "replace"))
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
        "content-type": "application/json",
    }


@asynccontextmanager
async def started(settings: Settings, publisher: Publisher) -> AsyncIterator[Intake]:
    app = create_app(settings)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000), raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://intake") as client,
    ):
        yield Intake(app, client, publisher, settings)


def intake_settings(settings: ServiceSettings, **more: Any) -> Settings:
    own = {"webhook_secret": SECRET, "elks_token": "hemligt", "public_url": "https://kc.example/intake"}
    return Settings(**{**settings.model_dump(exclude={"port"}), **own, **more})


@pytest.fixture
async def publisher(settings: ServiceSettings) -> AsyncIterator[Publisher]:
    await ensure_topics(settings)
    made = Publisher(settings, "test")
    await made.start()
    await made.publish(*(message(entrance) for entrance in ENTRANCES))
    await made.publish(message(AgentProfile(id="agent-maria", name="Maria", phone="+46701740605")))
    yield made
    await made.stop()


@pytest.fixture
async def intake(settings: ServiceSettings, publisher: Publisher) -> AsyncIterator[Intake]:
    upgrade(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings), publisher) as running:
        yield running


def submission(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "form": "kontakta-oss",
        "submission_id": f"s-{number}",
        "submitted_at": "2026-11-25T08:00:00+01:00",
        "applicant": {"name": "Anna Berg", "email": "Anna@Example.se", "phone": "070-174 06 05"},
        "fields": {"ärende": "Lampan på gatan är trasig", "plats": {"gata": "Åsgatan 3", "antal": 2}},
        **more,
    }


async def test_a_form_is_a_contact_with_its_original(intake: Intake, read_contacts: ReadContacts) -> None:
    file = {"name": "../bild.png", "content_type": "image/png", "base64": base64.b64encode(b"png").decode()}
    answer = await intake.form(submission(attachments=[file]))
    assert answer.status_code == 202, answer.text
    (read,) = await read_contacts()
    event = read.event
    assert isinstance(event, ContactReceived)
    assert answer.json() == {"contact_id": event.contact_id}
    assert (event.channel, event.entrance, event.form, event.flags) == (
        Channel.E_SERVICE,
        "formular",
        "kontakta-oss",
        (),
    )
    assert event.fields == {"ärende": "Lampan på gatan är trasig", "plats / gata": "Åsgatan 3", "plats / antal": "2"}
    assert event.text == "Lampan på gatan är trasig\nÅsgatan 3"
    assert (event.sender.email, event.sender.phone) == ("anna@example.se", "+46701740605")
    store = Originals(intake.settings.originals)
    assert json.loads(await store.get(str(event.original_key)))["submission_id"] == "s-1"
    assert event.attachments[0].name == "bild.png"
    assert await store.get(event.attachments[0].store_key) == b"png"


async def test_the_same_submission_has_the_same_answer_and_no_second_event(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    answers = [await intake.form(submission()) for _ in range(2)]
    answers += await asyncio.gather(*(intake.form(submission(2)) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["contact_id"] for answer in answers}) == 2
    assert len(await read_contacts()) == 2


@pytest.mark.parametrize("fields", [None, {}, {"fråga": ""}])
async def test_a_form_without_fields_is_a_flagged_contact(
    intake: Intake, read_contacts: ReadContacts, fields: dict[str, str] | None
) -> None:
    assert (await intake.form(submission(fields=fields))).status_code == 202
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert read.event.flags == ("no_fields",)


async def test_an_unknown_form_comes_in_by_the_default_entrance(intake: Intake, read_contacts: ReadContacts) -> None:
    assert (await intake.form(submission(form="okänd"))).status_code == 202
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert (read.event.entrance, read.event.flags) == ("formular", ("unknown_entrance",))


async def test_what_is_wrong_is_named_and_nothing_is_published(intake: Intake, read_contacts: ReadContacts) -> None:
    wrong: list[tuple[dict[str, Any] | bytes, set[str]]] = [
        ({"fields": {"a": "b"}}, {"/form", "/submission_id"}),
        (submission(fields=["a"]), {"/fields"}),
        (submission(submitted_at="i går"), {"/submitted_at"}),
        (submission(attachments=[{"name": "a", "base64": "%%"}]), {"/attachments/0/base64"}),
        (b"{inte json", {""}),
        (b"[]", {""}),
    ]
    for body, pointers in wrong:
        answer = await intake.form(body)
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert {error["pointer"] for error in answer.json()["errors"]} == pointers
    assert await read_contacts() == []


async def test_a_wrong_or_old_signature_is_refused(intake: Intake, read_contacts: ReadContacts) -> None:
    data = json.dumps(submission()).encode()
    good = signed(data)
    other = "whsec_" + base64.b64encode(b"x" * 24).decode()
    for headers in (
        signed(data, key=other),
        signed(data, at=datetime.now(UTC) - timedelta(minutes=6)),
        signed(data, at=datetime.now(UTC) + timedelta(minutes=6)),
        good | {"webhook-id": "another"},
        good | {"webhook-signature": "v1"},
        good | {"webhook-signature": "v1,%%%"},
        good | {"webhook-timestamp": "nan"},
        {"content-type": "application/json"},
    ):
        answer = await intake.client.post("/webhooks/forms", content=data, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.json()["type"].endswith("bad-signature")
    assert (await intake.client.post("/webhooks/forms", content=b"\xff\xfe", headers=good)).status_code == 401
    assert await read_contacts() == []


async def test_a_silent_log_is_503_and_the_retry_is_one_contact(
    settings: ServiceSettings, publisher: Publisher, read_contacts: ReadContacts
) -> None:
    upgrade(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, publish_timeout=0.0001), publisher) as slow:
        answer = await slow.form(submission())
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    async with started(intake_settings(settings), publisher) as well:
        assert (await well.form(submission())).status_code == 202
    assert len({read.id for read in await read_contacts()}) == 1


RING = {"direction": "incoming", "callid": "c01", "from": "+46701111111", "to": "+46846500400"}


async def test_a_call_hears_the_recording_then_hold_then_the_agent_and_ends(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    first = (await intake.ring(**RING)).json()
    assert first["play"] == "https://example.se/ko.mp3"
    assert first["next"] == "https://kc.example/intake/webhooks/46elks/next?after=message&token=hemligt"
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert read.event.contact_id == natural_contact_id("call", "c01")
    assert (read.event.entrance, read.event.sender.phone, read.event.call_id) == ("vaxel", "+46701111111", "c01")
    hold = (await intake.ring("next?after=message", **RING, result="success")).json()
    assert hold["play"].endswith("/sounds/hold-1.wav")

    await intake.publisher.publish(message(accepted(read.event.contact_id, epoch=1)))
    connect = await eventually(lambda: _connects(intake), timeout=15)
    assert connect["connect"] == "+46701740605"
    assert connect["callerid"] == "+46701111111"
    busy = (await intake.ring("next?after=connect", **RING, result="busy")).json()
    assert "hold" in busy["play"]
    again = (await intake.ring("next?after=hold", **RING, result="success")).json()
    assert again["connect"] == "+46701740605"
    over = (await intake.ring("next?after=connect", **RING, result="success")).json()
    assert "hangup" in over

    end = {"id": "c01", "state": "success", "duration": "9", "legs": '[{"duration": 0.001}]'}
    for _ in range(2):
        assert (await intake.ring("hangup", **end)).status_code == 204
    found = await eventually(lambda: _ended(read_contacts))
    ended = found[-1].event
    assert isinstance(ended, ContactEnded)
    assert ended.reason == "hung_up"
    assert ended.talk_seconds == 0.001
    assert "hangup" in (await intake.ring("next?after=hold", **RING)).json()


def accepted(contact_id: str, *, epoch: int) -> OfferAccepted:
    return OfferAccepted(
        contact_id=contact_id,
        epoch=epoch,
        at=utc_now(),
        offer_id=new_id(),
        agent_id="agent-maria",
        channel=Channel.PHONE,
        queue="q",
        waited_seconds=1,
    )


async def _connects(intake: Intake) -> dict[str, str]:
    action: dict[str, str] = (await intake.ring("next?after=hold", **RING, result="success")).json()
    return action if "connect" in action else {}


async def _ended(read_contacts: ReadContacts) -> list[Read]:
    found = await read_contacts()
    return found if any(isinstance(one.event, ContactEnded) for one in found) else []


async def test_a_call_that_is_requeued_waits_again(intake: Intake) -> None:
    await intake.ring(**RING)
    contact_id = natural_contact_id("call", "c01")
    back = ContactRequeued(contact_id=contact_id, epoch=2, at=utc_now(), queue="q", reason="no_answer")
    await intake.publisher.publish(message(accepted(contact_id, epoch=1)))
    await eventually(lambda: _connects(intake), timeout=15)
    await intake.publisher.publish(message(back))
    await eventually(lambda: _holds(intake))
    await intake.publisher.publish(message(accepted(contact_id, epoch=1)), message(accepted(contact_id, epoch=3)))
    await eventually(lambda: _connects(intake))


async def _holds(intake: Intake) -> bool:
    return not await _connects(intake)


async def test_a_repeated_ring_is_one_contact_and_an_unknown_number_is_flagged(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    strange = {"id": "c02", "from": "anonymous", "to": "+46850000000", "direction": "incoming"}
    for _ in range(3):
        assert "play" in (await intake.ring(**strange)).json()
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    assert read.event.flags == ("unknown_entrance", "withheld_number")
    assert read.event.entrance == "vaxel"
    assert (await intake.ring(to="+46846500400")).status_code == 422
    assert (await intake.ring("hangup", id="never-seen")).status_code == 204
    sms = await intake.ring("sms", id="s1", message="Hej")
    assert (sms.status_code, sms.content) == (204, b"")


async def test_a_call_is_answered_when_the_log_is_silent_and_told_later(
    settings: ServiceSettings, publisher: Publisher, read_contacts: ReadContacts
) -> None:
    upgrade(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, publish_timeout=0.0001), publisher) as slow:
        assert "play" in (await slow.ring(**RING)).json()
        await slow.ring("hangup", callid="c01", state="failed")
        found = await eventually(lambda: _ended(read_contacts), timeout=15)
    kinds = [type(one.event) for one in found]
    assert kinds.index(ContactReceived) < kinds.index(ContactEnded)
    assert len({one.id for one in found}) == 2


async def test_telephony_needs_its_token_or_its_address(settings: ServiceSettings, publisher: Publisher) -> None:
    upgrade(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, trusted_proxies=["10.0.0.0/8"]), publisher) as intake:
        for client, headers, query, expected in (
            ("203.0.113.9", {}, "", 403),
            ("203.0.113.9", {}, "?token=fel", 403),
            ("203.0.113.9", {}, "?token=hemligt", 200),
            ("203.0.113.9", {"x-forwarded-for": "176.10.154.199"}, "", 403),
            ("176.10.154.199", {}, "", 200),
            ("::ffff:176.10.154.199", {}, "", 200),
            ("2001:9b0:2:902::199", {}, "", 200),
            ("10.0.0.1", {"x-forwarded-for": "1.2.3.4, 176.10.154.199"}, "", 200),
            ("10.0.0.1", {"x-forwarded-for": "176.10.154.199, 1.2.3.4"}, "", 403),
        ):
            transport = httpx.ASGITransport(intake.app, client=(client, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://intake") as outside:
                answer = await outside.post(f"/webhooks/46elks/voice{query}", data=RING, headers=headers)
            assert answer.status_code == expected, (client, headers, query)


async def test_a_visit_gets_the_next_ticket_of_its_desk_and_leaves_once(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    body = {"entrance": "stadshuset", "matter": "Vill lämna in en ansökan", "name": "Bo"}
    keyed = BEARER | {"idempotency-key": "k1"}
    first, same, second = [
        await intake.client.post("/api/v1/visits", json=body, headers=headers) for headers in (keyed, keyed, BEARER)
    ]
    assert first.status_code == 201, first.text
    assert first.json()["ticket"] == "B001"
    assert same.json() == first.json()
    assert second.json()["ticket"] == "B002"
    other = await intake.client.post("/api/v1/visits", json=body | {"matter": "annat"}, headers=keyed)
    assert other.status_code == 422
    found = await eventually(lambda: _events(read_contacts, 2))
    assert {one.event.ticket for one in found} == {"B001", "B002"}  # type: ignore[attr-defined] # all received
    contact_id = first.json()["contact_id"]
    for _ in range(2):
        left = await intake.client.post(f"/reception/visits/{contact_id}/left", headers=BEARER)
        assert left.status_code == 303
    assert len([one for one in await eventually(lambda: _ended(read_contacts)) if one.event.key == contact_id]) == 2


async def _events(read_contacts: ReadContacts, count: int) -> list[Read]:
    found = await read_contacts()
    return found if len(found) == count else []


async def test_hands_are_guarded_and_unknown_desks_named(intake: Intake) -> None:
    body = {"entrance": "finns-inte", "matter": "x"}
    assert (await intake.client.post("/api/v1/visits", json=body)).status_code == 401
    answer = await intake.client.post("/api/v1/visits", json=body, headers=BEARER)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/entrance"
    page = await intake.client.get("/reception", headers={"accept": "text/html"})
    assert page.status_code == 303


async def test_a_call_by_hand_is_a_contact(intake: Intake, read_contacts: ReadContacts) -> None:
    body = {"entrance": "vaxel", "from": "070-174 06 05", "note": "Undrar om bygglov"}
    keyed = BEARER | {"idempotency-key": "k1"}
    answers = [await intake.client.post("/api/v1/calls", json=body, headers=keyed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert answers[0].json() == answers[1].json()
    (read,) = await eventually(lambda: _events(read_contacts, 1))
    assert isinstance(read.event, ContactReceived)
    assert (read.event.sender.phone, read.event.text) == ("+46701740605", "Undrar om bygglov")


async def test_the_reception_page_shows_who_waits(intake: Intake) -> None:
    page = await intake.client.get("/reception", headers=BEARER)
    assert page.status_code == 200, page.text
    assert "Ingen väntar" in page.text
    form = {"entrance": "stadshuset", "matter": "Ansökan <b>", "name": "Bo Ek", "once": "o1"}
    posted = [await intake.client.post("/reception/visits", data=form, headers=BEARER) for _ in range(2)]
    assert {answer.headers["location"] for answer in posted} == {"/reception?desk=stadshuset&ticket=B001"}
    part = await intake.client.get("/reception/waiting?desk=stadshuset", headers=BEARER)
    assert part.text.count("B001") >= 1
    assert "Ansökan &lt;b&gt;" in part.text
    assert "<html" not in part.text
    shown = await intake.client.get(posted[0].headers["location"], headers=BEARER)
    assert "B001" in shown.text
    empty = await intake.client.post(
        "/reception/visits", data={"entrance": "stadshuset", "matter": " "}, headers=BEARER
    )
    assert empty.status_code == 422
    english = await intake.client.get("/reception", headers=BEARER | {"accept-language": "en"})
    assert "Register a visit" in english.text


async def test_a_visit_shows_with_whom_it_is_and_goes_when_done(intake: Intake) -> None:
    body = {"entrance": "stadshuset", "matter": "Ansökan"}
    contact_id = (await intake.client.post("/api/v1/visits", json=body, headers=BEARER)).json()["contact_id"]
    taken = accepted(contact_id, epoch=1).model_copy(update={"channel": Channel.VISIT})
    await intake.publisher.publish(message(taken))
    await eventually(lambda: _shows(intake, "Hos kommunvägledare"), timeout=15)


async def _shows(intake: Intake, text: str) -> bool:
    return text in (await intake.client.get("/reception/waiting?desk=stadshuset", headers=BEARER)).text


async def test_it_is_ready_and_says_what_fails(intake: Intake) -> None:
    await eventually(lambda: _ready(intake), timeout=15)


async def _ready(intake: Intake) -> bool:
    return (await intake.client.get("/health/ready")).status_code == 200
