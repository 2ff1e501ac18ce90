"""Files that fill the catalogue: what is wrong is found in one go, each with its line."""

import gzip
from pathlib import Path

import pytest

from services.casework.domain.checklist import Checklist
from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.files.catalogue_csv import read_catalogue
from services.casework.usecases.files.checklists_yaml import read_checklists
from services.casework.usecases.files.examples_jsonl import read_examples
from services.casework.usecases.files.lists_yaml import read_entrances
from shared.vocabulary import Outcome, Secrecy
from tests.support.checklists import CHECKLISTS

SEED = Path(__file__).parents[3] / "deploy" / "seed"
HEAD = "unit,area,question,typical_outcome,share_hint\n"
KNOWN: dict[tuple[str, ...], str] = {("Bolag", "Fel", "Kallt?"): "ct-1", ("Bolag", "Fel", "Vått?"): "ct-2"}
GOOD = """checklists:
  - id: kallt
    unit: Bolag
    area: Fel
    question: Kallt?
    owner: {role: Chef, unit: Bolag}
    params: [grader]
    steps:
      - {id: s1, type: ask, text: "Under {grader}?", options: [{if: ja, goto: vidare}, {if: nej, goto: klart}]}
    ends:
      klart: {kind: close, resolution: lost_av_kc}
      vidare: {kind: handover, to: Bolag/Jour, priority: akut}
"""


def _checklists(text: str) -> list[Checklist]:
    return read_checklists(text.encode(), KNOWN, {"Bolag"})


def _errors(text: str) -> list[tuple[int, str]]:
    with pytest.raises(RejectedFileError) as caught:
        _checklists(text)
    return [(error.line, error.text) for error in caught.value.found]


def test_a_sound_file_is_read():
    [one] = _checklists(GOOD)
    assert (one.case_type, one.params, one.owner_role) == ("ct-1", {"grader": ""}, "Chef")
    assert [(end.id, end.kind, end.priority) for end in one.ends] == [
        ("klart", Outcome.CLOSE, "normal"),
        ("vidare", Outcome.HANDOVER, "urgent"),
    ]


def test_a_whole_catalogue_and_its_checklists_are_read():
    lines = read_catalogue((SEED / "catalogue-sv.csv").read_bytes())
    known = {line.path: line.id for line in lines}
    found = read_checklists(CHECKLISTS.read_bytes(), known, {line.unit for line in lines})
    assert (len(lines), len(found)) == (102, 12)
    assert {one.secrecy for one in found} == {Secrecy.NONE, Secrecy.POSSIBLE, Secrecy.PRESUMED}
    assert all(one.params.keys() >= set() for one in found)
    deep = next(line for line in lines if line.area == "Uthyrning / Förtur")
    assert deep.path[1:3] == ("Uthyrning", "Förtur")


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("goto: klart}", "goto: borta}", 9, "borta, som inte finns"),
        ("goto: vidare}", "goto: klart}", 12, "vidare kan aldrig nås"),
        ("unit: Bolag\n    area", "unit: Ingen\n    area", 3, "Verksamheten finns inte"),
        ("area: Fel", "area: Annat", 4, "Området finns inte"),
        ("question: Kallt?", "question: Torrt?", 5, "Frågan finns inte"),
        ("    owner: {role: Chef, unit: Bolag}\n", "", 2, "saknar ägare"),
        ("unit: Bolag}", "unit: Ingen}", 6, "Ägarens verksamhet"),
        ("params: [grader]", "params: []", 9, "{grader} är inte deklarerad"),
        ("type: ask", "type: sing", 9, "type ska vara"),
        ("resolution: lost_av_kc", "resolution: magic", 11, "resolution ska vara"),
        ("kind: close, resolution: lost_av_kc", "kind: close", 11, "resolution ska vara"),
        ("kind: handover, to: Bolag/Jour", "kind: handover", 12, "saknar to"),
        ("priority: akut", "priority: strax", 12, "Okänd prioritet"),
        ("if: nej", "if: ja", 9, "ja finns redan"),
        ("{if: nej, goto: klart}", "{goto: klart}", 9, "if och goto"),
        ("id: s1, type", "id: klart, type", 11, "både ett steg och ett slut"),
        ("      klart: {kind", "      vidare: {kind", 12, "vidare står två gånger"),
        ("type: ask,", "type: ask, gtoo: klart,", 9, "Okänt fält"),
        ("id: kallt", "id: ''", 2, "saknar id"),
        ("    steps:", "    stegen:", 2, "saknar steg"),
        ("checklists:", "lists:", 1, "ingen lista"),
        ("    params: [grader]", "    params: [grader", 8, "inte giltig YAML"),
    ],
)
def test_each_error_has_its_line(old: str, new: str, line: int, says: str):
    found = _errors(GOOD.replace(old, new, 1))
    assert [one for one in found if one[0] == line and says in one[1]], found


