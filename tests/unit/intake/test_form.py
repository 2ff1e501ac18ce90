"""A form's fields become flat text, whatever their shape."""

import itertools
from collections.abc import Iterator

import pytest

from services.intake.domain import form
from services.intake.domain.visit import ticket


def test_nested_fields_are_flat_and_only_words_are_matched() -> None:
    words = form.words({"a": {"b": "Trasig lampa", "n": 3}, "val": ["x1", "Gata"], "rader": [{"c": "Ett"}], "ja": True})
    assert words.fields == {
        "a / b": "Trasig lampa",
        "a / n": "3",
        "val": "x1, Gata",
        "rader 1 / c": "Ett",
        "ja": "ja",
    }
    assert words.own == "Trasig lampa\nx1, Gata\nEtt\nja"
    assert words.flags == ()


def test_a_form_without_answers_is_flagged() -> None:
    forms: list[dict[str, object] | None] = [None, {}, {"a": ""}, {"a": None}, {"a": {}}, {"a": []}]
    for empty in forms:
        assert form.words(empty).flags == ("no_fields",)


def test_too_much_is_cut_and_flagged() -> None:
    many = form.words({str(number): "ord" for number in range(500)})
    assert len(many.fields) == form.MAX_FIELDS
    assert many.flags == ("text_cut",)
    long = form.words({str(number): "ord " * 4000 for number in range(50)})
    assert sum(map(len, long.fields.values())) <= form.MAX_TEXT
    assert len(long.full) <= form.MAX_TEXT


def test_nul_never_reaches_the_log() -> None:
    assert form.words({"a\x00b": "x\x00yz"}).fields == {"ab": "xyz"}


def test_addresses() -> None:
    assert form.address(" Anna@Example.SE ") == "anna@example.se"
    for bad in (None, "", "anna", "a@b", "a b@c.se", "a@b.se, c@d.se"):
        assert form.address(bad) is None


def test_tickets() -> None:
    assert [ticket(number) for number in (1, 14, 1000)] == ["B001", "B014", "B1000"]


@pytest.mark.parametrize(
    "empty", ["", None, {}, [], {"a": ""}, [""], [{}, {}]], ids=["text", "none", "map", "list", "field", "one", "maps"]
)
def test_a_form_of_millions_of_empty_fields_is_cut(empty: object) -> None:
    class Endless(dict[str, object]):
        def items(self) -> Iterator[tuple[str, object]]:  # type: ignore[override] # a form as long as one likes
            return ((f"fråga {number}", empty) for number in itertools.count())

    assert form.words(Endless(a="b")).flags == ("no_fields", "text_cut")
    late = form.words({"ärende": "Trasig lampa", "sen": Endless(a="b"), "efter": "läses inte"})
    assert late.fields == {"ärende": "Trasig lampa"}
    assert late.flags == ("text_cut",)


def test_a_list_of_a_million_answers_is_cut() -> None:
    one: object
    for one in ("", "ja", {"a": ""}, []):
        found = form.words({"val": [one] * 1_000_000})
        assert "text_cut" in found.flags
        assert len(found.full) <= form.MAX_TEXT


def test_no_more_of_a_form_is_read_than_is_kept():
    class Endless(dict[str, object]):
        def items(self) -> Iterator[tuple[str, object]]:  # type: ignore[override] # a form as long as one likes
            return ((f"fråga {number}", "svar") for number in itertools.count())

    found = form.words(Endless(a="b"))
    assert len(found.fields) == form.MAX_FIELDS
    assert found.flags == ("text_cut",)
