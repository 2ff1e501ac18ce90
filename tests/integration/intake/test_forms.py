"""Signed form submissions, on a real log and a real database."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from services.intake.store.webhook_ids import KEEP_MINUTES, WebhookIds
from shared.database import make_engine
from shared.events import ContactReceived
from shared.originals import Originals
from shared.publish import Publisher
from shared.settings import ServiceSettings
from shared.vocabulary import Channel
from tests.integration.intake.doors import (
    SECRET,
    Intake,
    intake_settings,
    signed,
    started,
)
from tests.integration.intake.reading import ReadContacts
from tests.support.templates import migrated

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


def counted(door: str, reason: str) -> float:
    return REGISTRY.get_sample_value("kc_refused_total", {"door": door, "reason": reason}) or 0.0


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
    assert counted("forms", "no_signature") >= 1
    assert counted("forms", "timestamp") >= 2
    assert counted("forms", "malformed") >= 3
    assert counted("forms", "signature") >= 3


async def test_the_same_id_with_another_body_is_refused_and_with_the_same_body_answered_again(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    before = counted("forms", "replay")
    first, other = (json.dumps(submission(number)).encode() for number in (1, 2))

    async def post(data: bytes, name: str) -> httpx.Response:
        return await intake.client.post("/webhooks/forms", content=data, headers=signed(data, name=name))

    answers = [await post(first, "msg_1"), await post(first, "msg_1")]
    answers += await asyncio.gather(*(post(first, "msg_1") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["contact_id"] for answer in answers}) == 1
    refused = await post(other, "msg_1")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kontaktcenter:problem:webhook-id-reused")
    mixed = await asyncio.gather(*(post(data, "msg_2") for data in (first, other) * 3))
    assert sorted(answer.status_code for answer in mixed) == [202] * 3 + [409] * 3
    assert counted("forms", "replay") - before == 4
    assert (await post(other, "msg_3")).status_code == 202
    broken = await post(b"{", "msg_4")
    assert (broken.status_code, (await post(other, "msg_4")).status_code) == (422, 202)  # nothing was taken in by it


async def test_ids_are_kept_for_the_tolerance_and_not_for_ever(intake: Intake) -> None:
    first, other = (json.dumps(submission(number)).encode() for number in (1, 2))
    headers = signed(first, name="msg_old"), signed(other, name="msg_old")
    ids = WebhookIds(make_engine(intake.settings, "intake"))

    async def post(data: bytes, number: int) -> int:
        return (await intake.client.post("/webhooks/forms", content=data, headers=headers[number])).status_code

    assert [await post(first, 0), await post(other, 1)] == [202, 409]
    assert await ids.forget_before(datetime.now(UTC) - timedelta(minutes=KEEP_MINUTES)) == 0
    async with ids._engine.begin() as connection:
        await connection.execute(text("UPDATE intake.webhook_ids SET seen_at = now() - interval '16 minutes'"))
    assert [await post(other, 1), await post(first, 0)] == [202, 409]
    assert await ids.forget_before(datetime.now(UTC) + timedelta(minutes=1)) == 1
    await ids.stop()
    await ids._engine.dispose()


async def test_several_keys_are_in_force_and_it_is_counted_which_one_signed(
    settings: ServiceSettings, stocked: Publisher
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    keys = {name: "whsec_" + base64.b64encode(name.encode() * 3).decode() for name in ("eplattform-26", "formular-27")}
    own = intake_settings(settings, webhook_secrets=keys)
    data = json.dumps(submission()).encode()
    async with started(own, stocked) as several:
        for name, key in {**keys, "current": SECRET}.items():
            before = REGISTRY.get_sample_value("kc_webhook_signed_total", {"key": name}) or 0
            both = signed(data, key=key)
            both["webhook-signature"] = "v1,AAAA v2,x " + both["webhook-signature"]
            answer = await several.client.post("/webhooks/forms", content=data, headers=both)
            assert answer.status_code == 202
            assert REGISTRY.get_sample_value("kc_webhook_signed_total", {"key": name}) == before + 1


async def test_a_stranger_costs_no_body(intake: Intake) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(10):
            read += 1
            yield b"x" * 1000

    stale = signed(b"x", at=datetime.now(UTC) - timedelta(hours=1))
    for headers in ({}, stale, stale | {"webhook-signature": "v2,abc"}):
        assert (await intake.client.post("/webhooks/forms", content=body(), headers=headers)).status_code == 401
    # The client inside the process reads ahead what it sends; the door itself never asked for a piece.
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/webhooks/forms", "raw_path": b"", "query_string": b""}
    more = {"headers": [(b"host", b"x")], "scheme": "http", "server": ("x", 80), "client": ("127.0.0.1", 1)}
    await intake.app({**scope, **more, "http_version": "1.1", "root_path": ""}, receive, send)
    assert (said[0]["status"], asked) == (401, 0)


def attachment(name: str = "a.txt", data: bytes = b"hej", **more: str) -> dict[str, str]:
    return {"name": name, "content_type": "text/plain", "base64": base64.b64encode(data).decode(), **more}


async def test_files_have_names_kinds_and_what_is_dangerous_about_them_as_in_mail(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    given = [
        attachment("faktura.pdf", b"MZ" + b"\0" * 62 + b"PE\0\0", content_type="application/pdf"),
        attachment("", b"", content_type="application/octet-stream"),  # a file field that was left empty
        attachment("tom.txt", b""),
        attachment(" ", b"utan namn"),
        attachment("..\\..\\con", b"x"),
        attachment("a" * 400 + ".txt", b"x"),
        attachment("rader.txt", b"1234", base64="MTIz\r\n NA=="),
        attachment("faktura.pdf", b"igen"),
    ]
    assert (await intake.form(submission(attachments=given))).status_code == 202
    (read,) = await read_contacts()
    assert isinstance(read.event, ContactReceived)
    files = read.event.attachments
    assert [(one.name if len(one.name) < 50 else len(one.name), one.size) for one in files] == [
        ("faktura.pdf", 68),
        ("tom.txt", 0),
        ("bilaga-3.txt", 9),
        ("bilaga", 1),
        (112, 1),
        ("rader.txt", 4),
        ("faktura.pdf", 4),
    ]
    assert {"executable", "type_mismatch"} <= set(files[0].flags)
    assert len({one.store_key for one in files}) == len(files)
    assert await Originals(intake.settings.originals).get(files[5].store_key) == b"1234"


async def test_too_many_or_too_large_files_are_refused_by_name_of_their_place(
    settings: ServiceSettings, stocked: Publisher, read_contacts: ReadContacts
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, form_files=2, form_file_bytes=10), stocked) as strict:
        wrong = {
            "/attachments/2": [attachment()] * 3,
            "/attachments/1/base64": [attachment(data=b"12345"), attachment(data=b"123456")],
        }
        for pointer, files in wrong.items():
            answer = await strict.form(submission(attachments=files))
            assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])
        absurd = await strict.form(submission(attachments=[attachment()] * 1001))
        assert [one["pointer"] for one in absurd.json()["errors"]] == ["/attachments"]
        faults = await strict.form(submission(attachments=[attachment(base64="%")] * 900))
        assert len(faults.json()["errors"]) == 100
        assert faults.json()["errors"][0]["detail"] == "Filen går inte att läsa som base64."
        english = await strict.form(submission(attachments=[attachment()] * 3), **{"accept-language": "en"})
        assert english.json()["errors"][0]["detail"] == "There are more files than are accepted."
        assert (await strict.form(submission(attachments=[attachment(data=b"12345")] * 2))).status_code == 202
    assert len(await read_contacts()) == 1


async def test_a_silent_log_is_503_and_the_retry_is_one_contact(
    settings: ServiceSettings, stocked: Publisher, read_contacts: ReadContacts
) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, publish_timeout=0.0001), stocked) as slow:
        answer = await slow.form(submission())
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    async with started(intake_settings(settings), stocked) as well:
        assert (await well.form(submission())).status_code == 202
    assert len({read.id for read in await read_contacts()}) == 1


async def test_only_a_form_may_be_as_large_as_a_form(intake: Intake) -> None:
    file = {"name": "b.bin", "content_type": "image/png", "base64": base64.b64encode(b"x" * 1_100_000).decode()}
    assert (await intake.form(submission(attachments=[file]))).status_code == 202
    for door in ("/webhooks/46elks/x/voice", "/webhooks/qmatic/x", "/webhooks/cti/x"):
        assert (await intake.client.post(door, content=b"x" * 1_100_000)).status_code == 413, door
