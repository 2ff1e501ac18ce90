"""Signed form submissions, on a real log and a real database."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.database import upgrade
from shared.events import ContactReceived
from shared.originals import Originals
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.vocabulary import Channel
from tests.integration.intake.doors import (
    Intake,
    intake_settings,
    signed,
    started,
)
from tests.integration.intake.reading import ReadContacts

pytestmark = pytest.mark.integration


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
    settings: ServiceSettings, stocked: Publisher, read_contacts: ReadContacts
) -> None:
    upgrade(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, publish_timeout=0.0001), stocked) as slow:
        answer = await slow.form(submission())
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    async with started(intake_settings(settings), stocked) as well:
        assert (await well.form(submission())).status_code == 202
    assert len({read.id for read in await read_contacts()}) == 1
