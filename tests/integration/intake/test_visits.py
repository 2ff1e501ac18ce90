"""Visits and calls by hand, and the reception page, on a real log and a real database."""

import httpx
import pytest

from shared.events import ContactAnswered, ContactReceived
from shared.publish import message
from shared.records import AgentProfile
from shared.vocabulary import Channel, Role
from shared.web.access import Person
from tests.integration.intake.doors import (
    BEARER,
    Intake,
    accepted,
    ended_events,
    events,
    intake_settings,
    started,
)
from tests.integration.intake.reading import ReadContacts
from tests.support.templates import migrated
from tests.support.wait import eventually
from tests.support.web import MARIA, log_in

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


async def test_a_number_that_somebody_elses_queue_gave_is_passed_over(settings, stocked) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    own = {"qmatic_token": "t", "qmatic_branches": {"7": "stadshuset"}}
    async with started(intake_settings(settings, **own), stocked) as intake:
        for visit, number in ((1, "B001"), (2, "B003")):
            given = {"visitId": visit, "branchId": 7, "ticketId": number}
            told = {"eventName": "VISIT_CREATE", "parameters": given}
            assert (await intake.client.post("/webhooks/qmatic/t", json=told)).json() == {"outcome": "taken"}
        body = {"entrance": "stadshuset", "matter": "x"}
        answers = [await intake.client.post("/api/v1/visits", json=body, headers=BEARER) for _ in range(2)]
        assert [one.json().get("ticket") for one in answers] == ["B002", "B004"]


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
    assert "Ditt könummer är B001." in shown.text
    empty = await intake.client.post(
        "/reception/visits", data={"entrance": "stadshuset", "matter": " "}, headers=BEARER
    )
    assert empty.status_code == 422
    english = await intake.client.get("/reception", headers=BEARER | {"accept-language": "en"})
    assert "Register a visit" in english.text


async def test_a_visit_shows_with_whom_it_is_where_and_since_when(intake: Intake) -> None:
    contact_id = await visit(intake)
    await intake.tell(message(AgentProfile(id="agent-maria", name="Maria Lind", place="Disk 3")))
    await call_up(intake, contact_id, epoch=1)
    part = await eventually(lambda: _part(intake, "Maria Lind"), timeout=15)
    assert "Hos kommunvägledare" in part
    assert "Disk 3" in part
    assert "0 väntar · 1 hos kommunvägledare" in part
    assert (await intake.client.post(f"/reception/visits/{contact_id}/left", headers=BEARER)).status_code == 303
    assert "Gick" in await _part(intake, "1 klar eller gått")


async def test_a_ticket_speaks_the_visitors_language(intake: Intake) -> None:
    body = {"entrance": "stadshuset", "matter": "Asumistuki", "language": "fi"}
    answer = (await intake.client.post("/api/v1/visits", json=body, headers=BEARER)).json()
    assert answer["text"].startswith("Vuoronumerosi on B001.")
    unknown = (await intake.client.post("/api/v1/visits", json=body | {"language": "zgh"}, headers=BEARER)).json()
    assert "Ditt könummer är B002." in unknown["text"]
    assert "Your ticket is B002." in unknown["text"]
    listed = (await intake.client.get("/api/v1/visits/languages", headers=BEARER)).json()
    assert {"code": "fi", "name": "Suomi"} in listed["items"]


async def test_who_does_not_come_is_called_again_and_then_no_longer(intake: Intake) -> None:
    contact_id = await visit(intake)
    assert (await missed(intake, contact_id)).status_code == 409
    assert (await missed(intake, "nobody")).status_code == 404
    await call_up(intake, contact_id, epoch=1)
    await eventually(lambda: _part(intake, "Hos kommunvägledare"), timeout=15)
    keyed = [await missed(intake, contact_id, key="double") for _ in range(2)]
    assert [one.json() for one in keyed] == [{"again": True, "calls": 2}] * 2
    assert (await missed(intake, contact_id)).json() == {"again": True, "calls": 3}
    assert "ropad 3 gånger" in await _part(intake, "Hos kommunvägledare")
    for _ in range(2):
        assert (await missed(intake, contact_id)).json() == {"again": False, "calls": 3}
    assert "Kom inte" in await _part(intake, "1 klar eller gått")


async def test_the_same_word_of_the_router_is_no_second_call(intake: Intake) -> None:
    contact_id = await visit(intake)
    for _ in range(2):
        await call_up(intake, contact_id, epoch=1)
    other = await visit(intake)
    await call_up(intake, other, epoch=1)
    await eventually(lambda: _part(intake, "2 hos kommunvägledare"), timeout=15)
    assert "ropad" not in await _part(intake, "2 hos kommunvägledare")


