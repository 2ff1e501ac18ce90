"""The JSON doors of hand-overs over the whole app: what each answers, refuses in words, and whose they are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.casework.main import create_app
from tests.support.casework import PER, Room
from tests.support.handing import LINA, handed, hire, walked

pytestmark = pytest.mark.integration

MACHINE = {"Authorization": "Bearer local-only-token"}
PREFIX = "urn:kontaktcenter:problem:"


@pytest.fixture
async def doors(room: Room) -> AsyncIterator[httpx.AsyncClient]:
    """The app's doors on the room, without the streams behind them."""
    app = create_app(room.settings)
    app.state.casework = room.casework
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8103", headers=MACHINE) as client:
        yield client


async def _post(doors: httpx.AsyncClient, one: str, deed: str, **body: Any) -> httpx.Response:
    return await doors.post(f"/api/v1/handovers/{one}/{deed}", json={"by": "Per Dahl", **body})


async def test_the_preview_says_what_may_not_go_when_it_is_delivered_and_who_is_told(
    room: Room, doors: httpx.AsyncClient
):
    number = await walked(room)
    plan = (await doors.post(f"/api/v1/cases/{number}/handover/preview", json={"to": "bygg-och-plan"})).json()
    assert (plan["withheld"], plan["deliver_at"], plan["discloses_to"]) == ([], None, "")
    assert plan["tells"] == "olle@medborgare.example"
    await room.run("UPDATE casework.units SET controller = 'Byggnämnden' WHERE id = 'bygg-och-plan'")
    await room.run("INSERT INTO casework.unit_terms (unit, delivery_times) VALUES ('bygg-och-plan', ARRAY['13:00'])")
    plan = (await doors.post(f"/api/v1/cases/{number}/handover/preview", json={"to": "bygg-och-plan"})).json()
    assert plan["discloses_to"] == "Byggnämnden"
    assert [(one["name"], one["why"]) for one in plan["withheld"]] == [("det_som_skrivits", "other_controller")]
    assert datetime.fromisoformat(plan["deliver_at"]) == datetime(2026, 11, 25, 12, tzinfo=UTC)
    made = await doors.post(f"/api/v1/cases/{number}/handover", json={"to": "bygg-och-plan", "request_id": "r"})
    assert made.status_code == 201
    [row] = await room.rows("SELECT facts FROM casework.case_history WHERE what = 'hand_over'")
    assert row["facts"]["disclosed_to"] == "Byggnämnden"
    assert "namn" in row["facts"]["disclosed"], "which fields were disclosed is noted, and none of their values"
    assert "Olle" not in str(row["facts"])


async def test_assign_ask_resume_move_and_answer(room: Room, doors: httpx.AsyncClient):
    _, one = await handed(room)
    await hire(room, LINA)
    given_to = await _post(doors, one, "assign", officer=LINA.id)
    assert given_to.json() == {"officer": LINA.id, "name": "Lina Ek", "substitute_for": None}
    keyed = {"Idempotency-Key": "ask-1"}
    path, body = f"/api/v1/handovers/{one}/ask-citizen", {"by": "Lina Ek", "text": "Vilket rum?"}
    asked = [await doors.post(path, json=body, headers=keyed) for _ in "ab"]
    assert [(a.status_code, bool(a.json()["paused_at"])) for a in asked] == [(200, True)] * 2
    assert len(await room.rows("SELECT 1 AS n FROM casework.mails_out WHERE kind = 'reply'")) == 1
    assert (await _post(doors, one, "resume")).json()["paused_at"] is None
    later = (room.time() + timedelta(days=9)).isoformat()
    moved = await _post(doors, one, "answer-by", answer_by=later, reason="Reservdel")
    assert datetime.fromisoformat(moved.json()["answer_by"]) == datetime.fromisoformat(later)
    answered = await _post(doors, one, "answer", text="Säg att det är lagat", to="agent")
    assert (answered.json()["state"], answered.json()["answer_to"]) == ("answered", "agent")


async def test_returned_with_a_code_and_handed_on(room: Room, doors: httpx.AsyncClient):
    _, one = await handed(room)
    back = await _post(doors, one, "return", reason="Er lampa", code="wrong_place", to="Gata och park")
    assert (back.json()["return_code"], back.json()["return_to"]) == ("wrong_place", "gata-och-park")
    on = [await doors.post(f"/api/v1/handovers/{one}/hand-on", json={"request_id": "p"}) for _ in "ab"]
    assert [each.status_code for each in on] == [201, 201]
    assert on[0].json() == on[1].json()
    query = {"from": (room.time() - timedelta(days=1)).isoformat(), "to": (room.time() + timedelta(days=1)).isoformat()}
    shares = (await doors.get("/api/v1/handovers/misrouted", params=query)).json()
    assert [(row["version"], row["sent"], row["wrong_place"]) for row in shares["items"]] == [(1, 2, 1)]
    assert (await doors.get("/api/v1/handovers/misrouted", params={**query, "to": query["from"]})).status_code == 422
    assert (await doors.get("/api/v1/handovers/misrouted")).status_code == 422


