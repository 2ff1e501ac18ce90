"""A protected identity at every door: whom a case hides its person from reads what is left, and does nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.casework.domain.incident import Said
from services.casework.usecases.people import About
from shared.clock import utc_now
from shared.events import Attachment
from shared.vocabulary import Channel, PersonRole, Resolution, Role
from shared.web.access import Person, api_routes
from tests.support.casework import COLD, LENA, PER
from tests.support.desk import DeskHouse, desk_house
from tests.support.web import MARIA, client_of, log_in

pytestmark = pytest.mark.integration

ALL = frozenset({Role.AGENT, Role.OFFICER, Role.LEAD})
UNNAMED = Person("agent-jonas-berg", "Jonas Berg", ALL, frozenset({"*"}))
"""Sees every unit, and is named for none."""
ELSEWHERE = replace(UNNAMED, units=frozenset({"gata-och-park"}))
SECRETS = ("Anna", "anna.ek", "174 06 05", "1740605", "Gömda", "hemlig.pdf", "förvaltarskap")
WHO = {"subject": "Gömda vägen 1", "email": "anna.ek@example.se", "name": "Anna Ek", "phone": "+46701740605"}
SHOWN = ("/handover/preview", "/reply/template", "/check", "/readers")
"""What is posted and only shows: without the person."""
OWN: dict[str, dict[str, str]] = {
    "answer": {"to": "citizen"},
    "pass-on": {"to": "queue:bostadsbolag"},
    "return": {"reason": "wrong_place"},
    "incident": {"act": "link"},
    "gap": {"kind": "wrong"},
    "template": {"template": "svar-komplettering", "text": ""},
}
"""What a door calls otherwise than the others."""
STRICT = {"knowledge-gaps": {"text": "Några ord"}}
"""What a door that takes nothing else is told."""
OF_A_CASE = ("{number}", "{handover_id}")


@dataclass(frozen=True, slots=True)
class Secret:
    """A house with a protected case at Maria's desk and one handed over, an open incident, and a case to link."""

    house: DeskHouse
    client: httpx.AsyncClient
    path: dict[str, str]
    other: str
    incident: str


@pytest.fixture
async def secret(settings) -> AsyncIterator[Secret]:
    async with desk_house(settings) as house, house.app.router.lifespan_context(house.app):
        contact, number = await case(house, text="Det är kallt på Gömda vägen 1.", **WHO)
        _, handed = await case(house, text="Det är kallt på Gömda vägen 1.", **WHO)
        _, other = await case(house, text="Det är kallt.", subject="Kallt", email="bo@example.se", name="Bo Ek")
        deeds, casework = house.casework.deeds, house.casework
        about = About(PersonRole.REPRESENTATIVE, "Anna Ek", note="förvaltarskap")
        row = await deeds.add_person.run(number, MARIA, about)
        message = await casework.reply.run(number, MARIA, "Hej Anna Ek, vi kommer till Gömda vägen.")
        given = await casework.hand_over.run(
            handed, MARIA, request_id="r", to="bygg-och-plan", message="Bor på Gömda vägen"
        )
        await casework.send_back.run(given.id, LENA, "Lena", "Gömda vägen är inte vår.", to="bostadsbolag")
        incident = await casework.incidents.open.run(UNNAMED, Said("Kallt", "Värmen är borta.", "bostadsbolag"))
        for one in (number, handed):
            await deeds.protect.run(one, MARIA, protected=True)
        [sent] = [one for one in (await casework.read_case.run(number, MARIA)).messages if one.id == message]
        queued = sent.delivery.id if sent.delivery else ""
        parts = {"number": number, "handover_id": given.id, "contact_id": contact, "row_id": row, "place": "1"}
        more = {"message_id": message, "queued_id": queued, "file_id": "f", "kind": "related", "other": other}
        more |= {"entry_id": "nobody"}
        async with client_of(house.app) as client:
            yield Secret(house, client, parts | more, other, incident)


async def case(house: DeskHouse, **facts: Any) -> tuple[str, str]:
    """Return a contact that Maria has taken, and the number of its case."""
    files = (Attachment(name="hemlig.pdf", content_type="application/pdf", size=4, store_key="a/files/1"),)
    contact = await house.arrive(Channel.EMAIL, **facts, attachments=files)
    offer = await house.router.offered(house.router.waiting[-1])
    number = await house.casework.accept_offer.run(MARIA.id, offer)
    return contact, number


def body(secret: Secret, path: str) -> dict[str, str]:
    """Return everything that a door of a case may ask for: each takes what is its own."""
    later = utc_now() + timedelta(days=3)
    words = ("text", "note", "why", "words", "message", "reason", "name", "performer")
    said = {**dict.fromkeys(words, "Några ord"), **secret.path, "reply_id": secret.path["message_id"]}
    said |= {"case_type": COLD, "step": "s1", "option": "nej", "resolution": Resolution.SOLVED.value, "act": "give"}
    said |= {"undo_id": "u"}
    said |= {"sure": secret.other, "role": "citizen", "by": "Jonas Berg", "officer": PER.id, "request_id": "r2"}
    said |= {"incident": secret.incident, "case": secret.path["number"], "to": "bygg-och-plan", "protected": "true"}
    said |= {"answer_by": later.isoformat(), "day": f"{later:%Y-%m-%d}"}
    last = path.rsplit("/", 1)[-1]
    return STRICT.get(last) or said | OWN.get(last, {})


