"""Hours and takeovers: imported whole or not at all, told on the catalogue, changed and undone in one act each."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.casework.__main__ import cli
from services.casework.store.unit_of_work import UnitOfWork
from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.import_waves import ImportHours, ImportTakeovers
from services.casework.usecases.take_over import Move
from shared.catalogue import Catalogue
from shared.errors import NotFoundError
from shared.records import RECORD_TYPES
from shared.settings import ServiceSettings
from shared.takeover import least_taken
from shared.vocabulary import Channel, Resolution, TakenOver
from tests.support.casework import COLD, MARIA, NO_CHECKLIST, SEED, Room

pytestmark = pytest.mark.integration

NOT, TRIAL, TAKEN = TakenOver.NOT, TakenOver.TRIAL, TakenOver.TAKEN


async def told(room: Room) -> Catalogue:
    """Return the catalogue as the others know it by what stands in the outbox."""
    catalogue = Catalogue(ServiceSettings())
    for one in await room.events():
        if one["type"] in {"catalogue.hours.v1", "catalogue.takeover.v1"}:
            catalogue.apply(one["key"], RECORD_TYPES[one["type"]].model_validate(one["value"]))
    return catalogue


async def test_the_seed_of_hours_is_taken_in_told_and_read_with_what_it_means_now(room: Room):
    uow = UnitOfWork(room.engine)
    counts = await ImportHours(uow).run((SEED / "hours.yaml").read_bytes())
    assert counts.read == counts.changed > 5
    catalogue = await told(room)
    assert catalogue.hours("kontaktcenter", Channel.PHONE) is not None
    assert catalogue.hours("kontaktcenter", Channel.EMAIL) is None
    again = await ImportHours(uow).run((SEED / "hours.yaml").read_bytes())
    assert again.changed == 0
    phone, _visit = await room.casework.read_hours.run("kontaktcenter")
    assert (phone.unit_name, phone.channel, phone.open) == ("Kontaktcenter", Channel.PHONE, True)
    assert phone.closes_at == datetime(2026, 11, 25, 16, tzinfo=UTC)
    [evening, _] = await room.casework.read_hours.run("kontaktcenter", datetime(2026, 11, 27, 20, tzinfo=UTC))
    assert (evening.open, evening.opens_at) == (False, datetime(2026, 11, 30, 7, tzinfo=UTC))


async def test_hours_with_one_error_leave_everything_as_it_was(room: Room):
    text = (SEED / "hours.yaml").read_text().replace("08:30-10:00", "08:30-08:00")
    with pytest.raises(RejectedFileError):
        await ImportHours(UnitOfWork(room.engine)).run(text.encode())
    assert await room.rows("SELECT * FROM casework.opening_hours") == []
    assert await room.events() == []


async def test_the_seed_of_takeovers_is_taken_in_and_told_and_a_second_time_changes_nothing(room: Room):
    uow = UnitOfWork(room.engine)
    data = (SEED / "takeovers.yaml").read_bytes()
    assert (await ImportTakeovers(uow, room.time).run(data)).changed > 4
    catalogue, now = await told(room), room.time()
    trial = catalogue.takeover("entrance", "formular-felanmalan-gata", Channel.E_SERVICE)
    assert least_taken([trial], now)[0] is TRIAL
    room.time.move(days=1)
    assert (await ImportTakeovers(uow, room.time).run(data)).changed == 0


async def test_one_act_moves_in_and_the_opposite_act_moves_out(room: Room):
    act = room.casework.take_over
    [one] = await act.run("case_type", COLD, Move(TAKEN, from_day="2027-01-11", forward_to="+46846500410"), "lead")
    assert (one.now, one.before, one.forward_to) == ("ej_overtagen", "ej_overtagen", "+46846500410")
    assert one.name.startswith("Bostadsbolag / Felanmälan / ")
    [one] = await act.run("case_type", COLD, Move(TRIAL), "lead")
    assert (one.now, one.forward_to, one.changed_by) == ("provdrift", "+46846500410", "lead")
    [one] = await act.run("case_type", COLD, Move(TAKEN, from_day="2027-02-01"), "lead")
    assert (one.now, one.before) == ("provdrift", "provdrift")
    [one] = await act.run("case_type", COLD, Move(NOT), "lead")
    assert one.now == "ej_overtagen"
    record = (await told(room)).takeover("case_type", COLD, Channel.PHONE)
    assert least_taken([record], room.time()) == (NOT, "+46846500410")
    assert [view.now for view in await room.casework.read_takeovers.run()] == ["ej_overtagen"]
    told_before = len(await room.events())
    await act.run("case_type", COLD, Move(NOT), "somebody-else")
    assert len(await room.events()) == told_before + (1 if one.before != "ej_overtagen" else 0)


async def test_an_act_on_all_channels_is_one_on_each_that_differs_too(room: Room):
    act = room.casework.take_over
    await act.run("case_type", COLD, Move(NOT, Channel.PHONE), "lead")
    shown = await act.run("case_type", COLD, Move(TAKEN), "lead")
    assert {view.channel: view.now for view in shown} == {None: "overtagen", "phone": "overtagen"}


async def test_a_whole_unit_moves_in_one_act(room: Room):
    shown = await room.casework.take_over.run("unit", "bostadsbolag", Move(NOT), "lead")
    assert {view.subject for view in shown} == {"case_type", "entrance"}
    assert len(shown) > 10
    for subject in ("unit", "case_type", "entrance"):
        with pytest.raises(NotFoundError):
            await room.casework.take_over.run(subject, "ingen", Move(NOT), "lead")


async def test_a_case_says_what_is_not_taken_over_and_where_to_and_tells_it_at_its_end(room: Room):
    await room.casework.take_over.run("case_type", NO_CHECKLIST, Move(NOT, forward_to="+46846500410"), "lead")
    number = await room.open("flytt")
    view = await room.casework.read_case.run(number, MARIA)
    assert (view.taken_over, view.forward_to) == (TAKEN, "")
    await room.casework.classify.run(number, MARIA, NO_CHECKLIST)
    view = await room.casework.read_case.run(number, MARIA)
    assert (view.taken_over, view.forward_to) == (NOT, "+46846500410")
    await room.casework.close.run(number, MARIA, resolution=Resolution.CONNECTED)
    [closed] = await room.events("case.closed.v1")
    assert closed["value"]["taken_over"] == "ej_overtagen"


async def test_what_the_router_decided_holds_until_an_agent_says_what_it_is_about(room: Room):
    await room.casework.follow_contacts.run([room.received("brev")])
    routed = room.routed("brev").model_copy(update={"taken_over": NOT})
    await room.casework.follow_routing.run([routed, room.accepted("brev")])
    number = await room.number("brev")
    view = await room.casework.read_case.run(number, MARIA)
    assert view.taken_over is NOT
    assert "@" in view.forward_to
    assert [row["taken_over"] for row in await room.rows("SELECT taken_over FROM casework.contacts")] == [NOT]
    await room.casework.classify.run(number, MARIA, COLD)
    assert (await room.casework.read_case.run(number, MARIA)).taken_over is TAKEN


def test_the_commands_import_take_over_and_give_back(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KC_POSTGRES", database_url)
    runner = CliRunner()
    for command in (
        ["migrate"],
        ["import-catalogue", str(SEED / "catalogue-sv.csv")],
        ["import-entrances", str(SEED / "entrances.yaml")],
        ["import-hours", str(SEED / "hours.yaml")],
        ["import-takeovers", str(SEED / "takeovers.yaml")],
    ):
        assert runner.invoke(cli, command).exit_code == 0, command
    act = ["take-over", "--entrance", "bygg-nummer", "--state"]
    done = runner.invoke(cli, [*act, "overtagen", "--from", "2099-01-11"])
    assert done.output == "Bygg och plan: overtagen från 2099-01-11, till dess ej_overtagen; nu ej_overtagen\n"
    assert runner.invoke(cli, [*act, "overtagen"]).output == "Bygg och plan: overtagen; nu overtagen\n"
    assert runner.invoke(cli, [*act, "ej_overtagen", "--channel", "phone"]).output == (
        "Bygg och plan (phone): ej_overtagen; nu ej_overtagen\n"
    )
    missing = runner.invoke(cli, ["take-over", "--case-type", "ct-ingen", "--state", "provdrift"])
    assert (missing.exit_code, "Finns inte i katalogen: ct-ingen" in missing.output) == (1, True)
    assert runner.invoke(cli, ["take-over", "--state", "provdrift"]).exit_code == 2
    bad = tmp_path / "bad.yaml"
    bad.write_text("takeovers:\n  - {unit: Ingen, state: provdrift}\n")
    failed = runner.invoke(cli, ["import-takeovers", str(bad)])
    assert failed.exit_code == 1
    assert f"{bad}:2: Ingen ärendetyp i katalogen: Ingen" in failed.output


async def test_a_channel_of_its_own_holds_for_cases_too(room: Room):
    await room.casework.take_over.run("case_type", COLD, Move(NOT), "lead")
    await room.casework.take_over.run("case_type", COLD, Move(TRIAL, Channel.EMAIL), "lead")
    await room.casework.take_over.run("entrance", "bostad-mejl", Move(NOT, Channel.PHONE), "lead")
    number = await room.open("kanal")
    await room.casework.classify.run(number, MARIA, COLD)
    assert (await room.casework.read_case.run(number, MARIA)).taken_over is TRIAL
