"""The directory on a real database: a file is a sync with a report, who is asked for is found, who is away is said."""

from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from services.casework.__main__ import cli
from services.casework.usecases.connect import CONNECTED, ConnectCaller, NoNumberError, NotACallError, OwnPhoneError
from services.casework.usecases.directory import AwayFactsError, ReportChangedError
from services.casework.usecases.files import RejectedFileError
from shared.errors import ConflictError, NotFoundError
from shared.vocabulary import Channel
from tests.support.casework import MARIA, SEED, Room, contact

pytestmark = pytest.mark.integration

SEEDED = (SEED / "directory-sv.csv").read_bytes()
HEAD = "nyckel;namn;titel;verksamhet;telefon;anknytning;sökord;borta till;ersättare\n"


def of(*lines: str) -> bytes:
    return (HEAD + "\n".join(lines)).encode()


async def names(room: Room, text: str) -> list[str]:
    return [one.name for one in await room.casework.directory.read.find(text)]


async def test_a_file_is_a_sync_whose_report_is_seen_first(room: Room):
    take_in = room.casework.directory.take_in
    two = of("1;Karin Ek;Arkitekt;Bygg och plan;08-465 004 20;0420;;;", "2;Bo Ås;;Kansli;;;;;")
    report = await take_in.report(two, "admin")
    assert (report.added, report.changed, report.gone) == (("Bo Ås", "Karin Ek"), (), ())
    assert not await names(room, "karin")
    await take_in.take("admin", report.mark)
    assert await names(room, "karin") == ["Karin Ek"]
    assert (await take_in.report(two)).nothing
    before = await room.rows("SELECT * FROM casework.directory ORDER BY id")
    await take_in.run(two)
    assert await room.rows("SELECT * FROM casework.directory ORDER BY id") == before
    other = of("1;Karin Ek;Stadsarkitekt;Bygg och plan;08-465 004 20;0420;;;", "3;Åke Ro;;Kansli;;;;;")
    report = await take_in.run(other)
    assert (report.added, report.gone) == (("Åke Ro",), ("Bo Ås",))
    assert [(one.name, one.what) for one in report.changed] == [("Karin Ek", ("title",))]
    assert not await names(room, "bo ås")
    assert await names(room, "stadsark") == ["Karin Ek"]
    assert not await names(room, "arkitekt") or await names(room, "arkitekt") == ["Karin Ek"]
    back = await take_in.run(two)
    assert back.added == ("Bo Ås",)
    assert await names(room, "bo ås") == ["Bo Ås"]


async def test_nothing_is_done_by_halves_or_by_another_report(room: Room):
    take_in = room.casework.directory.take_in
    with pytest.raises(RejectedFileError):
        await take_in.run(of("1;Karin Ek;;Bygg och plan;;;;;", "2;Bo;;Okänd;;;;;"))
    assert await room.casework.directory.read.count() == 0
    report = await take_in.report(of("1;Karin Ek;;Bygg och plan;;;;;"), "admin")
    await take_in.run(of("2;Bo Ek;;Kansli;;;;;"))
    for _ in range(2):
        with pytest.raises(ReportChangedError):
            await take_in.take("admin", report.mark)
    assert [one.name for one in await room.casework.directory.read.find("ek")] == ["Bo Ek"]


async def test_who_is_asked_for_is_found(room: Room):
    await room.casework.directory.take_in.run(SEEDED)
    for text, first in {
        "strömq": "Karin Strömqvist",
        "stromkvist": "Karin Strömqvist",
        "karin ström": "Karin Strömqvist",
        "ström karin": "Karin Strömqvist",
        "karin s": "Karin Strömqvist",
        "Strömqivst": "Karin Strömqvist",
        "Marén": "Henrik Maréen",
        "hilevi": "Hillevi Sandrot",
        "sandrto": "Hillevi Sandrot",
        "wenerb": "Ulrika Wennerbo",
        "attefall": "Karin Strömqvist",
        "driftcentralen": "Driftcentralen gata",
        "registrator": "Registrator",
        "stadsbibl": "",
        "0441": "Karin Strömqvist",
        "08-465 004 41": "Karin Strömqvist",
        "snö": "Driftcentralen gata",
        "rektor komvux": "Annika Brolund",
        "k": "",
        "19850101-1234": "",
    }.items():
        found = await names(room, text)
        assert found[:1] == ([first] if first else []), (text, found)


async def test_nobody_is_found_by_what_is_hidden(room: Room):
    await room.casework.directory.take_in.run(SEEDED)
    rows = {row["name"]: row for row in await room.rows("SELECT * FROM casework.directory")}
    hidden = next(row for row in rows.values() if row["mobile"] and not row["mobile_shown"])
    shown = next(row for row in rows.values() if row["mobile_shown"])
    assert hidden["name"] not in await names(room, hidden["mobile"])
    assert await names(room, shown["mobile"]) == [shown["name"]]
    guarded = rows["Skyddad medarbetare"]
    assert guarded["name"] not in await names(room, guarded["phone"])
    view = (await room.casework.directory.read.find("skyddad medarbetare"))[0]
    assert (view.phone, view.extension, view.mobile, view.place, view.email, view.dials) == ("",) * 6
    assert view.protected