def test_a_second_checklist_with_the_same_id_or_type_is_an_error():
    twice = GOOD + GOOD.removeprefix("checklists:\n")
    found = _errors(twice)
    assert (13, "Checklistan kallt finns redan på rad 2.") in found
    assert (16, "Ärendetypen har redan checklistan kallt.") in found


@pytest.mark.parametrize(
    "text", ["", "hej", "- 1", "checklists: []", "checklists: [1]", "a: &x [*x]", "\x00", "checklists:\n\t- a"]
)
def test_nonsense_is_an_error_not_a_crash(text: str):
    assert _errors(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("unit,question\n", 1),
        (HEAD, 1),
        (HEAD + "Bolag,Fel,Kallt?,close,1\nBolag,Fel,Kallt?,close,1\n", 3),
        (HEAD + ",Fel,Kallt?,close,1\n", 2),
        (HEAD + "Bolag,Fel,Kallt?,dance,1\n", 2),
        (HEAD + "Bolag,Fel,Kallt?,close,mycket\n", 2),
        (HEAD + "Bolag,Fel,Kallt?,close,101\n", 2),
        (HEAD + "Bolag,Fel,Kallt?\n", 2),
        (HEAD + "Bolag,A / B / C / D,Kallt?,close,1\n", 2),
        (HEAD + 'Bolag,Fel,"Kallt?,close,1\n', 2),
    ],
)
def test_a_catalogue_with_errors_names_their_lines(text: str, line: int):
    with pytest.raises(RejectedFileError) as caught:
        read_catalogue(text.encode())
    assert line in [error.line for error in caught.value.found]


def test_a_catalogue_in_another_encoding_is_an_error():
    with pytest.raises(RejectedFileError) as caught:
        read_catalogue((HEAD + "Företag,Fel,Kallt?,close,1\n").encode("latin-1"))
    assert caught.value.found[0].line == 2


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b\x00", b"[1]\n", b'{"text": 1, "case_type": "a"}\n', gzip.compress(b"{", mtime=0)]
)
def test_broken_examples_are_errors(data: bytes):
    with pytest.raises(RejectedFileError):
        read_examples(data)


def test_an_entrance_names_the_address_that_is_answered_from():
    line = "  - {id: m, kind: address, value: a@b.example, name: M, unit: Bolag, greeting: Hej, sender_address: %s}\n"
    text = "entrances:\n" + line
    [row] = read_entrances((text % "svar@b.example").encode(), {"Bolag": "bolag"})
    assert row["sender_address"] == "svar@b.example"
    with pytest.raises(RejectedFileError) as caught:
        read_entrances((text % '"svar@b, x@y"').encode(), {"Bolag": "bolag"})
    assert [(error.line, error.text) for error in caught.value.found] == [(2, "Inte en mejladress: svar@b, x@y")]


def test_an_entrance_offers_languages_that_can_be_said_to_the_caller_each_once():
    text = (
        "entrances:\n"
        "  - id: n\n    kind: number\n    value: '+46846500410'\n    name: N\n    unit: Bolag\n    greeting: Hej\n"
        "    languages:\n      - sv\n      - %s\n"
    )
    for language in ("en", "fi", "ar", "so"):
        [row] = read_entrances((text % language).encode(), {"Bolag": "bolag"})
        assert row["languages"] == ["sv", language]
    for language, says in (
        ("de", "Språket kan inte sägas i telefon: de. Välj bland sv, en, fi, ar, so."),
        ("Svenska", "Språket kan inte sägas i telefon: Svenska. Välj bland sv, en, fi, ar, so."),
        ("sv", "Språket står två gånger: sv"),
    ):
        with pytest.raises(RejectedFileError) as caught:
            read_entrances((text % language).encode(), {"Bolag": "bolag"})
        assert [(error.line, error.text) for error in caught.value.found] == [(10, says)]


def test_a_form_names_the_case_type_that_it_is_made_for():
    text = "entrances:\n  - {id: f, kind: %s, value: v, name: N, unit: Bolag, greeting: Hej, case_type: '%s'}\n"
    known = {"Bolag | Fel | Kallt?": "ct-1"}
    [row] = read_entrances((text % ("form", "Bolag | Fel | Kallt?")).encode(), {"Bolag": "bolag"}, known)
    assert row["case_type"] == "ct-1"
    for kind, path, says in (
        ("form", "Bolag | Kallt?", "Ärendetypen finns inte i katalogen: Bolag | Kallt?"),
        ("number", "Bolag | Fel | Kallt?", "Bara ett formulär kan ha en ärendetyp."),
    ):
        with pytest.raises(RejectedFileError) as caught:
            read_entrances((text % (kind, path)).encode(), {"Bolag": "bolag"}, known)
        assert [(error.line, error.text) for error in caught.value.found] == [(2, says)]
