"""Files of opening hours and of what has been taken over: read as people write them, every error with its line."""

from datetime import datetime

import pytest

from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.files.catalogue_csv import read_catalogue
from services.casework.usecases.files.hours_yaml import read_hours
from services.casework.usecases.files.lists_yaml import Rows, read_entrances
from services.casework.usecases.files.takeovers_yaml import Known, read_takeovers
from shared.calendar import STOCKHOLM
from shared.ids import slug
from shared.opening import Opening
from shared.records import HoursRecord
from tests.support.casework import SEED

HOURS = """hours:
  - unit: Bolag
    channels: [phone, visit]
    week: {mån-tor: "08:00-12:00, 13-17", fre: 08:00-16:00}
    exceptions:
      - {day: 2026-12-23, hours: 08:00-12:00, note: Halvdag}
      - {day: 2027-05-07, note: Klämdag}
  - unit: Bolag
    week: dygnet runt
    open_on_holidays: true
"""
TAKEOVERS = """takeovers:
  - {unit: Bolag, state: overtagen, from: 2027-01-11, forward_to: bolag@kommun.example}
  - {unit: Hamn, area: Kaj, question: "Plats?", channels: [phone, email], state: provdrift}
  - {entrance: vaxel, state: ej_overtagen, from: 2027-06-01}
"""
KNOWN = Known(
    {("Bolag", "Fel", "Kallt?"): "ct-1", ("Bolag", "Fel", "Vått?"): "ct-2", ("Hamn", "Kaj", "Plats?"): "ct-3"},
    frozenset({"vaxel"}),
)


def _hours(text: str) -> Rows:
    return read_hours(text.encode(), {"Bolag": "bolag"})


def _takeovers(text: str) -> Rows:
    return read_takeovers(text.encode(), KNOWN)


def test_hours_are_read_as_people_write_them():
    phone, visit, others = _hours(HOURS)
    assert (phone["id"], visit["id"], others["id"]) == ("bolag:phone", "bolag:visit", "bolag:*")
    assert phone["weekly"][3] == [{"opens": "08:00", "closes": "12:00"}, {"opens": "13:00", "closes": "17:00"}]
    assert phone["weekly"][4:] == [[{"opens": "08:00", "closes": "16:00"}], [], []]
    assert [(one["day"], len(one["spans"])) for one in phone["exceptions"]] == [("2026-12-23", 1), ("2027-05-07", 0)]
    always = Opening.of(HoursRecord.model_validate(others))
    assert always.is_open(datetime(2026, 12, 24, 3, tzinfo=STOCKHOLM))


