"""The fallback's doors: a note that a browser sends is taken in once, and the file on the share is whole."""

import asyncio
from pathlib import Path

import pytest

from services.casework.web.fallback_file import FallbackFile
from shared.clock import utc_now
from tests.support.desk import DeskHouse
from tests.support.web import MARIA, PER, client_of, known_as

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


def names_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def test_a_kept_note_is_taken_in_once_and_its_case_says_so(house: DeskHouse):
    async with client_of(house.app, accept="application/json") as client:
        await known_as(house.app, client, MARIA)
        worker = await client.get("/fallback-worker.js")
        assert worker.headers["content-type"].startswith("text/javascript")
        note = {"key": "k1", "words": "Vill ha besked", "at": "2026-01-02T03:04:05Z", "phone": "070-174 06 05"}
        answers = [await client.post("/fallback/notes", data=note) for _ in range(2)]
        assert [one.status_code for one in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        number = answers[0].json()["number"]
        shown = await client.get(f"/cases/{number}", headers={"accept": "text/html"})
        desk = await client.get("/desk", params={"case": number}, headers={"accept": "text/html"})
        assert "Antecknat i reservläge, för hand." in desk.text
        assert "Antecknat i reservläge, inläst i efterhand" in shown.text
        for wrong in ({"words": " "}, {"key": ""}, {"words": "x" * 4_001}, {"channel": "email"}):
            assert (await client.post("/fallback/notes", data=note | {"key": "k2"} | wrong)).status_code == 422
        for at in ("i går", "0001-01-01T00:00:00+14:00", "2026-01-01"):
            odd = note | {"key": f"k {at}", "at": at, "case_type": "finns-\x00inte", "done": "1"}
            assert (await client.post("/fallback/notes", data=odd)).json()["closed"] is False
        await known_as(house.app, client, PER)
        assert (await client.post("/fallback/notes", data=note | {"key": "k4"})).status_code == 403


async def test_the_file_on_the_share_has_the_directory_and_is_replaced_whole(house: DeskHouse, tmp_path: Path):
    read, pages = house.casework.day.read_fallback, house.app.state.pages
    path = tmp_path / "reservlage.html"
    path.write_text("gammal")
    writers = [FallbackFile(read, pages, str(path), utc_now) for _ in range(4)]  # as many processes do
    assert all(await asyncio.gather(*(one.write() for one in writers)))
    html = path.read_text(encoding="utf-8")
    assert "Det är kallt inne" in html
    assert "/static" not in html
    entry = next(one for one in (await read.run()).people if one.away_until is None)
    assert (entry.name in html, entry.numbers[0] in html) == (True, True)
    assert names_in(tmp_path) == [path.name]
    assert not await FallbackFile(read, pages, str(tmp_path / "nowhere/x.html"), utc_now).write()
    found = await read.run(entry.name)
    assert entry.name in {one.name for one in found.people}
    assert found.kinds
