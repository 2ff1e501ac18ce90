"""The catalogue in memory: found by id, by what citizens used, and by what names what."""

from datetime import UTC, datetime

import pytest

from shared.catalogue import Catalogue
from shared.events import ChecklistRef, Event
from shared.records import CaseTypeRecord, ChecklistRecord, EntranceRecord, UnitRecord
from shared.settings import ServiceSettings
from shared.vocabulary import EntranceKind


def entrance(name: str, kind: EntranceKind, value: str, *, default: bool = False) -> EntranceRecord:
    return EntranceRecord(id=name, kind=kind, value=value, name=name, unit="u", greeting="Hej", default=default)


def checklist(name: str, case_type: str) -> ChecklistRecord:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return ChecklistRecord(id=name, version=1, case_type=case_type, steps=(), ends=(), published_at=moment)


def case_type(name: str, ref: str | None = None) -> CaseTypeRecord:
    named = ChecklistRef(id=ref, version=1) if ref else None
    return CaseTypeRecord(id=name, path=("Bolaget", "Fel", f"Fråga {name}"), unit="u", checklist=named)


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue(ServiceSettings())
    records: list[Event] = [
        UnitRecord(id="b", name="Ängby"),
        UnitRecord(id="a", name="Bolaget"),
        entrance("växel", EntranceKind.NUMBER, "+46840000000", default=True),
        entrance("hyra", EntranceKind.NUMBER, "+46840000001"),
        entrance("post", EntranceKind.ADDRESS, "Kontakt@Kommun.example"),
        case_type("1", "c1"),
        case_type("2"),
        case_type("3"),
        checklist("c1", "1"),
        checklist("c2", "2"),
    ]
    for record in records:
        made.apply(record.key, record)
    return made


def test_an_entrance_is_found_by_what_the_citizen_used(catalogue: Catalogue) -> None:
    known, yes = catalogue.entrance_for(EntranceKind.NUMBER, "+46840000001")
    assert (known and known.id, yes) == ("hyra", True)
    mail, yes = catalogue.entrance_for(EntranceKind.ADDRESS, " kontakt@kommun.example ")
    assert (mail and mail.id, yes) == ("post", True)


def test_an_unknown_value_comes_in_by_the_default_of_its_kind(catalogue: Catalogue) -> None:
    found, known = catalogue.entrance_for(EntranceKind.NUMBER, "+46800000000")
    assert (found and found.id, known) == ("växel", False)
    assert catalogue.entrance_for(EntranceKind.DESK, "nowhere") == (None, False)


def test_a_case_types_checklist_is_the_one_it_names_or_the_one_that_names_it(catalogue: Catalogue) -> None:
    found = [catalogue.checklist_of(name) for name in ("1", "2", "3", "none")]
    assert [checklist and checklist.id for checklist in found] == ["c1", "c2", None, None]


def test_what_is_withdrawn_is_gone_and_the_version_grows(catalogue: Catalogue) -> None:
    version = catalogue.version
    for key in ("unit:a", "entrance:hyra", "case_type:1", "checklist:c1", "weather:today"):
        catalogue.apply(key, None)
    assert catalogue.version > version
    assert (catalogue.unit("a"), catalogue.entrance("hyra"), catalogue.case_type("1"), catalogue.checklist("c1")) == (
        None,
        None,
        None,
        None,
    )
    assert catalogue.entrance_for(EntranceKind.NUMBER, "+46840000001")[1] is False


def test_lists_are_sorted(catalogue: Catalogue) -> None:
    assert [unit.name for unit in catalogue.units()] == ["Bolaget", "Ängby"]
    assert [found.id for found in catalogue.case_types()] == ["1", "2", "3"]
    assert [found.id for found in catalogue.checklists()] == ["c1", "c2"]
    assert len(catalogue.entrances()) == 3
