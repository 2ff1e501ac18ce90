"""Replies on the pages, as a browser without scripts and as htmx: nothing typed is lost, refusals stand beside it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.casework.domain.outgoing import OutgoingDeed
from services.casework.web.mail_state import MailOutage
from shared.vocabulary import Channel
from tests.support.casework import PER
from tests.support.desk import MAIL, DeskHouse, desk_house
from tests.support.web import MARIA

pytestmark = pytest.mark.integration


@pytest.fixture
async def house(settings) -> AsyncIterator[DeskHouse]:
    async with desk_house(settings) as found:
        yield found


@pytest.fixture
async def client(house: DeskHouse) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(house.app)
    async with house.app.router.lifespan_context(house.app):
        token = await house.app.state.sessions.start(MARIA)
        cookies = {"kc_session": token}
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=cookies) as found:
            found.headers["accept"] = "text/html"
            yield found


async def mailed(house: DeskHouse) -> str:
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    [row] = (await house.casework.list_cases.run(MARIA)).items
    return row.number


async def send(
    client: httpx.AsyncClient, path: str, files: list[tuple[str, Any]] | None = None, *, part: bool = False, **form: str
) -> httpx.Response:
    """Post a form as the page would: with its token, as many parts when files go along."""
    page = (await client.get("/desk")).text
    token = re.search(r'name="csrf" content="([^"]+)"', page)
    assert token
    headers = {"hx-request": "true"} if part else {}
    return await client.post(path, data={"_csrf": token[1], **form}, files=files, headers=headers)


def text_in(page: str) -> str:
    found = re.search(r'<textarea id="f-text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return found[1]


async def test_the_dialog_begins_with_the_greeting_and_keeps_what_is_typed(house, client):
    number = await mailed(house)
    page = (await client.get(f"/desk/cases/{number}/reply")).text
    assert text_in(page).startswith("Hej, och tack för att du hör av dig till ÅFA.")
    assert 'type="hidden" name="channel" value="email"' in page, "no way but mail is offered"
    saved = await send(client, f"/desk/cases/{number}/reply/draft", part=True, text="Påbörjat", channel="email")
    assert "sparat" in saved.text
    assert text_in((await client.get(f"/desk/cases/{number}/reply")).text) == "Påbörjat"


async def test_a_template_is_put_in_after_what_is_written_and_its_blank_is_refused_beside_the_field(house, client):
    number = await mailed(house)
    address = f"/desk/cases/{number}/reply"
    page = (await client.get(address)).text
    assert page.index("Kallt inne") < page.index("Felanmälan är mottagen") < page.index("Vi behöver veta mer")
    part = await send(client, f"{address}/template", part=True, text="Hej igen.", template="svar-komplettering")
    said = text_in(part.text)
    assert said.startswith("Hej igen.\n\nHej Anna Ek,")
    assert "[fyll i: vad vi behöver veta]" in said
    refused = await send(client, address, text=said, request_id="r1", seen="", channel="email")
    assert refused.status_code == 422
    beside = re.search(r'id="e-text">([^<]*)<', refused.text)
    assert beside
    assert beside[1] == "Fyll i det som är markerat innan du skickar: vad vi behöver veta."
    assert text_in(refused.text) == said
    part = await send(client, address, part=True, text=said, request_id="r1", seen="", channel="email")
    assert (part.status_code, part.headers["hx-retarget"]) == (422, "#dialog-body")
    assert text_in((await client.get(address)).text) == said, "and after a reload"
    missing = await send(client, address, text="  ", request_id="r1", seen="")
    assert "Uppgiften saknas." in missing.text


async def test_files_are_added_removed_and_sent_without_scripts(house, client):
    number = await mailed(house)
    address = f"/desk/cases/{number}/reply"
    one = ("file", ("hyra åäö.pdf", b"%PDF-1", "application/pdf"))
    two = ("file", ("bort.txt", b"x", "text/plain"))
    assert (await send(client, f"{address}/files", [one, two], text="Se filen.")).status_code == 303
    page = (await client.get(address)).text
    assert text_in(page) == "Se filen."
    assert "hyra åäö.pdf" in page
    [gone] = re.findall(r"files/([\w-]+)/remove\"[^>]*aria-label=\"Ta bort bort.txt", page)
    await send(client, f"{address}/files/{gone}/remove", text="Se filen.")
    big = ("file", ("stor.bin", b"x" * (5 * 1024 * 1024 + 1), "x/y"))
    refused = await send(client, f"{address}/files", [big], text="Se filen.")
    assert refused.status_code == 422
    assert "stor.bin är för stor." in refused.text
    huge = ("file", ("enorm.bin", b"x" * (12 * 1024 * 1024), "x/y"))
    assert (await send(client, f"{address}/files", [huge])).status_code == 413
    empty = ("file", ("", b"", "application/octet-stream"))
    sent = await send(client, address, [empty], text="Se filen.", request_id="r1", seen="", channel="email")
    assert sent.headers["location"] == f"/desk?case={number}"
    page = (await client.get(f"/cases/{number}")).text
    [link] = re.findall(rf'href="(/cases/{number}/sent/[^"]+)"', page)
    file = await client.get(link)
    assert (file.content, file.headers["content-type"]) == (b"%PDF-1", "application/octet-stream")
    assert "sandbox" in file.headers["content-security-policy"]
    assert "bort.txt" not in page


async def test_a_reply_is_taken_back_from_the_desk_and_stands_in_the_dialog_again(house, client):
    number = await mailed(house)
    address = f"/desk/cases/{number}/reply"
    await send(client, address, text="Fel svar.", request_id="r1", seen="")
    page = (await client.get("/desk")).text
    assert f"Svaret i {number} skickas strax." in page
    [reply] = re.findall(r'name="reply_id" value="([\w-]+)"', page)
    back = await send(client, f"{address}/undo", reply_id=reply)
    assert back.headers["location"] == address
    assert text_in((await client.get(address)).text) == "Fel svar."
    assert "skickas strax" not in (await client.get("/desk/sending")).text
    assert "Fel svar." not in (await client.get(f"/cases/{number}")).text
    deeds = await house.casework.read_case.run(number, MARIA)
    assert OutgoingDeed.UNDO_REPLY.value in {one.what for one in deeds.history}


async def test_too_late_is_said_in_the_readers_language(house, client):
    number = await mailed(house)
    reply = await house.casework.reply.run(number, MARIA, "Hej.", "k1")
    async with house.casework.send_mail.uow.begin() as work:
        await work.mails.take_back((await house.casework.read_case.run(number, MARIA)).id, "none")
        await work.conn.exec_driver_sql("UPDATE casework.mails_out SET attempts = 1 WHERE kind = 'reply'")
    page = await send(client, f"/desk/cases/{number}/reply/undo", reply_id=reply)
    assert page.status_code == 409
    assert "Svaret har redan gått i väg" in page.text
    client.cookies.set("kc_lang", "en")
    assert "already on its way" in (await send(client, f"/desk/cases/{number}/reply/undo", reply_id=reply)).text


async def test_what_did_not_arrive_is_said_and_sent_again_from_the_case(house, client):
    number = await mailed(house)
    await house.casework.reply.run(number, MARIA, "Hej.", "k1")
    async with house.casework.send_mail.uow.begin() as work:
        await work.conn.exec_driver_sql(
            "UPDATE casework.mails_out SET state = 'failed', problem = '550', next_at = NULL WHERE kind = 'reply'"
        )
    page = (await client.get(f"/cases/{number}")).text
    assert "gick inte fram" in page
    assert "adressen är fel eller spärrad" in page
    [address] = re.findall(rf'action="(/cases/{number}/messages/[^"]+/again)"', page)
    assert (await send(client, address)).status_code == 303
    assert "köad" in (await client.get(f"/cases/{number}")).text
    assert (await send(client, address)).status_code == 409


async def test_the_mail_server_away_is_said_where_one_works(house, client):
    number = await mailed(house)
    outage: MailOutage = house.app.state.mail_outage
    for address in ("/desk", f"/cases/{number}", f"/desk/cases/{number}/reply"):
        assert "E-posten ligger nere" not in (await client.get(address)).text
    async with house.casework.send_mail.uow.begin() as work:
        await work.conn.exec_driver_sql(
            "UPDATE casework.mails_out SET problem = 'away connect', created_at = created_at - interval '2 minutes'"
        )
    await outage.look()
    for address in ("/desk", f"/cases/{number}", f"/desk/cases/{number}/reply"):
        assert "E-posten ligger nere sedan" in (await client.get(address)).text, address
    client.cookies.clear()
    client.cookies.set("kc_session", await house.app.state.sessions.start(PER))
    assert "E-posten ligger nere sedan" in (await client.get("/inbox")).text


async def test_a_colleagues_answer_is_shown_before_one_writes_and_when_one_sends(house, client):
    number = await mailed(house)
    address = f"/desk/cases/{number}/reply"
    page = (await client.get(address)).text
    assert 'name="seen" value=""' in page
    other = next(one for one in await house.casework.read_people.run() if one.id == "agent-jonas-berg")
    jonas = await house.casework.read_people.person(other.id)
    reply = await house.casework.reply.run(number, jonas, "Vi kommer i dag.", "k1")
    refused = await send(client, address, text="Vi kommer i morgon.", request_id="r1", seen="")
    assert refused.status_code == 409
    assert "Jonas Berg har nyss svarat" in refused.text
    assert "Vi kommer i dag." in refused.text
    assert text_in(refused.text) == "Vi kommer i morgon."
    assert f'name="seen" value="{reply}"' in refused.text
    sent = await send(client, address, text="Vi kommer i morgon.", request_id="r1", seen=reply)
    assert sent.status_code == 303


async def test_after_a_call_an_sms_is_offered_at_the_end_and_an_answer_by_sms_is_counted(settings, monkeypatch):
    monkeypatch.setenv("KC_ELKS_URL", "http://127.0.0.1:9")
    async with desk_house(settings) as house:
        async with house.casework.send_mail.uow.begin() as work:
            await work.conn.exec_driver_sql("UPDATE casework.entrances SET sms_sender = 'AFA'")
        async with house.app.router.lifespan_context(house.app):
            token = await house.app.state.sessions.start(MARIA)
            transport = httpx.ASGITransport(house.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://testserver", cookies={"kc_session": token}
            ) as client:
                client.headers["accept"] = "text/html"
                await house.arrive(Channel.PHONE, phone="070-174 06 05", first="förtur")
                await send(client, "/desk/next")
                page = (await client.get("/desk")).text
                [offer] = re.findall(r'name="offer_id" value="([\w-]+)"', page)
                await send(client, "/desk/accept", offer_id=offer)
                await answers_by_sms(client, house)


async def answers_by_sms(client: httpx.AsyncClient, house: DeskHouse) -> None:
    address = "/desk/cases/KC-2026-000001"
    assert f'href="{address}/reply"' in (await client.get("/desk")).text
    page = (await client.get(f"{address}/reply")).text
    assert "Svara 070-174 06 05" in page
    assert text_in(page) == "", "what is said to callers is no letter"
    assert "Vi når dig inte" in page
    saved = await send(client, f"{address}/reply/draft", part=True, text="å" * 161, channel="sms")
    assert "2 sms" in saved.text
    refused = await send(client, f"{address}/reply", text="å" * 1000, channel="sms", request_id="r0", seen="")
    assert refused.status_code == 422
    assert "Sms:et är för långt: 7 delar, högst 6." in refused.text
    await send(client, f"{address}/reply", text="Vi ringer i dag.", channel="sms", request_id="r1", seen="")
    for end in ("close", "handover"):
        assert "Skicka sms med ärendenummer till 070-174 06 05" in (await client.get(f"{address}/{end}")).text
    closed = await send(client, f"{address}/close", resolution="lost_av_kc", request_id="c1", sms="true")
    assert closed.status_code == 303, closed.text
    async with house.casework.send_mail.uow.begin() as work:
        rows = await work.sms.of_case((await house.casework.read_case.run("KC-2026-000001", MARIA)).id)
    assert [(one["kind"], one["recipient"]) for one in rows] == [("reply", "+46701740605"), ("receipt", "+46701740605")]
    assert "KC-2026-000001" in rows[1]["body"]
    page = (await client.get("/cases/KC-2026-000001")).text
    assert "sms till" in page
