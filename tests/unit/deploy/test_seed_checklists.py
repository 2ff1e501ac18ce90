"""The checklists of the seed: complete, closable, plain, and without a single invented local fact."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from services.casework.domain.checklist import Checklist, problems
from services.casework.domain.lifecycle import unready
from services.casework.usecases.files.catalogue_csv import CaseTypeLine, read_catalogue
from services.casework.usecases.files.checklists_yaml import read_checklists
from services.casework.usecases.files.params_yaml import read_params
from shared.calendar import parse
from shared.vocabulary import WIDELY_SOLVED, Identity, Outcome, Priority, Secrecy

SEED = Path(__file__).parents[3] / "deploy" / "seed"
FILES = sorted((SEED / "checklists").glob("*.yaml"))
HOUSING = "Bostadsbolag"
COMMONEST = 40
CLOSABLE = 55
LONGEST_SENTENCE = 25
LONGEST_FILE = 600

EVERYWHERE = re.compile(r"\b(?:112|113 13|114 14|1177)\b")
"""Numbers that are the same in the whole country."""
STIFF = re.compile(
    r"\b(?:kund\w*|ticket\w*|errand\w*|sla|erhåll\w*|avseende|beträffande|ovanstående|nedanstående|undertecknad\w*|"
    r"härmed|inkom(?:ma|mer|mit)|föreligg\w*|jämlikt|tillse\w*|ombesörj\w*|vidta\w*|emotse\w*|erforderlig\w*|vänligen|"
    r"dock|samt|ej|huruvida|i enlighet med|med anledning av|i samband med|i dagsläget|gällande att|utgör\w*|nyttja\w*|"
    r"medborgar\w*)\b",
    re.IGNORECASE,
)
"""Words of offices, of shops and of software: people are invånare, and we speak as people do."""
PHONE = re.compile(r"\b0\d{1,3}-[\d ]{5,}\d")
INVENTED = re.compile(r"08-465 004 \d\d|070-174 06 (?:0[5-9]|[1-9]\d)")
ADDRESS = re.compile(r"\S+@\S+|https?://\S+|\bwww\.\S+|\b[\w-]+\.(?:se|com|nu|org)\b")


@cache
def catalogue() -> tuple[CaseTypeLine, ...]:
    return tuple(read_catalogue((SEED / "catalogue-sv.csv").read_bytes()))


@cache
def checklists() -> dict[str, Checklist]:
    """Return all checklists by case type; an error of a file, or a type with two, fails every test."""
    known = {line.path: line.id for line in catalogue()}
    found: dict[str, Checklist] = {}
    for file in FILES:
        for one in read_checklists(file.read_bytes(), known, {line.unit for line in catalogue()}):
            assert one.case_type not in found, one.id
            found[one.case_type] = one
    assert len({one.id for one in found.values()}) == len(found)
    return found


@cache
def demo() -> dict[tuple[str, str], str]:
    """Return the demo's values by unit and name, as the importer takes them in."""
    units = {line.unit: line.unit for line in catalogue()}
    read = read_params((SEED / "demo-params.yaml").read_bytes(), units)
    return {(unit, name): value for unit, facts in read.items() for name, (value, _) in facts.items()}


def unit_of(checklist: Checklist) -> str:
    return next(line.unit for line in catalogue() if line.id == checklist.case_type)


def texts(one: Checklist) -> Iterator[tuple[str, str]]:
    """Return everything that an agent reads, with its place; law stands in `legal_note` and is left out."""
    yield f"{one.id}", one.identity_note
    yield from ((f"{one.id} forbid", word) for word in one.forbid)
    for step in one.steps:
        yield f"{one.id} {step.id}", step.text
        yield f"{one.id} {step.id}", step.note
        yield from ((f"{one.id} {step.id}", option.label) for option in step.options)
    for end in one.ends:
        yield from ((f"{one.id} {end.id}", text) for text in (end.message, end.note, end.why, end.to or ""))
        yield from ((f"{one.id} {end.id}", text) for text in (*end.forbid, *end.extra_fields))


def everything() -> list[tuple[str, str]]:
    return [place for one in checklists().values() for place in texts(one) if place[1]]


def test_every_file_is_sound_and_belongs_to_one_unit():
    for one in checklists().values():
        assert not problems(one), one.id
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= LONGEST_FILE, file.name
        assert len({raw["unit"] for raw in yaml.safe_load(text)["checklists"]}) == 1, file.name


def test_the_commonest_case_types_and_all_of_the_housing_company_have_one():
    by_share = sorted(catalogue(), key=lambda line: -line.share)
    least = by_share[COMMONEST - 1].share
    missing = [
        " | ".join(line.path)
        for line in by_share
        if line.id not in checklists() and (line.share >= least or line.unit == HOUSING)
    ]
    assert not missing


def solves(one: Checklist) -> bool:
    return any(end.kind is Outcome.CLOSE and end.resolution in WIDELY_SOLVED for end in one.ends)


def main_path(one: Checklist) -> Outcome:
    """Return how the commonest contact ends: the first answer each time, but for what is urgent or another type."""
    here = one.steps[0].id
    while (step := one.step(here)) is not None:
        here = next((way for way in step.ways() if not _aside(one, way)), step.ways()[0])
    end = one.end(here)
    assert end is not None
    return end.kind