async def knock(secret: Secret, method: str, template: str, token: str) -> httpx.Response:
    path = template.format_map(secret.path)
    program = "/api/" in path
    headers = {"x-csrf-token": token, "accept": "application/json" if program else "text/html", "hx-request": "true"}
    if method in {"GET", "DELETE"}:
        return await secret.client.request(method, path, headers=headers)
    said = body(secret, template)
    if program:
        return await secret.client.request(method, path, headers=headers, json=said)
    files = {"file": ("a.txt", b"x", "text/plain")} if template.endswith("/files") else None
    return await secret.client.post(path, headers=headers, params={"step": "s1"}, data=said, files=files)


async def traces(secret: Secret) -> list[Any]:
    """Return what a deed would leave: versions, history, drafts, mails, the outbox."""
    sql = (
        "SELECT (SELECT jsonb_agg(to_jsonb(k) ORDER BY k.id) FROM casework.cases AS k), "
        "(SELECT count(*) FROM casework.case_history), (SELECT count(*) FROM casework.drafts), "
        "(SELECT count(*) FROM casework.mails_out), (SELECT count(*) FROM casework.outbox)"
    )
    async with secret.house.casework.read_status.uow.begin() as work:
        return list((await work.conn.execute(text(sql))).one())


def doors(secret: Secret) -> list[tuple[str, str]]:
    """Return every door that is given a case or a hand-over, in its address, its query or its body."""
    routes = [(method, str(route.path)) for route in api_routes(secret.house.app) for method in route.methods or ()]
    named = [(method, path) for method, path in routes if any(one in path for one in OF_A_CASE)]
    named = [one for one in named if "{checklist_id}" not in one[1]]  # there the number is a version's
    asked = ("/desk?case=", "/desk/work?case=", "/desk/state?case=", "/desk/incidents?case=", "/api/v1/templates?case=")
    linking = [f"/api/v1/incidents/{secret.incident}/{deed}" for deed in ("link", "unlink", "called")]
    linking += [f"/incidents/{secret.incident}/{deed}" for deed in ("unlink", "called")]
    lists = ("/api/v1/cases", "/api/v1/cases?q=kallt", "/cases?q=kallt", "/inbox", "/api/v1/cases?number={number}")
    shown = [("GET", path) for path in (*(f"{one}{{number}}" for one in asked), *lists)]
    return [*named, *shown, *(("POST", path) for path in linking)]


async def test_no_door_names_one_who_is_protected_nor_lets_a_stranger_do_anything(secret: Secret):
    token = await log_in(secret.house.app, secret.client, UNNAMED)
    before, wrong = await traces(secret), []
    for method, path in doors(secret):
        answer = await knock(secret, method, path, token)
        told = [one for one in SECRETS if one in answer.text]
        reads = method == "GET" or path.endswith(SHOWN)
        right = answer.status_code in ({200, 403, 404} if reads else {403, 404})
        if told or not right:
            wrong.append((method, path, answer.status_code, told))
    assert not wrong, "\n".join(map(str, wrong))
    assert await traces(secret) == before


async def test_of_a_case_that_is_elsewhere_no_door_says_anything(secret: Secret):
    token = await log_in(secret.house.app, secret.client, ELSEWHERE)
    before, wrong = await traces(secret), []
    for method, path in doors(secret):
        answer = await knock(secret, method, path, token)
        told = [one for one in (*SECRETS, "Det är kallt") if one in answer.text]
        if told or (any(one in path for one in OF_A_CASE) and "?" not in path and answer.status_code != 404):
            wrong.append((method, path, answer.status_code, told))
    assert not wrong, "\n".join(map(str, wrong))
    assert await traces(secret) == before


async def test_the_desk_offers_a_stranger_nothing_to_do_and_says_why(secret: Secret):
    path, said = "/desk?case={number}", "bara ärendets kommunvägledare och dess verksamhet"
    deeds = ('id="note"', "/steps?step=", "/gap", "/close?", '/reply"', "/park?")
    token = await log_in(secret.house.app, secret.client, UNNAMED)
    page = (await knock(secret, "GET", path, token)).text
    assert (said in page, [one for one in deeds if one in page]) == (True, [])
    token = await log_in(secret.house.app, secret.client, MARIA)
    page = (await knock(secret, "GET", path, token)).text
    assert (said in page, [one for one in deeds if one in page]) == (False, list(deeds))


async def test_her_agent_comes_through_the_same_doors(secret: Secret):
    """So the strangers were refused for who they are, and not for what they had sent."""
    token = await log_in(secret.house.app, secret.client, MARIA)
    doors_of_desk = ("/desk/cases/{number}/note", "/desk/cases/{number}/classify", "/api/v1/cases/{number}/notes")
    for path in doors_of_desk:
        assert (await knock(secret, "POST", path, token)).status_code < 400
    shown = await knock(secret, "GET", "/api/v1/cases/{number}", token)
    assert "Anna Ek" in shown.text
    assert shown.json()["can"]