async def test_the_screen_shows_tickets_and_places_and_no_name(intake: Intake) -> None:
    contact_id = await visit(intake, name="Hemlig Person", matter="Hemligt")
    empty = await intake.client.get("/waiting-room", headers=BEARER)
    assert "Ditt könummer visas här" in empty.text
    assert "Your ticket is shown here" in empty.text
    await intake.tell(message(AgentProfile(id="agent-maria", name="Maria Lind", place="Rum 12")))
    await call_up(intake, contact_id, epoch=1)
    screen = await eventually(lambda: _screen(intake, "B001"), timeout=15)
    assert "Rum 12" in screen
    for word in ("Hemlig", "Maria"):
        assert word not in screen
    unknown_place = await visit(intake)
    await call_up(intake, unknown_place, epoch=1, agent="agent-jonas")
    assert " Disk</p>" in await eventually(lambda: _screen(intake, "B002"), timeout=15)


async def test_a_screen_shows_its_token_or_a_login(settings, stocked) -> None:
    migrated(settings.postgres, "services.intake.migrations")
    async with started(intake_settings(settings, display_token="visa-oss"), stocked) as intake:
        for door in ("/waiting-room", "/waiting-room/live"):
            wrong = await intake.client.get(door, params={"token": "fel"})
            assert wrong.status_code in {303, 401}, door
        right = await intake.client.get("/waiting-room", params={"token": "visa-oss"})
        assert right.status_code == 200
        assert right.headers["referrer-policy"] == "no-referrer"


async def test_who_stands_there_is_taken_at_once_by_who_registers_her_and_called_by_nobody(
    intake: Intake, read_contacts: ReadContacts
) -> None:
    token = await log_in(intake.app, intake.client, MARIA)
    form = {"entrance": "stadshuset", "matter": "Pass", "once": "o1", "now": "true", "_csrf": token}
    twice = [await intake.client.post("/reception/visits", data=form) for _ in range(2)]
    assert {answer.headers["location"].rpartition("/")[2] for answer in twice} == {"desk"}
    received, answered = [one.event for one in await eventually(lambda: events(read_contacts, 2))]
    assert isinstance(received, ContactReceived)
    assert isinstance(answered, ContactAnswered)
    assert (answered.contact_id, answered.agent_id) == (received.contact_id, MARIA.id)
    assert "0 väntar · 1 hos kommunvägledare" in await _part(intake, "B001")
    await call_up(intake, received.contact_id, epoch=1, agent=MARIA.id)
    other = await visit(intake)
    await call_up(intake, other, epoch=1, agent="agent-jonas")
    assert "B001" not in await eventually(lambda: _screen(intake, "B002"), timeout=15)


async def test_only_an_agent_takes_a_visitor_at_once(intake: Intake) -> None:
    form = {"entrance": "stadshuset", "matter": "Pass", "once": "o1", "now": "true"}
    machine = await intake.client.post("/reception/visits", data=form, headers=BEARER)
    assert machine.status_code == 403
    lead = Person("lead-test", "Lena Ledare", frozenset({Role.LEAD}), frozenset({"*"}))
    token = await log_in(intake.app, intake.client, lead)
    assert (await intake.client.post("/reception/visits", data={**form, "_csrf": token})).status_code == 403
    assert "Ta emot nu" not in (await intake.client.get("/reception")).text


async def visit(intake: Intake, **said: str) -> str:
    body = {"entrance": "stadshuset", "matter": "Ansökan"} | said
    answer = await intake.client.post("/api/v1/visits", json=body, headers=BEARER)
    return str(answer.json()["contact_id"])


async def call_up(intake: Intake, contact_id: str, *, epoch: int, agent: str = "agent-maria") -> None:
    taken = accepted(contact_id, epoch=epoch).model_copy(update={"channel": Channel.VISIT, "agent_id": agent})
    await intake.tell(message(taken))


async def missed(intake: Intake, contact_id: str, key: str = "") -> httpx.Response:
    headers = BEARER | ({"idempotency-key": key} if key else {})
    return await intake.client.post(f"/api/v1/visits/{contact_id}/missed", headers=headers)


async def _part(intake: Intake, text: str) -> str:
    part = (await intake.client.get("/reception/waiting?desk=stadshuset", headers=BEARER)).text
    return part if text in part else ""


async def _screen(intake: Intake, text: str) -> str:
    part = (await intake.client.get("/waiting-room?desk=stadshuset", headers=BEARER)).text
    return part if text in part else ""
