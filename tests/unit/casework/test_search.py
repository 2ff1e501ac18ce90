"""What is indexed of a text, how a query is read, which words are near, and why a case was found."""

import pytest

from services.casework.domain.search import (
    Term,
    near,
    number_marks,
    phone_words,
    read_query,
    slip_keys,
    words_of,
)
from services.casework.domain.search_hits import Marker


@pytest.mark.parametrize(
    "written",
    ["070-174 06 05", "0701740605", "+46701740605", "+46 (0)70 174 06 05", "0046701740605", "070 / 174 06 05"],
)
def test_a_phone_number_is_one_however_it_is_written(written: str):
    assert phone_words(written) == ("+0701740605", "#0605")
    assert read_query(written).terms == (Term("digits", "0701740605"),)
    assert words_of(f"Ring {written} tack")[:2] == ["+0701740605", "#0605"]


@pytest.mark.parametrize(
    ("written", "marks"),
    [
        ("KC-2026-000123", ("№2026-123",)),
        ("kc 2026 123", ("№2026-123",)),
        ("2026-123", ("№2026-123",)),
        ("26-123", ("№2026-123",)),
        ("2026000123", ("№2026-123",)),
        ("000123", ("№123",)),
        ("kc123", ("№123",)),
        ("0", ()),
    ],
)
def test_a_case_number_is_read_as_it_is_read_aloud(written: str, marks: tuple[str, ...]):
    assert read_query(written).numbers == marks
    assert set(marks) <= set(number_marks("KC-2026-000123"))


@pytest.mark.parametrize(
    "written",
    ["850101-1234", "19850101-1234", "198501011234", "8501011234", "850101+1234", "850161-1234", "85 01 01 1234"],
)
def test_a_personnummer_is_neither_indexed_nor_looked_for(written: str):
    assert words_of(f"Mitt nummer är {written}, hälsar Åsa") == ["nummer", "hälsar", "åsa"]
    query = read_query(written)
    assert (query.terms, query.numbers, query.personal_number) == ((), (), True)


def test_letters_and_digits_are_words_of_their_own_and_small_words_are_none():
    assert words_of("Hej, jag har dnr BYGG2026-00441 och mejl Åsa.Ek@Medborgare.example") == [
        "åsa.ek@medborgare.example", "dnr", "bygg", "2026", "441", "mejl", "åsa", "ek", "medborgare", "example",
    ]  # fmt: skip
    assert [term.word for term in read_query("bygg 2026/441").terms] == ["bygg", "2026", "441"]
    assert read_query("jag och du").terms == ()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("lindqist", "lindqvist"), ("lindqvisst", "lindqvist"), ("lindqvost", "lindqvist"), ("lindvqist", "lindqvist"),
        ("anderson", "andersson"), ("kvist", "qvist"), ("eriksson", "ericsson"), ("wallberg", "valberg"),
        ("ana", "anna"),
    ],
)  # fmt: skip
def test_words_one_slip_apart_or_alike_in_sound_are_near_and_meet_by_a_key(asked: str, found: str):
    assert near(asked, found)
    assert set(slip_keys(asked)) & set(slip_keys(found))


@pytest.mark.parametrize(("asked", "found"), [("berg", "bord"), ("lind", "sand"), ("ek", "ed"), ("anna", "hanne")])
def test_other_words_are_not_near(asked: str, found: str):
    assert not near(asked, found)


def test_a_hit_says_where_it_answers_and_shows_no_personnummer():
    marker = Marker(read_query("akesson kallt"))
    parts = [("name", "Göran Åkesson"), ("text", "Det är kallt, mitt nummer är 850101-1234. " + "ord " * 60)]
    why = marker.why("KC-2026-000001", parts)
    assert [(one.kind, [piece.text for piece in one.pieces if piece.marked]) for one in why] == [
        ("name", ["Åkesson"]),
        ("text", ["kallt"]),
    ]
    shown = "".join(piece.text for one in why for piece in one.pieces)
    assert "1234" not in shown
    assert shown.endswith("…")


def test_a_number_is_its_own_reason():
    [why] = Marker(read_query("2026-1")).why("KC-2026-000001", [("text", "2026-1")])
    assert (why.kind, why.pieces[0].text) == ("number", "KC-2026-000001")
