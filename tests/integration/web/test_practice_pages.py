"""Practice by plain forms: marked on every page, worked by the desk's own parts, judged, and signed off by a leader."""

import pytest
from sqlalchemy import func, select

from services.casework.store import tables
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.practice.exercises import ImportExercises
from shared.vocabulary import Role
from shared.web.access import Person
from tests.support.casework import COLD
from tests.support.desk import SEED, DeskHouse
from tests.support.web import MARIA, client_of, log_in, post

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

OSKAR = Person("lead-oskar-vik", "Oskar Vik", frozenset({Role.LEAD}), frozenset({"*"}))
JONAS = Person("agent-jonas-berg", "Jonas Berg", frozenset({Role.AGENT}), frozenset({"*"}))


async def kept(house: DeskHouse) -> list[int]:
    """Return how much there is of cases, contacts, steps, notes and what is told to the others."""
    found = (tables.cases, tables.contacts, tables.run_steps, tables.notes, tables.drafts, tables.outbox)
    async with house.casework.close.uow.read() as work:
        counts = [await work.conn.scalar(select(func.count()).select_from(one)) for one in found]
    return [count or 0 for count in counts]


async def practised(house: DeskHouse) -> None:
    uow: UnitOfWork = house.casework.close.uow
    taken = await ImportExercises(uow).run((SEED / "exercises.yaml").read_bytes())
    assert taken.read == taken.changed > 40


async def test_an_agent_practises_without_scripts_and_a_leader_signs_her_off(house: DeskHouse):
    await practised(house)
    before = await kept(house)
    async with client_of(house.app, accept="text/html") as client:
        await client.post("/login", data={"person": MARIA.id, "next": "/"})
        assert 'href="/practice"' in (await client.get("/desk")).text
        listed = (await client.get("/practice")).text
        assert "Nils Lund" in listed
        assert "Checklistan är inte publicerad än." in listed
        refused = await post(client, "/practice/start", exercise="bostad-uppsagning")
        assert (refused.status_code, "när dess checklista är publicerad" in refused.text) == (409, True)
        run = (await post(client, "/practice/start", exercise="bostad-kallt")).headers["location"]
        desk = (await client.get(run)).text
        assert desk.count("ÖVNING") == 2
        assert "/desk/cases/" not in desk
        found = (await client.get(f"{run}/candidates", params={"q": "kallt inne"})).text
        assert f'action="{run}/classify"' in found
        await post(client, f"{run}/classify", case_type=COLD, note="Ringde från")
        wrong = await post(client, f"{run}/steps?step=s9")
        assert (wrong.status_code, "Steget är inte gjort" in wrong.text) == (422, True)
        for step, option in (("s1", "nej"), ("s3", "2")):
            done = await post(client, f"{run}/steps?step={step}", option=option, note="Ringde från Lindgatan")
            assert done.headers["location"] == run
        await post(client, f"{run}/back")
        await post(client, f"{run}/steps?step=s3", option="2")
        await post(client, f"{run}/steps?step=s5", option="nej")
        assert "Ringde från Lindgatan" in (await client.get(f"{run}/handover")).text
        missing = await post(client, f"{run}/close", resolution="finns-inte")
        assert (missing.status_code, "Avsluta övningen" in missing.text) == (422, True)
        ended = await post(client, f"{run}/handover")
        result = await client.get(ended.headers["location"])
        assert "Övningen är klarad" in result.text
        assert (await client.get(run)).headers["location"] == f"{run}/result"
        assert (await post(client, f"{run}/note", note="mer")).status_code == 409
        english = await client.get(f"{run}/result", headers={"accept-language": "en"})
        assert "You passed" in english.text
        assert (await client.get("/practice/results")).status_code == 403
    assert await kept(house) == before
    await signed_off(house, run)


async def signed_off(house: DeskHouse, run: str) -> None:
    """A leader sees the run, signs off and takes it back; another agent sees nothing of it."""
    async with client_of(house.app, accept="text/html") as client:
        await log_in(house.app, client, JONAS)
        for path in (run, f"{run}/result", f"{run}/work"):
            assert (await client.get(path)).status_code == 404
    async with client_of(house.app, accept="text/html") as client:
        await log_in(house.app, client, OSKAR)
        locked = await post(client, "/practice/results/asks", unit="bostadsbolag", asks="required")
        assert (locked.status_code, "Ingen är godkänd för Bostadsbolag" in locked.text) == (409, True)
        maria = f"/practice/results/bostadsbolag/{MARIA.id}"
        assert "klarad" in (await client.get(maria)).text
        assert "Maria Lind" in (await client.get(f"/practice/results/runs/{run.rsplit('/', 1)[1]}")).text
        assert (await post(client, f"{maria}/sign-off")).headers["location"] == maria
        assert "av Oskar Vik" in (await client.get(maria)).text
        assert (await post(client, "/practice/results/asks", unit="bostadsbolag", asks="required")).status_code == 303
        empty = await post(client, f"{maria}/take-back", reason=" ")
        assert empty.status_code == 422
        assert (await post(client, f"{maria}/take-back", reason="Ny checklista")).status_code == 303
        assert "tillbakataget av Oskar Vik: Ny checklista" in (await client.get(maria)).text
        assert "Ingen är godkänd, så kontakterna väntar" in (await client.get("/practice/results")).text
        assert (await post(client, "/practice/results/asks", unit="*", asks="off")).status_code == 303
        assert 'value="required" selected' not in (await client.get("/practice/results")).text
