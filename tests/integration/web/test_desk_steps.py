"""Steps at the desk, by plain forms: decisions, notes and links, what should not be noted, and who was first."""

from typing import Any

import orjson
import pytest
from sqlalchemy import text

from services.casework.store import runs
from services.casework.usecases.imports import ImportChecklists
from shared.clock import utc_now
from shared.ids import case_type_id
from shared.vocabulary import Role
from shared.web.access import Person
from tests.integration.web.test_desk_obligatory import taken
from tests.support.checklists import CHECKLISTS
from tests.support.desk import DeskHouse
from tests.support.web import MARIA, client_of, post

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))
LAMP = case_type_id("Gata och park | Belysning | Gatlampan utanför oss är släckt")
PLAIN: dict[str, Any] = {"goto": None, "obligatory": False, "note": "", "options": []}
STRICT: dict[str, object] = {
    "identity": "verified",
    "legal_note": "Lagen säger det.",
    "forbid": ["belopp"],
    "steps": [
        PLAIN
        | {"id": "s1", "type": "decide", "text": "Beviljas det?", "delegation": True}
        | {"options": [{"label": "ja", "goto": "s2"}, {"label": "nej", "goto": "s2"}]}
        | {"links": [{"label": "Delegationsordningen", "url": "https://kommun.example/delegation"}]},
        PLAIN | {"id": "s2", "type": "record", "text": "Skriv ned det.", "goto": "klart", "obligatory": True},
    ],
    "ends": [{"id": "klart", "kind": "close", "resolution": "lost_av_kc"}],
}


async def rewrite(house: DeskHouse, changes: dict[str, object]) -> None:
    async with house.casework.close.uow.begin() as work:
        sql = "UPDATE casework.checklist_versions SET body = body || CAST(:body AS jsonb) WHERE id = 'bostad-kallt'"
        await work.conn.execute(text(sql), {"body": orjson.dumps(changes).decode()})
        runs._KEPT.pop(work.conn.sync_engine, None)


async def test_a_decision_asks_for_its_delegation_and_what_should_not_be_noted_is_said(house, client):
    number = await taken(house)
    await rewrite(house, STRICT)
    desk = (await client.get(f"/desk?case={number}")).text
    said = (
        "Beslut",
        'name="reference"',
        'href="https://kommun.example/delegation"',
        "Säker identifiering",
        "Lagen säger",
    )
    assert [one for one in said if one not in desk] == []
    here = f"/desk/cases/{number}/steps?step=s1"
    refused = await post(client, here, option="ja", step_note="Enligt samtal", reference=" ", seen="0", note="Utkast")
    assert refused.status_code == 422
    kept = ("kräver en hänvisning", 'value="ja"', "Enligt samtal", "Beslutet: ja")
    assert [one for one in kept if one not in refused.text] == []
    done = await post(client, here, option="ja", step_note="Enligt samtal", reference="4.2")
    assert done.status_code == 303
    desk = (await client.get(f"/desk?case={number}")).text
    shown = ("Enligt delegation: 4.2", "Enligt samtal", "Utkast", "Anteckna inte:")
    assert [one for one in shown if one not in desk] == []
    case = await house.casework.read_case.run(number, MARIA)
    step = case.checklist.steps[0]
    assert (step.reference, step.note, step.option) == ("4.2", "Enligt samtal", "ja")

    checked = await post(client, f"/desk/cases/{number}/check", step_note="Belopp för 850709-9805")
    assert "Ska inte stå här: personnummer, belopp." in checked.text
    assert "Ska inte" not in (await post(client, f"/desk/cases/{number}/check", step_note="Bra")).text
    page = await client.get("/logout", headers={"hx-request": "true"})
    assert page.status_code == 200
    await house.casework.save_draft.run(number, MARIA, "Belopp: 500")
    for path in (f"/desk?case={number}", f"/desk/cases/{number}/close"):
        assert "Ska inte stå här: belopp." in (await client.get(path)).text
    await post(client, f"/desk/cases/{number}/steps?step=s2", note="Belopp: 500 till 850709-9805")
    closed = await post(client, f"/desk/cases/{number}/close", resolution="lost_av_kc", request_id="r")
    assert closed.status_code == 303
    notes = (await house.casework.read_case.run(number, MARIA)).notes
    assert [note.text for note in notes] == ["Belopp: 500 till 850709-9805"]  # a warning loses nothing


