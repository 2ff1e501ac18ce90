"""Visits and calls by hand, and the reception page, on a real log and a real database."""

import pytest

from shared.events import ContactReceived
from shared.publish import message
from shared.vocabulary import Channel
from tests.integration.intake.doors import BEARER, Intake, accepted, ended_events, events
from tests.integration.intake.reading import ReadContacts
from tests.support.wait import eventually

pytestmark = pytest.mark.integration


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
    found = await eventually(lambda: events(read_contacts, 2))
    assert {one.event.ticket for one in found} == {"B001", "B002"}  # type: ignore[attr-defined] # all received
    contact_id = first.json()["contact_id"]
    for _ in range(2):
        left = await intake.client.post(f"/reception/visits/{contact_id}/left", headers=BEARER)
        assert left.status_code == 303
    assert (
        len([one for one in await eventually(lambda: ended_events(read_contacts)) if one.event.key == contact_id]) == 2
    )


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
    (read,) = await eventually(lambda: events(read_contacts, 1))
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
    await intake.tell(message(taken))
    await eventually(lambda: _shows(intake, "Hos kommunvägledare"), timeout=15)


async def _shows(intake: Intake, text: str) -> bool:
    return text in (await intake.client.get("/reception/waiting?desk=stadshuset", headers=BEARER)).text
