"""Casework's pages on a real database and Valkey, as a browser without scripts meets them."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from services.casework.web.login import NoSafeLoginError, make_login
from shared.clock import utc_now
from shared.events import Attachment, ContactPurged, ContactReceived, Sender
from shared.ids import new_id
from shared.originals import Originals, attachment_key, original_key
from shared.settings import ServiceSettings
from shared.vocabulary import Channel, Resolution, Role
from shared.web.access import Person
from shared.web.oidc import OidcSettings
from tests.support.desk import MAIL, DeskHouse
from tests.support.web import MARIA, client_of, post

pytestmark = pytest.mark.integration
PAGE = {"accept": "text/html"}


@pytest.fixture
async def client(house) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(house.app, **PAGE) as made:
        yield made


async def log_in(client: httpx.AsyncClient, person: str, wanted: str = "/") -> httpx.Response:
    client.cookies.clear()
    return await client.post("/login", data={"person": person, "next": wanted})


async def handed_over(house: DeskHouse) -> tuple[str, str]:
    """A mail that has been handed over; returns case number and hand-over id."""
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se", name="Anna Ek")
    [row] = (await house.casework.list_cases.run(MARIA)).items
    made = await house.casework.hand_over.run(row.number, MARIA, request_id="one")
    return row.number, made.id


async def test_everybody_is_led_to_the_login_and_from_there_to_her_work(client):
    page = await client.get("/desk?case=x")
    assert page.headers["location"] == "/login?next=http%3A%2F%2Ftestserver%2Fdesk%3Fcase%3Dx"
    assert "Maria Lind" in (await client.get("/login")).text
    answer = await log_in(client, "agent-maria-lind", "http://testserver/desk?case=x")
    assert answer.headers["location"] == "http://testserver/desk?case=x"
    assert (await log_in(client, "agent-maria-lind", "https://evil.example")).headers["location"] == "/"
    assert (await client.get("/")).headers["location"] == "/desk"
    await log_in(client, "officer-per-dahl")
    assert (await client.get("/")).headers["location"] == "/inbox"
    await log_in(client, "lead-oskar-vik")
    assert "Läget just nu" in (await client.get("/")).text


async def test_a_person_who_is_not_there_cannot_log_in(client):
    answer = await log_in(client, "nobody")
    assert answer.headers["location"] == "/login?wrong=true"
    assert "Den personen finns inte" in (await client.get("/login?wrong=true")).text


async def test_the_desk_says_that_its_case_was_closed_elsewhere(house, client):
    await house.arrive(Channel.PHONE, phone="+46701740605")
    await log_in(client, "agent-maria-lind")
    assert (await client.get("/desk/state")).status_code == 204
    await post(client, "/desk/next")
    page = await client.get("/desk")
    [offer] = re.findall(r'name="offer_id" value="([\w-]+)"', page.text)
    await post(client, "/desk/accept", offer_id=offer)
    heard = house.app.state.hub.subscribe([f"agent:{MARIA.id}"])
    await house.casework.close.run("KC-2026-000001", MARIA, resolution=Resolution.SOLVED)
    async with asyncio.timeout(10):
        while (await anext(heard)).name != "work":
            continue
    state = await client.get("/desk/state?case=KC-2026-000001")
    assert "Ärendet är avslutat" in state.text
    assert state.headers["hx-retarget"] == "#contact-state"


async def with_files(house: DeskHouse) -> tuple[str, str]:
    """A mail with an attachment whose name tries things; returns the case number and the contact id."""
    store = Originals(house.app.state.settings.originals)
    contact_id = new_id()
    key = attachment_key(contact_id, 1, "hyra.html")
    await store.put(key, b"<script>alert(1)</script>", content_type="text/html")
    await store.put(original_key(contact_id), b"From: anna@example.se\r\n\r\nHej", content_type="message/rfc822")
    file = Attachment(name='åäö "hyra".html', content_type="text/html", size=25, store_key=key)
    mail = ContactReceived(
        contact_id=contact_id,
        channel=Channel.EMAIL,
        entrance="bostad-mejl",
        unit="bostadsbolag",
        received_at=utc_now(),
        sender=Sender(email="anna@example.se"),
        subject="Hyra",
        attachments=[file],
        original_key=original_key(contact_id),
    )
    await house.casework.follow_contacts.run([mail])
    [row] = (await house.casework.list_cases.run(MARIA)).items
    return row.number, contact_id


async def test_what_was_odd_about_a_contact_is_said_on_both_pages(house, client):
    contact_id = new_id()
    mail = ContactReceived(
        contact_id=contact_id,
        channel=Channel.EMAIL,
        entrance="bostad-mejl",
        unit="bostadsbolag",
        received_at=utc_now(),
        original_key=original_key(contact_id),
        unreadable=True,
        flags=("no_sender", "unknown_entrance", "<b>from_tomorrow"),
    )
    await house.casework.follow_contacts.run([mail])
    [row] = (await house.casework.list_cases.run(MARIA)).items
    await log_in(client, "agent-maria-lind")
    for address in (f"/cases/{row.number}", f"/desk?case={row.number}"):
        page = (await client.get(address)).text
        for words in ("gick inte att läsa", "Avsändarens adress saknas.", "som inte är upplagt."):
            assert words in page, address
        assert "from_tomorrow" not in page
        assert f"/cases/{row.number}/contacts/{contact_id}/original" in page


async def test_files_are_downloaded_and_never_shown(house, client):
    number, contact_id = await with_files(house)
    await log_in(client, "agent-maria-lind")
    page = (await client.get(f"/cases/{number}")).text
    links = re.findall(r'href="(/cases/[^"]+/contacts/[^"]+)"', page)
    assert links == [f"/cases/{number}/contacts/{contact_id}/{end}" for end in ("attachments/1", "original")]
    file, mail = [await client.get(link) for link in links]
    assert file.content == b"<script>alert(1)</script>"
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"].startswith('attachment; filename="aao-hyra-.html"; filename*=UTF-8')
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in file.headers["content-security-policy"]
    assert mail.headers["content-type"] == "message/rfc822"
    assert f'filename="{number}.eml"' in mail.headers["content-disposition"]
    assert mail.content.endswith(b"Hej")


async def test_files_are_only_for_those_who_may_read_the_case(house, client):
    number, contact_id = await with_files(house)
    address = f"/cases/{number}/contacts/{contact_id}"
    client.cookies.clear()
    assert (await client.get(f"{address}/attachments/1")).status_code == 303
    elsewhere = Person("x", "Elsa", frozenset({Role.OFFICER}), frozenset({"miljo"}))
    client.cookies.set("kc_session", await house.app.state.sessions.start(elsewhere))
    assert (await client.get(f"{address}/attachments/1")).status_code == 404
    assert (await client.get(f"{address}/original")).status_code == 404
    await log_in(client, "agent-maria-lind")
    assert (await client.get(f"{address}/attachments/2")).status_code == 404
    assert (await client.get(f"/cases/{number}/contacts/{new_id()}/original")).status_code == 404
    purge = ContactPurged(contact_id=contact_id, channel=Channel.EMAIL, purged_at=utc_now(), reason="erased")
    await house.casework.follow_contacts.run([purge])
    assert (await client.get(f"{address}/attachments/1")).status_code == 404


@pytest.mark.parametrize(("language", "text"), [("sv", "verksamhetens egen kö"), ("en", "the unit's own queue")])
async def test_why_it_waited_is_said_in_words(house, client, language, text):
    await house.arrive(Channel.PHONE, phone="+46701740605", why=("queue-of-the-unit", "my-own_rule", "otherwise:due"))
    await log_in(client, "agent-maria-lind")
    client.cookies.set("kc_lang", language)
    await post(client, "/desk/next")
    [offer] = re.findall(r'name="offer_id" value="([\w-]+)"', (await client.get("/desk")).text)
    await post(client, "/desk/accept", offer_id=offer)
    for address in ("/desk", "/cases/KC-2026-000001"):
        page = (await client.get(address)).text
        assert f"{text}, my own rule" in page
        assert "070-174 06 05" in page
        assert "otherwise" not in page


async def test_logging_out_ends_the_login_for_good(client):
    await log_in(client, "agent-maria-lind")
    cookie = client.cookies["kc_session"]
    await post(client, "/logout")
    client.cookies.set("kc_session", cookie)
    assert (await client.get("/desk")).status_code == 303


async def test_a_login_never_continues_an_older_one(client):
    await log_in(client, "agent-maria-lind")
    old = client.cookies["kc_session"]
    await client.post("/login", data={"person": "officer-per-dahl"})
    assert client.cookies["kc_session"] != old
    client.cookies.set("kc_session", old)
    assert (await client.get("/desk")).status_code == 303


async def test_the_wrong_role_meets_a_page_that_says_so(client):
    await log_in(client, "officer-per-dahl")
    answer = await client.get("/desk")
    assert answer.status_code == 403
    assert "Du har inte behörighet" in answer.text


async def test_an_officer_sees_receives_and_answers_what_is_hers(house, client):
    number, handover = await handed_over(house)
    await log_in(client, "officer-per-dahl")
    assert number in (await client.get("/inbox")).text
    assert (await post(client, f"/inbox/{handover}/acknowledge")).headers["location"].startswith(f"/inbox/{handover}")
    page = (await client.get(f"/cases/{number}")).text
    assert "Mottaget av" in page
    assert "Maria Lind" in page
    assert (await post(client, f"/inbox/{handover}/answer", text="Vi kommer i dag.")).status_code == 303
    case = await house.casework.read_case.run(number, MARIA)
    assert case.state == "closed"
    assert any("Vi kommer i dag" in message.text for message in case.messages)


async def test_an_officer_sends_back_what_came_to_the_wrong_place(house, client):
    number, handover = await handed_over(house)
    await log_in(client, "officer-per-dahl")
    empty = await post(client, f"/inbox/{handover}/return", reason="wrong_place", words=" ")
    assert empty.status_code == 422
    await post(client, f"/inbox/{handover}/return", reason="wrong_place", words="Det är inte vårt hus.")
    case = await house.casework.read_case.run(number, MARIA)
    assert case.state == "open"
    assert case.handover is not None
    assert case.handover.reason == "Det är inte vårt hus."


async def test_another_units_officer_sees_nothing_of_it(house, client):
    number, handover = await handed_over(house)
    await log_in(client, "officer-lena-hall")
    assert number not in (await client.get("/inbox")).text
    assert (await client.get(f"/cases/{number}")).status_code == 404
    assert (await post(client, f"/inbox/{handover}/acknowledge")).status_code == 404


async def test_a_part_looks_the_same_alone_and_in_its_page(house, client):
    await handed_over(house)
    await log_in(client, "officer-per-dahl")
    pages, part = await _around(client, "/inbox", "/inbox/part")
    assert part in pages
    assert "<html" not in part
    await log_in(client, "agent-maria-lind")
    pages, part = await _around(client, "/desk", "/desk/work")
    assert part in pages


async def _around(client, page: str, part: str) -> tuple[str, str]:
    """Return a page before and after its part, and the part: a minute may go by between two of them."""
    before = (await client.get(page)).text
    alone = (await client.get(part, headers={"hx-request": "true"})).text.strip()
    return before + (await client.get(page)).text, alone


async def test_what_a_citizen_wrote_is_never_markup(house, client):
    await house.arrive(
        Channel.EMAIL, text="<script>alert(1)</script>", subject="<b>x</b>", email="a@example.se", name="<i>A</i>"
    )
    [row] = (await house.casework.list_cases.run(MARIA)).items
    await log_in(client, "agent-maria-lind")
    for path in (f"/cases/{row.number}", f"/desk?case={row.number}"):
        page = (await client.get(path)).text
        assert "<script>alert" not in page
        assert "<b>x</b>" not in page
        assert "&lt;script&gt;alert(1)" in page


async def test_closing_the_same_form_twice_closes_once(house, client):
    await house.arrive(Channel.EMAIL, text=MAIL, subject="Kallt", email="anna.ek@example.se")
    [row] = (await house.casework.list_cases.run(MARIA)).items
    await log_in(client, "agent-maria-lind")
    form = {"resolution": Resolution.SOLVED.value, "request_id": "the-same", "text": "Klart."}
    answers = [await post(client, f"/desk/cases/{row.number}/close", **form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    case = await house.casework.read_case.run(row.number, MARIA)
    assert [message.kind for message in case.messages].count("reply") == 1


async def test_the_development_login_answers_to_no_other_name(client):
    foreign = {"host": "rebound.example", "origin": "http://rebound.example"}
    client.headers.update(foreign)
    assert (await client.get("/login")).status_code == 403
    answer = await client.post("/login", data={"person": "agent-maria-lind"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_the_development_login_needs_loopback():
    local = ServiceSettings(environment="local", host="127.0.0.1")
    assert make_login(local, OidcSettings(issuer="")).oidc is None
    for settings in (
        ServiceSettings(environment="local", host="0.0.0.0"),  # noqa: S104 - what must be refused
        ServiceSettings(environment="production", host="127.0.0.1"),
    ):
        with pytest.raises(NoSafeLoginError):
            make_login(settings, OidcSettings(issuer=""))
    provider = OidcSettings(issuer="http://idp.example", client_secret=SecretStr("x"))
    assert make_login(ServiceSettings(environment="production", host="0.0.0.0"), provider).oidc  # noqa: S104 - the same


async def test_rights_that_were_taken_away_end_the_logins(house, client):
    await log_in(client, "agent-maria-lind")
    assert (await client.get("/desk")).status_code == 200
    await house.app.state.sessions.end_all(MARIA.id)
    assert (await client.get("/desk")).status_code == 303
    nobody = Person("x", "X", frozenset({Role.OWNER}), frozenset())
    client.cookies.set("kc_session", await house.app.state.sessions.start(nobody))
    assert (await client.get("/inbox")).status_code == 403