async def test_who_is_away_is_said_until_the_day_is_over_and_a_file_keeps_what_was_set_by_hand(room: Room):
    directory, today = room.casework.directory, date(2026, 11, 25)
    file = of("1;Karin Ek;;Kansli;;;;;", "2;Bo Ås;;Kansli;;;;2026-12-01;Karin Ek")
    await directory.take_in.run(file)
    karin, bo = [(await directory.read.find(name))[0] for name in ("karin", "bo")]
    assert (bo.away_until, bo.stand_in and bo.stand_in.name) == (date(2026, 12, 1), "Karin Ek")
    await directory.set_away.run(karin.id, today, bo.id)
    assert [one.name for one in await directory.read.away()] == ["Bo Ås", "Karin Ek"]
    await directory.set_away.run(bo.id, None)
    assert (await directory.take_in.run(file)).nothing
    titled = file.replace(b"Bo \xc3\x85s;", b"Bo \xc3\x85s;Jurist")
    assert [one.what for one in (await directory.take_in.run(titled)).changed] == [("title",)]
    assert [one.name for one in await directory.read.away()] == ["Karin Ek"]
    room.time.now += timedelta(days=1)
    assert not await directory.read.away()
    assert (await directory.read.one(karin.id)).away_until is None
    for until, stand_in in ((today, ""), (date(2027, 1, 1), karin.id), (date(2027, 1, 1), "nobody")):
        with pytest.raises(AwayFactsError):
            await directory.set_away.run(karin.id, until, stand_in)
    with pytest.raises(NotFoundError):
        await directory.set_away.run("nobody", None)


class Exchange:
    """A telephony that passes calls on, or does not know them."""

    def __init__(self) -> None:
        self.connected: list[tuple[str, str]] = []
        self.knows = True

    async def connect(self, contact_id: str, number: str) -> None:
        if not self.knows:
            raise NotFoundError
        self.connected.append((contact_id, number))


async def test_a_caller_is_passed_on_and_nobody_reads_with_whom(room: Room):
    await room.casework.directory.take_in.run(SEEDED)
    directory, exchange = room.casework.directory, Exchange()
    connect = ConnectCaller(directory.connect.uow, exchange, directory.read, room.time)
    number = await room.open("a", channel=Channel.PHONE)
    karin = (await directory.read.find("strömqvist"))[0]
    await connect.run(number, MARIA, karin.id)
    assert exchange.connected == [(contact("a"), "+46846500441")]
    case = await room.casework.read_case.run(number, MARIA)
    assert (case.history[-1].what, case.history[-1].facts) == (CONNECTED, {"unit": "bygg-och-plan"})
    assert case.contact.agent_id == MARIA.id
    guarded = (await directory.read.find("skyddad medarbetare"))[0]
    with pytest.raises(NoNumberError):
        await connect.run(number, MARIA, guarded.id)
    exchange.knows = False
    with pytest.raises(OwnPhoneError):
        await connect.run(number, MARIA, karin.id)
    mail = await room.open("b")
    with pytest.raises(NotACallError):
        await connect.run(mail, MARIA, karin.id)
    await room.run("UPDATE casework.contacts SET agent_id = 'agent-jonas-berg'")
    with pytest.raises(ConflictError):
        await connect.run(number, MARIA, karin.id)
    assert len(exchange.connected) == 1


def test_the_command_reports_asks_and_refuses(database_url: str, monkeypatch, tmp_path):
    monkeypatch.setenv("KC_POSTGRES", database_url)
    run, file = CliRunner().invoke, tmp_path / "directory.csv"
    file.write_bytes(of("1;Karin Ek;;Kansli;;;;;"))
    assert run(cli, ["migrate"]).exit_code == 0
    assert run(cli, ["import-catalogue", str(SEED / "catalogue-sv.csv")]).exit_code == 0
    assert "+ Karin Ek" in run(cli, ["import-directory", str(file), "--dry-run"]).output
    assert run(cli, ["import-directory", str(file)], input="n\n").exit_code == 1
    assert "inläst" in run(cli, ["import-directory", str(file), "--yes"]).output
    assert "0 nya, 0 ändrade, 0 försvinner" in run(cli, ["import-directory", str(file)]).output
    file.write_bytes(of("1;;;Kansli;;;;;", "2;Bo;;Rymden;;;;;"))
    refused = run(cli, ["import-directory", str(file), "--yes"])
    assert refused.exit_code == 1
    assert f"{file}:2: namn är tomt." in refused.output
    assert f"{file}:3: Okänd verksamhet: Rymden." in refused.output
