"""The directory: its file, what it is found by, and who is away."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.casework.domain.directory import NAME, Answer, Entry, Kind, Ranking, dialled, words_of_entry
from services.casework.usecases.files import RejectedFileError
from services.casework.usecases.files.directory_csv import COLUMNS, read_directory

SEED = Path(__file__).parents[3] / "deploy" / "seed"
UNITS = {"Bygg och plan": "bygg-och-plan", "Äldreomsorg": "aldreomsorg"}
HEAD = "typ;namn;titel;verksamhet;telefon;anknytning;mobil;visa mobil;skyddad;e-post;sökord;borta till;ersättare;nyckel"


def line(**said: str) -> str:
    said = {"verksamhet": "Bygg och plan"} | said
    return ";".join(said.get(re.sub(r"\W", "_", name), "") for name in HEAD.split(";"))


def read(*lines: str, encoding: str = "utf-8") -> list[Entry]:
    return read_directory("\r\n".join((HEAD, *lines)).encode(encoding), UNITS)


def errors(*lines: str) -> list[tuple[int, str]]:
    with pytest.raises(RejectedFileError) as caught:
        read(*lines)
    return [(one.line, one.text) for one in caught.value.found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_file_is_read_in_any_of_its_encodings_and_with_either_mark_between_columns(encoding):
    lines = (
        line(namn="Åsa Öberg", titel="Arkitekt", nyckel="1"),
        line(namn="Växeln", typ="Funktion", sökord="tele, linje"),
    )
    found = read(*lines, encoding=encoding)
    assert [(one.name, one.kind, one.keywords) for one in found] == [
        ("Åsa Öberg", Kind.PERSON, ()),
        ("Växeln", Kind.FUNCTION, ("tele", "linje")),
    ]
    commas = 'Namn,Verksamhet,Sökord\n"Öberg, Åsa",bygg och PLAN,"tele; linje"\n'
    assert [(one.name, one.unit, one.keywords) for one in read_directory(commas.encode(encoding), UNITS)] == [
        ("Öberg, Åsa", "bygg-och-plan", ("tele", "linje"))
    ]


def test_all_that_is_wrong_is_said_with_its_line():
    found = errors(
        line(namn="", telefon="hej", anknytning="12a", mobil="1", borta_till="2026-02-30"),
        line(namn="A B", verksamhet="Rymden", e_post="", skyddad="kanske", typ="robot"),
        "för;få",
        line(namn="Kim Ro", ersättare="Ingen Alls"),
        line(namn="Kim Ro"),
        line(namn="Bo Ek", ersättare="Bo Ek", nyckel="b"),
        line(namn="Two", nyckel="t1"),
        line(namn="Two", nyckel="t2"),
        line(namn="Lo By", ersättare="two"),
    )
    assert [number for number, _ in found] == [2, 2, 2, 2, 2, 3, 3, 3, 4, 5, 6, 7, 10]
    texts = " ".join(text for _, text in found)
    for word in ("namn är tomt", "telefon är inget", "anknytning är två", "2026-02-30", "Okänd verksamhet: Rymden"):
        assert word in texts
    for word in (
        "skyddad är ja eller nej",
        "typ är person",
        "Fel antal",
        "finns redan på rad 5",
        "samma rad",
        "flera rader",
    ):
        assert word in texts


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Kolumnen namn saknas."),
        (b"namn;verksamhet\n", "Filen är tom."),
        (b"namn;verksamhet;skydad\nA;Bygg och plan;ja\n", "Okänd kolumn: skydad."),
        (b"namn;namn;verksamhet\n", "Kolumnen namn finns två gånger."),
        (b"namn;verksamhet\n\x81;x\n", "Filen är varken UTF-8 eller Windows-1252."),
        (b'namn;verksamhet\n"A;Bygg och plan\n', "går inte att läsa"),
        (b"namn;verksamhet\nA\x00B;Bygg och plan\n", "inte går att visa"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, said):
    with pytest.raises(RejectedFileError) as caught:
        read_directory(data, UNITS)
    assert said in caught.value.found[0].text


@given(st.binary(max_size=300))
def test_whatever_is_uploaded_is_read_or_refused(data):
    for text in (data, f"{HEAD}\n".encode() + data):
        try:
            read_directory(text, UNITS)
        except RejectedFileError as error:
            assert error.found  # noqa: PT017 - either is right


def test_a_stand_in_is_meant_by_key_address_or_name():
    found = read(
        line(namn="A", ersättare="b@kommun.example", nyckel="a"),
        "person;B;;Bygg och plan;;;;;;b@kommun.example;;;A;",
        line(namn="C", ersättare="A", nyckel="c"),
    )
    a, b, c = found
    assert (a.stand_in, b.stand_in, c.stand_in) == (b.id, a.id, a.id)


def test_what_is_hidden_is_neither_shown_nor_found_nor_dialled():
    open_ = Entry("1", Kind.PERSON, "Karin Strömqvist", phone="08-465 004 12", extension="0412", mobile="070-174 06 12")
    words = words_of_entry(open_, "Bygg och plan")
    assert {"karin", "stromqvist", "0412", "0846500412", "bygg", "plan"} <= set(words)
    assert words["karin"] == NAME
    assert not any("174" in word for word in words)
    assert open_.dials == "+46846500412"
    shown = Entry("1", Kind.PERSON, "Karin", mobile="070-174 06 12", mobile_shown=True)
    assert shown.dials == "+46701740612"
    assert "0612" in words_of_entry(shown, "")
    protected = Entry(
        "1", Kind.PERSON, "Karin", "Chef", phone="08-465 004 12", mobile="070-174 06 12", extension="0412"
    )
    hidden = Entry(
        **{name: getattr(protected, name) for name in Entry.__dataclass_fields__}
        | {
            "protected": True,
            "mobile_shown": True,
            "email": "karin@kommun.example",
            "place": "Stadshuset",
        }
    )
    assert not any(hidden.shown.values())
    assert set(words_of_entry(hidden, "")) == {"karin", "chef"}
    assert not hidden.dials


def test_away_ends_by_itself_when_its_last_day_is_over():
    entry = Entry("1", Kind.PERSON, "Karin", away_until=date(2026, 12, 4))
    assert [entry.away(date(2026, 12, day)) for day in (3, 4, 5)] == [True, True, False]


@pytest.mark.parametrize(
    ("number", "dials"),
    [
        ("08-465 004 12", "+46846500412"),
        ("+46 8 465 004 12", "+46846500412"),
        ("0047 22 00 00 00", "+4722000000"),
        ("112", ""),
        ("4712", ""),
        ("", ""),
    ],
)
def test_a_number_as_it_is_dialled(number, dials):
    assert dialled(number) == dials


def test_who_answers_every_word_best_comes_first():
    ranking = Ranking()
    ranking.narrow([Answer("a", 4), Answer("b", 0), Answer("c", 1), Answer("c", 0)])
    ranking.narrow([Answer("b", 1), Answer("c", 1), Answer("x", 0)])
    assert ranking.ordered({"b": "Öberg", "c": "Åberg"}) == ["c", "b"]
    assert ranking.ordered({"b": "Aberg", "c": "Berg"}) == ["b", "c"]
    assert set(ranking.costs) == {"b", "c"}


def test_the_seed_is_whole_and_has_no_number_of_anybody():
    units = {row.split(",")[0] for row in (SEED / "catalogue-sv.csv").read_text("utf-8").splitlines()[1:]}
    entries = read_directory((SEED / "directory-sv.csv").read_bytes(), {unit.strip('"'): unit for unit in units})
    assert len(entries) > 60
    assert {one.unit for one in entries if one.kind is Kind.FUNCTION} == {one.unit for one in entries}
    for one in entries:
        assert all(number.startswith(("08-465 004 ", "070-174 06 ")) for number in (one.phone, one.mobile) if number)
        assert not one.email or one.email.endswith("@kommun.example")
    assert set(COLUMNS) > {"borta till", "ersättare"}