def test_takeovers_name_case_types_entrances_and_whole_units():
    rows = {row["id"]: row for row in _takeovers(TAKEOVERS)}
    assert set(rows) == {
        *("case_type:ct-1:*", "case_type:ct-2:*", "case_type:ct-3:phone", "case_type:ct-3:email", "entrance:vaxel:*")
    }
    first = rows["case_type:ct-1:*"]
    assert (first["state"], first["from_day"], first["before"]) == ("overtagen", "2027-01-11", "ej_overtagen")
    assert rows["entrance:vaxel:*"]["before"] == "overtagen"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("unit: Bolag\n    channels", "unit: Ingen\n    channels", 2, "finns inte i katalogen: Ingen"),
        ("[phone, visit]", "[phone, fax]", 3, "Okänd kanal: fax"),
        ("mån-tor", "mån-torsdag", 4, "Okänd dag: mån-torsdag"),
        ("fre:", "tor:", 4, "tor: dagen har redan tider"),
        ("fre: 08:00-16:00", "fre: 08:00-25:00", 4, "Inga tider: 08:00-25:00"),
        ("fre: 08:00-16:00", "fre: 16:00", 4, "Inga tider"),
        ("fre: 08:00-16:00", "fre: 16:00-08:00", 4, "sluta innan de börjar"),
        ("12:00, 13-17", "12:00, 11-17", 4, "gå i varandra"),
        ('{mån-tor: "08:00-12:00, 13-17", fre: 08:00-16:00}', "jämt", 4, "week ska vara"),
        ("week: dygnet runt", "week: {mån-sön: stängt}", 9, "aldrig öppet"),
        ("2026-12-23", "2026-12-32", 6, "2026-12-32"),
        ("2026-12-23", "julafton", 6, "Ingen dag: julafton"),
        ("2027-05-07", "2026-12-23", 7, "finns redan"),
        ("note: Klämdag", "stängt: ja", 7, "day, hours"),
        ("open_on_holidays", "open_on_holiday", 10, "Okänt fält"),
        ("  - unit: Bolag\n    week", "  - unit: Bolag\n    channels: [phone]\n    week", 8, "finns redan i filen"),
        ("hours:", "times:", 1, "ingen lista hours"),
    ],
)
def test_each_error_in_hours_has_its_line(old: str, new: str, line: int, says: str):
    with pytest.raises(RejectedFileError) as caught:
        _hours(HOURS.replace(old, new, 1))
    assert [one for one in caught.value.found if one.line == line and says in one.text], caught.value.found


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("unit: Bolag", "unit: Ingen", 2, "Ingen ärendetyp i katalogen: Ingen"),
        ("area: Kaj", "area: Brygga", 3, "Ingen ärendetyp"),
        ('question: "Plats?"', 'question: "Båt?"', 3, "Hamn / Kaj / Båt?"),
        ("entrance: vaxel", "entrance: luckan", 4, "Ingången finns inte"),
        ("entrance: vaxel", "entrance: vaxel, unit: Hamn", 4, "antingen entrance eller unit"),
        ("entrance: vaxel, ", "", 4, "antingen entrance eller unit"),
        ("state: provdrift", "state: kanske", 3, "state ska vara"),
        (", state: provdrift", "", 3, "state ska vara"),
        ("state: provdrift", "state: provdrift, before: kanske", 3, "before ska vara"),
        ("2027-01-11", "2027-01-32", 2, "2027-01-32"),
        ("[phone, email]", "[fax]", 3, "Okänd kanal"),
        ("forward_to", "forward", 2, "Okänt fält"),
        ('unit: Hamn, area: Kaj, question: "Plats?", channels: [phone, email]', "unit: Bolag", 3, "Står redan"),
    ],
)
def test_each_error_in_takeovers_has_its_line(old: str, new: str, line: int, says: str):
    with pytest.raises(RejectedFileError) as caught:
        _takeovers(TAKEOVERS.replace(old, new, 1))
    assert [one for one in caught.value.found if one.line == line and says in one.text], caught.value.found


def test_the_seed_is_read_as_it_is():
    lines = read_catalogue((SEED / "catalogue-sv.csv").read_bytes())
    units = {line.unit: slug(line.unit) for line in lines}
    hours = read_hours((SEED / "hours.yaml").read_bytes(), units)
    assert {row["id"] for row in hours} >= {"kontaktcenter:phone", "kontaktcenter:visit", "vatten-och-avlopp:*"}
    assert all(row["channel"] != "email" for row in hours)
    types = {line.path: line.id for line in lines}
    rows = read_entrances(
        (SEED / "entrances.yaml").read_bytes(), units, {" | ".join(path): types[path] for path in types}
    )
    entrances = {row["id"] for row in rows}
    broken = ("Bostadsbolag", "Felanmälan", "Något har gått sönder i lägenheten, tar ni emot anmälan?")
    assert {row["id"]: row["case_type"] for row in rows if row["case_type"]} == {
        "formular-felanmalan-bostad": types[broken]
    }
    known = Known({line.path: line.id for line in lines}, frozenset(entrances))
    assert {row["state"] for row in read_takeovers((SEED / "takeovers.yaml").read_bytes(), known)} == {
        *("overtagen", "provdrift", "ej_overtagen")
    }
