"""A mail on casework's pages, as a browser without scripts meets it: its look, its files, and reading it again."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from services.casework.channels.intake import Intake, IntakeDownError
from shared.errors import DomainError, NotFoundError
from shared.events import Attachment
from shared.originals import Originals
from shared.vocabulary import Channel, Role
from shared.web.access import Person
from tests.support.desk import DeskHouse, desk_house
from tests.support.served import served
from tests.support.web import MARIA, PER, client_of, log_in

pytestmark = pytest.mark.integration

NUMBER = "KC-2026-000001"
KEY = "m1/original"
RAW = (
    b'Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hej</p><img src="https://t.example/p"><script>alert(1)</script>'
)


@dataclass
class Door:
    """Intake's door for reading a mail again, as its contract says; what it is asked is written down."""

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    status: int = 202
    unreadable: bool = False


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    found, app = Door(), FastAPI()
    app.state.closing = asyncio.Event()

    @app.post("/api/v1/mails/{contact_id}/read-again")
    async def read_again(contact_id: str, request: Request) -> JSONResponse:
        found.asked.append((contact_id, request.headers["authorization"]))
        return JSONResponse({"contact_id": contact_id, "unreadable": found.unreadable}, status_code=found.status)

    async with served(app) as found.url:
        yield found


@pytest.fixture
async def house(settings, door) -> AsyncIterator[DeskHouse]:
    own = settings.model_copy(update={"intake_url": door.url})
    async with desk_house(own) as found, found.app.router.lifespan_context(found.app):
        await Originals(own.originals).put(KEY, RAW, content_type="message/rfc822")
        yield found


@pytest.fixture
async def client(house) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(house.app, accept="text/html") as made:
        yield made


async def arrive(house: DeskHouse, **facts: object) -> str:
    given = {"email": "anna.ek@example.se", "subject": "Kallt", "text": "Hej", "original_key": KEY}
    return await house.arrive(Channel.EMAIL, **{**given, **facts})  # type: ignore[arg-type] # facts of a contact