def _aside(one: Checklist, way: str) -> bool:
    end = one.end(way)
    return end is not None and (end.kind is Outcome.SWITCH or end.priority in {Priority.URGENT, Priority.HIGH})


def test_more_than_half_of_all_contacts_can_be_closed_at_the_desk():
    """Counted in the share of all contacts, those whose type has no checklist included as not closed.

    `can`: the checklist has an end where we have solved it or shown the self-service; `usually`: its main path closes.
    """
    shares = {line.id: line.share for line in catalogue()}
    can = sum(shares[kind] for kind, one in checklists().items() if solves(one))
    usually = sum(shares[kind] for kind, one in checklists().items() if main_path(one) is Outcome.CLOSE)
    assert can >= CLOSABLE, can
    assert usually >= CLOSABLE, usually


def test_a_handover_says_why_it_cannot_be_closed_and_by_when():
    for one in checklists().values():
        for end in one.ends:
            where = f"{one.id} {end.id}"
            if end.kind is not Outcome.HANDOVER:
                assert not end.why, where
                continue
            assert len(end.why.split()) > 3, where
            assert end.receive_within, where
            assert end.answer_citizen_within or end.priority != Priority.NORMAL, where
            values = {name: value for (unit, name), value in demo().items() if unit == unit_of(one)}
            for within in (end.receive_within, end.answer_citizen_within):
                assert understood(replace(one, params=values).fill(within or "genast")), (where, within)


def understood(within: str) -> bool:
    """Return whether a promise is one that the deadlines read."""
    if within in {"automatiskt", "genast"} or within.startswith(("samma arbetsdag", "genast, ")):
        return True
    parse(within)
    return True


def test_a_switch_names_a_type_of_the_catalogue():
    paths = {(line.unit, line.area, line.question) for line in catalogue()}
    for one in checklists().values():
        for end in (end for end in one.ends if end.kind is Outcome.SWITCH):
            assert end.note, (one.id, end.id)
            assert end.to == "rätt ärendetyp" or tuple((end.to or "").split(" | ")) in paths, (one.id, end.to)


def test_every_param_is_used_and_has_a_value_in_the_demo():
    used: set[tuple[str, str]] = set()
    for one in checklists().values():
        durations = [text or "" for end in one.ends for text in (end.receive_within, end.answer_citizen_within)]
        names = set(re.findall(r"\{([^{}]+)\}", " ".join([*(text for _, text in texts(one)), *durations])))
        assert names == set(one.params), (one.id, names ^ set(one.params))
        assert not any(one.params.values()), one.id
        used |= {(unit_of(one), name) for name in names}
    assert used == set(demo())
    assert all(demo().values())


def test_with_the_values_of_the_demo_all_may_be_published_and_without_them_what_has_params_may_not():
    for one in checklists().values():
        values = {name: value for (unit, name), value in demo().items() if unit == unit_of(one)}
        assert not unready(one, values), one.id
        assert bool(unready(one, {})) is bool(one.params), one.id


def test_the_values_of_the_demo_are_invented():
    for place, value in demo().items():
        assert not [one for one in PHONE.findall(value) if not INVENTED.fullmatch(one)], place
        assert all(one.rstrip(".,").endswith(".example") or ".example/" in one for one in ADDRESS.findall(value)), place


def test_no_number_address_or_phone_stands_in_a_text():
    for place, text in everything():
        plain = EVERYWHERE.sub("", re.sub(r"\{[^{}]+\}", "", text))
        assert not re.search(r"\d", plain), (place, text)
        assert not ADDRESS.search(plain), (place, text)


def test_the_language_is_plain():
    for place, text in everything():
        assert not STIFF.search(text.replace("_", " ")), (place, STIFF.findall(text))
        for sentence in re.split(r"[.?!:]\s|[.?!:]$", text):
            assert len(sentence.split()) <= LONGEST_SENTENCE, (place, sentence)


def test_every_answer_has_a_key_and_every_step_leads_on_in_one_way():
    for one in checklists().values():
        for step in one.steps:
            assert len(step.options) != 1, (one.id, step.id)
            assert len(step.options) <= 9, (one.id, step.id)
            assert step.type != "decide" or step.options, (one.id, step.id)
            assert not (step.options and step.goto), (one.id, step.id)
        assert one.review_months, one.id
        assert one.tags, one.id


SOCIAL = {"Ekonomiskt bistånd", "Individ och familj", "Äldreomsorg", "Funktionsstöd"}


def test_secrecy_and_identity_are_as_law_and_habit_demand():
    for one in checklists().values():
        fields = {field for end in one.ends for field in end.extra_fields}
        assert "personnummer" not in " ".join(fields), one.id
        if unit_of(one) in SOCIAL:
            assert one.secrecy is Secrecy.PRESUMED, one.id
        if one.secrecy is Secrecy.PRESUMED:
            assert one.forbid, one.id
        if unit_of(one) == "Individ och familj":
            assert not fields, one.id
        if one.identity is Identity.NONE:
            assert not any("personnummer" in step.text for step in one.steps), one.id
    document = next(one for one in checklists().values() if one.id == "kansli-allman-handling")
    assert document.identity is Identity.NONE
    assert not {"namn", "personnummer"} & {field for end in document.ends for field in end.extra_fields}