async def test_whoever_was_not_the_first_is_told_who_was(house, client):
    number = await taken(house)
    casework = house.casework
    seen = (await casework.read_case.run(number, MARIA)).version
    await casework.do_step.run(number, JONAS, "s1", "nej")
    step = await post(client, f"/desk/cases/{number}/steps?step=s1", option="ja", seen=str(seen), note="Mina ord")
    assert step.status_code == 409
    assert "Steget gjordes av Jonas Berg" in step.text
    assert "Mina ord" in (await client.get(f"/desk?case={number}")).text
    back = await post(client, f"/desk/cases/{number}/back", last="", seen=str(seen))
    assert back.status_code == 303  # nothing was said of what she saw last
    await casework.do_step.run(number, MARIA, "s1", "nej")
    await casework.do_step.run(number, JONAS, "s3", "1")
    back = await post(client, f"/desk/cases/{number}/back", last="s1", seen=str(seen))
    assert (back.status_code, "Steget gjordes av Jonas Berg" in back.text) == (409, True)

    await casework.classify.run(number, JONAS, LAMP)
    for path in ("classify", "steps?step=s4"):
        late = await post(client, f"/desk/cases/{number}/{path}", case_type="x", seen=str(seen))
        assert late.status_code == 409
        assert "Ärendetypen ändrades av Jonas Berg" in late.text
    async with client_of(house.app, Authorization="Bearer local-only-token") as machine:
        said = await machine.post(f"/api/v1/cases/{number}/steps", json={"step": "s1", "version": seen})
        assert (said.status_code, said.json()["title"][:12]) == (409, "Någon annan ")


async def test_a_handover_says_at_the_desk_why_it_is_one(house, client):
    number = await taken(house)
    for step, option in (("s1", "nej"), ("s3", "kallare"), ("s5", "nej")):
        await house.casework.do_step.run(number, MARIA, step, option)
    desk = (await client.get(f"/desk?case={number}")).text
    assert "Varför vi inte kan avsluta: Någon måste mäta på plats." in " ".join(desk.split())


async def test_a_newer_version_is_said_louder_when_urgent_and_one_key_starts_over_in_it(house, client):
    number = await taken(house)
    casework, uow = house.casework, house.casework.close.uow
    await casework.do_step.run(number, MARIA, "s1", "nej")
    assert "gäller nu" not in (await client.get(f"/desk?case={number}")).text
    changed = CHECKLISTS.read_text().replace("Är alla element kalla", "Är alla element helt kalla")
    await ImportChecklists(uow, utc_now).run(changed.encode())
    page = (await client.get(f"/desk?case={number}")).text
    said = ("Checklistan har ändrats: version 2 gäller nu.", "Är alla element helt kalla", "1 ändring", 'data-key="0"')
    assert [one for one in said if one not in page] == []
    case = await casework.read_case.run(number, MARIA)
    assert case.checklist is not None
    assert (case.checklist.version, case.checklist.steps[0].state) == (1, "done")
    async with uow.begin() as work:
        sql = "UPDATE casework.checklist_versions SET phase = 'urgent', urgent_reason = 'Rör bolaget' WHERE version = 2"
        await work.conn.execute(text(sql))
    page = (await client.get(f"/desk?case={number}")).text
    assert [one for one in ("Akutändring: version 2", "Rör bolaget", 'role="alert"') if one not in page] == []
    for _ in "ab":  # pressed twice it is one new beginning
        assert (await post(client, f"/desk/cases/{number}/restart", note="Ord")).status_code == 303
    case = await casework.read_case.run(number, MARIA)
    assert case.checklist is not None
    assert (case.checklist.version, case.checklist.now and case.checklist.now.id, case.draft) == (2, "s1", "Ord")
    assert not case.checklist.can_go_back
    assert case.checklist.newer is None
    assert "Började om i checklistans version 2" in (await client.get(f"/cases/{number}")).text