async def test_the_look_of_a_mail_is_a_page_that_nothing_can_be_done_from(house, client):
    contact_id = await arrive(house)
    await log_in(house.app, client, MARIA)
    answer = await client.get(f"/cases/{NUMBER}/contacts/{contact_id}/shown")
    assert answer.status_code == 200
    assert "<p>Hej</p>" in answer.text
    assert "1 bild ligger hos avsändaren och hämtas inte." in answer.text
    assert not re.search("<script|t.example|csrf|/cases/", answer.text)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:;")
    assert not re.search("allow-(scripts|same-origin|forms|top|modals)|'self'(?!; form)", policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "no-store" in answer.headers["cache-control"]
    page = await client.get(f"/cases/{NUMBER}")
    frame = re.search(r"<iframe[^>]*>", page.text)
    assert frame
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[0]
    assert 'loading="lazy"' in frame[0]
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    alone = await client.get(f"/cases/{NUMBER}/contacts/{contact_id}/as-it-looked")
    assert "<iframe" in alone.text  # a page of its own without scripts


async def test_while_others_mails_are_read_the_frame_says_so(house, client):
    contact_id = await arrive(house)
    await log_in(house.app, client, MARIA)
    reader = replace(house.app.state.casework.read_shown, patience=0)
    house.app.state.casework = replace(house.app.state.casework, read_shown=reader)
    async with reader.turn:
        answer = await client.get(f"/cases/{NUMBER}/contacts/{contact_id}/shown")
    assert (answer.status_code, "Flera mejl läses in just nu." in answer.text) == (503, True)
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("end", ["shown", "as-it-looked", "original", "attachments/1", "read-again"])
async def test_what_came_with_a_mail_is_guarded_as_its_case_is(house, client, end):
    file = Attachment(name="a.pdf", content_type="application/pdf", size=3, store_key=KEY)
    contact_id = await arrive(house, attachments=(file,))
    address = f"/cases/{NUMBER}/contacts/{contact_id}/{end}"
    assert (await client.get(address)).status_code == (await client.get(f"/cases/{NUMBER}")).status_code == 303
    await log_in(house.app, client, Person("x", "Elsa", frozenset({Role.OFFICER}), frozenset({"miljo"})))
    assert (await client.get(address)).status_code == (await client.get(f"/cases/{NUMBER}")).status_code == 404
    await log_in(house.app, client, Person("y", "Olle", frozenset({Role.OPS}), frozenset({"*"})))
    assert (await client.get(address)).status_code == (await client.get(f"/cases/{NUMBER}")).status_code == 403
    await log_in(house.app, client, MARIA)
    assert (await client.get(address)).status_code in {200, 204}


async def test_files_say_what_they_are_and_those_that_are_held_have_no_link(house, client):
    given = {"size": 3, "store_key": KEY}
    files = (
        Attachment(name="hyra.pdf", content_type="application/pdf", detected_type="application/pdf", **given),
        Attachment(
            name="bild.jpg",
            content_type="image/jpeg",
            detected_type="application/x-executable",
            flags=("executable", "type_mismatch"),
            **given,
        ),
        Attachment(name="virus.doc", content_type="application/msword", scan="infected", **given),
        Attachment(name="stor.zip", content_type="application/zip", scan="failed", **given),
        Attachment(
            name="brev.doc", content_type="application/msword", detected_type="application/x-ole-storage", **given
        ),
    )
    contact_id = await arrive(house, attachments=files, flags=("infected",))
    await log_in(house.app, client, MARIA)
    page = (await client.get(f"/cases/{NUMBER}")).text
    page = page[page.index('<ul class="files') :]
    listed = re.findall(r"<li>(?:<a|<span class=\"held\")(?:(?!</li>).)*</li>", page, re.DOTALL)
    plain = [" ".join(re.sub("<[^>]+>", " ", one).split()) for one in listed]
    assert plain == [
        "hyra.pdf 1 kB · PDF",
        "bild.jpg 1 kB · program Sägs vara JPEG men är program Kör program, öppna inte",
        "virus.doc 1 kB · DOC Skadlig kod, går inte att öppna",
        "stor.zip 1 kB · ZIP Väntar på viruskontroll",
        "brev.doc 1 kB · äldre Office-fil",
        "Mejlet som det kom (.eml) Hålls inne för en fils skull",
    ]
    links = re.findall(rf'href="/cases/{NUMBER}/contacts/{contact_id}/([^"]+)" download', page)
    assert links == ["attachments/1", "attachments/2", "attachments/5"]
    statuses = [
        (await client.get(f"/cases/{NUMBER}/contacts/{contact_id}/{end}")).status_code
        for end in ("attachments/3", "attachments/4", "original", "attachments/2")
    ]
    assert statuses == [403, 409, 403, 200]
    assert "<iframe" not in page
    for end in ("shown", "as-it-looked"):
        assert (await client.get(f"/cases/{NUMBER}/contacts/{contact_id}/{end}")).status_code == 403
    client.cookies.set("kc_lang", "en")
    assert "Said to be JPEG but is a program" in (await client.get(f"/cases/{NUMBER}")).text


async def test_whoever_is_handed_the_case_reads_the_mail_likewise(house, client):
    contact_id = await arrive(house, full_text="Hej\n> Tidigare svar", flags=("signed",))
    made = await house.casework.hand_over.run(NUMBER, MARIA, request_id="one")
    await log_in(house.app, client, PER)
    page = (await client.get(f"/inbox/{made.id}")).text
    for words in ("Visa hela mejlet", "Tidigare svar", "Visa som mejlet såg ut", "signerat digitalt"):
        assert words in page, words
    assert (await client.get(f"/cases/{NUMBER}/contacts/{contact_id}/shown")).status_code == 200


@pytest.mark.parametrize("part", [True, False])
async def test_a_mail_is_read_again_by_intake_and_the_page_says_what_came_of_it(house, client, door, part):
    contact_id = await arrive(house, unreadable=True, text="", subject="")
    token = await log_in(house.app, client, MARIA)
    address = f"/cases/{NUMBER}/contacts/{contact_id}/read-again"
    for page in (f"/cases/{NUMBER}", f"/desk?case={NUMBER}"):
        assert f'action="{address}"' in (await client.get(page)).text
    said = {"hx-request": "true"} if part else {}
    answer = await client.post(address, data={"_csrf": token}, headers=said)
    assert [one[0] for one in door.asked] == ["m1"]
    assert door.asked[0][1] == f"Bearer {house.app.state.settings.machine_token.get_secret_value()}"
    if not part:
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{NUMBER}")
        return
    assert "Mejlet är läst igen." in answer.text
    assert f'hx-get="{address}"' in answer.text
    waiting = await client.get(address, headers=said)
    assert (waiting.status_code, "hx-refresh" in waiting.headers) == (204, False)
    door.unreadable = True
    assert "nu heller" in (await client.post(address, data={"_csrf": token}, headers=said)).text
    assert (await client.post(address, headers=said)).status_code == 403  # no token of a page of ours


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFoundError), (409, DomainError), (500, IntakeDownError), (503, IntakeDownError)]
)
async def test_what_intake_refuses_is_an_error_that_says_so(door, status, error, settings):
    door.status = status
    with pytest.raises(error):
        await Intake(door.url, settings.machine_token).read_again("m1")


async def test_intake_that_does_not_answer_is_away(settings):
    with pytest.raises(IntakeDownError):
        await Intake("http://127.0.0.1:9", settings.machine_token).read_again("m1")