async def test_a_refusal_says_in_the_readers_language_who_did_what_when(room: Room, doors: httpx.AsyncClient):
    _, one = await handed(room)
    room.time.move(minutes=32)
    await room.casework.answer.run(one, PER, "Lina Ek", "Klart")
    lost = await _post(doors, one, "return", reason="Inte vårt")
    assert (lost.status_code, lost.headers["content-type"]) == (409, "application/problem+json")
    assert (lost.json()["type"], lost.json()["detail"]) == (
        PREFIX + "handover-over",
        "Lina Ek svarade redan kl. 10.32.",
    )
    path = f"/api/v1/handovers/{one}/return"
    english = await doors.post(path, json={"by": "P", "reason": "No"}, headers={"Accept-Language": "en"})
    assert english.json()["detail"] == "Lina Ek answered already at 10.32."


@pytest.mark.parametrize(
    ("deed", "body", "pointer"),
    [
        ("progress", {"planned_for": "2026-11-24T08:00:00+01:00"}, "/planned_for"),
        ("progress", {"planned_for": "2026-11-26T08:00:00"}, "/planned_for"),
        ("answer-by", {"answer_by": "2026-11-24T08:00:00+01:00", "reason": "x"}, "/answer_by"),
        ("answer-by", {"answer_by": "2026-12-24T08:00:00+01:00", "reason": ""}, "/reason"),
        ("assign", {"officer": "agent-maria-lind"}, "/officer"),
        ("return", {"reason": "x", "to": "Finns inte"}, "/to"),
        ("return", {"reason": "x", "code": "vet inte"}, "/code"),
        ("reassign", {}, "/to"),
        ("answer", {"to": "nobody"}, "/to"),
        ("ask-citizen", {"text": ""}, "/text"),
        ("acknowledge", {"by": ""}, "/by"),
        ("acknowledge", {"by": "  "}, "/by"),
    ],
)
async def test_bad_input_is_told_beside_its_field_and_changes_nothing(
    room: Room, doors: httpx.AsyncClient, deed: str, body: dict[str, str], pointer: str
):
    _, one = await handed(room)
    refused = await _post(doors, one, deed, **body)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    [row] = await room.rows("SELECT state, acknowledged_at FROM casework.handovers")
    assert row == {"state": "sent", "acknowledged_at": None}


async def test_away_is_said_by_oneself(room: Room, doors: httpx.AsyncClient):
    until = (room.time() + timedelta(days=2)).isoformat()
    nobody = await doors.put("/api/v1/people/me/away", json={"until": until})
    assert nobody.status_code == 404, "a program is not somebody who can be away"


async def test_taken_back_by_the_centre(room: Room, doors: httpx.AsyncClient):
    _, one = await handed(room)
    back = await doors.post(f"/api/v1/handovers/{one}/withdraw", json={"reason": "Det löste sig"})
    assert (back.status_code, back.json()["state"]) == (200, "withdrawn")
    again = await doors.post(f"/api/v1/handovers/{one}/withdraw", json={"reason": "Det löste sig"})
    assert again.status_code == 409


EDGES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
"""The first and the last moment that can be written: outside of what a clock in UTC can say."""


async def test_moments_at_the_edge_of_time_and_what_no_column_holds_are_refused(room: Room, doors: httpx.AsyncClient):
    _, one = await handed(room)
    answers = [
        *[await _post(doors, one, "progress", planned_for=edge) for edge in EDGES],
        *[await _post(doors, one, "answer-by", answer_by=edge, reason="Snö") for edge in EDGES],
        *[await doors.put("/api/v1/people/me/away", json={"until": edge}) for edge in EDGES],
        *[await doors.get("/api/v1/handovers/misrouted", params={"from": edge, "to": edge}) for edge in EDGES],
        await doors.get("/api/v1/handovers/misrouted", params={"from": EDGES[0], "to": EDGES[1]}),
        await doors.get("/api/v1/handovers/misrouted", params={"from": EDGES[0], "to": "0001-01-02T00:00:00+00:00"}),
        await _post(doors, one, "progress", text="a\x00b"),
        await _post(doors, one, "return", reason="a", to="b\x00"),
        await _post(doors, one, "reassign", to="b\x00"),
        await _post(doors, one, "assign", officer="b\x00"),
        await doors.get("/api/v1/handovers/%00"),
    ]
    assert [answer.status_code for answer in answers if answer.status_code not in {404, 422}] == []


async def test_what_is_planned_stays_when_left_out_and_goes_when_it_is_null(room: Room, doors: httpx.AsyncClient):
    _, one = await handed(room)
    planned = (room.time() + timedelta(days=1)).isoformat()
    await _post(doors, one, "progress", planned_for=planned, performer="Rörfirman")
    left = (await _post(doors, one, "progress", text="De ringer innan.")).json()
    assert (left["planned_for"] is not None, left["performer"]) == (True, "Rörfirman")
    gone = (await _post(doors, one, "progress", planned_for=None, performer=None)).json()
    assert (gone["planned_for"], gone["performer"], gone["progress"]) == (None, "", "De ringer innan.")
