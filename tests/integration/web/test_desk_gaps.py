"""A gap from the desk to its owner and back: reported once, due in working days, answered or declined, read."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from services.casework.domain.deadline import OFFICE
from services.casework.store import tables
from services.casework.usecases.gaps import GapAnsweredError
from shared.errors import NotFoundError
from shared.vocabulary import Resolution, Role
from shared.web.access import Person
from tests.integration.web.test_desk_obligatory import taken
from tests.support.desk import DeskHouse
from tests.support.web import MARIA, client_of, log_in, post

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

EVA = Person("owner-eva", "Eva Ny", frozenset({Role.OWNER}), frozenset({"bostadsbolag"}))
OTHER = Person("owner-bo", "Bo Sjö", frozenset({Role.OWNER}), frozenset({"gata-och-park"}))


async def told(house: DeskHouse, prefix: str) -> list[tuple[str, str]]:
    async with house.casework.close.uow.read() as work:
        out = tables.outbox.c
        rows = (await work.conn.execute(select(out.type, out.value).where(out.type.startswith(prefix)))).all()
    return [(kind, orjson.loads(value).get("state", "")) for kind, value in rows]


async def test_a_gap_goes_to_its_owner_and_the_answer_comes_back_to_who_reported_it(house):
    number, gaps = await taken(house), house.casework.gaps
    async with client_of(house.app, accept="text/html") as client:
        await client.post("/login", data={"person": MARIA.id, "next": "/"})
        dialog = await client.get(f"/desk/cases/{number}/gap")
        assert 'value="missing"' in dialog.text
        empty = await post(client, f"/desk/cases/{number}/gap", kind="wrong", step="s3", text=" ", request_id="a")
        assert (empty.status_code, 'value="s3" selected' in empty.text) == (422, True)
        unknown = await post(client, f"/desk/cases/{number}/gap", kind="other", step="s3", text="Fel", request_id="a")
        assert unknown.status_code == 422
        for _ in "ab":  # pressed twice it is one report
            form = {"kind": "wrong", "step": "s3", "text": "Säger inget om golvvärme", "request_id": "a"}
            assert (await post(client, f"/desk/cases/{number}/gap", **form)).status_code == 303
        await post(client, f"/desk/cases/{number}/gap", kind="missing", text="Ingen passar", request_id="b")
    first, second = await gaps.read.of_owner(EVA)
    assert (first.kind, first.step, first.checklist_version) == ("wrong", "s3", 1)
    assert (second.kind, second.step, second.checklist_id) == ("missing", "", None)
    assert OFFICE.working_days_between(first.reported_at, first.due_at) == 5
    assert (first.late, first.due_at - first.reported_at > timedelta(days=4)) == (False, True)
    assert await gaps.read.of_owner(OTHER) == ()
    with pytest.raises(NotFoundError):
        await gaps.answer.run(first.id, OTHER, "Nej")

    async with client_of(house.app, accept="text/html") as client:
        csrf = {"_csrf": await log_in(house.app, client, EVA)}
        page = (await client.get("/editor/gaps")).text
        assert [one for one in ("golvvärme", "Ingen passar", "Maria Lind") if one not in page] == []
        blank = await client.post(f"/editor/gaps/{first.id}/answer", data={**csrf, "text": " "})
        assert blank.status_code == 422
        for _ in "ab":
            done = await client.post(f"/editor/gaps/{first.id}/answer", data={**csrf, "text": "Tillagt i version 2."})
            assert done.status_code == 303
        no = {**csrf, "text": "Det är inte vårt.", "deed": "decline"}
        assert (await client.post(f"/editor/gaps/{second.id}/answer", data=no)).status_code == 303
        late = await client.post(f"/editor/gaps/{first.id}/answer", data={**csrf, "text": "Annat svar"})
        assert (late.status_code, "redan besvarad" in late.text) == (409, True)
    with pytest.raises(GapAnsweredError):
        await gaps.answer.run(second.id, EVA, "Ändå")
    counted = [("knowledge.gap_answered.v1", "answered"), ("knowledge.gap_answered.v1", "declined")]
    assert await told(house, "knowledge.gap_answered") == counted
    assert len(await told(house, "knowledge.gap_reported")) == 2

    await house.casework.close.run(number, MARIA, resolution=Resolution.SOLVED)
    async with client_of(house.app, accept="text/html") as client:
        await client.post("/login", data={"person": MARIA.id, "next": "/"})
        desk = (await client.get("/desk")).text
        assert [one for one in ("Tillagt i version 2.", "Det är inte vårt.", "Eva Ny") if one not in desk] == []
        await post(client, "/desk/gaps/seen")
        assert "Tillagt i version 2." not in (await client.get("/desk")).text
