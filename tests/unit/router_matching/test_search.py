import pytest

from services.router.domain.matching.search import Document, Index, build


@pytest.fixture(scope="module")
def index() -> Index:
    return build(
        [
            Document("ct-cold", "Bostadsbolag Felanmälan Det är kallt inne, räknas det som ett fel?"),
            Document("ct-cold", "elementen är kalla, vi fryser", 0.5),
            Document("ct-key", "Bostadsbolag Nycklar Jag har tappat min nyckel"),
            Document("ct-bill", "Ekonomi Faktura Jag förstår inte vad fakturan gäller"),
        ]
    )


def found(index: Index, text: str) -> list[str]:
    return [thing for thing, _ in index.find(text)]


@pytest.mark.parametrize(("typed", "first"), [("nyck", "ct-key"), ("fakt", "ct-bill"), ("KALL", "ct-cold")])
def test_the_beginning_of_a_word_finds(index: Index, typed: str, first: str):
    assert found(index, typed)[0] == first


def test_every_beginning_must_fit(index: Index):
    assert found(index, "bost ny") == ["ct-key"]
    assert found(index, "bost xyz") == []


@pytest.mark.parametrize(
    ("typed", "first"),
    [("jag har tappat nycklarna", "ct-key"), ("vad gäller fakturran", "ct-bill"), ("elementet är kallt", "ct-cold")],
)
def test_longer_text_finds_in_spite_of_slips_and_endings(index: Index, typed: str, first: str):
    assert found(index, typed)[0] == first


def test_only_what_is_asked_for(index: Index):
    assert [thing for thing, _ in index.find("jag", among=frozenset({"ct-bill"}))] == ["ct-bill"]


@pytest.mark.parametrize("typed", ["", " ", "?!", "zzz", "漢字漢字漢字漢字漢字"])
def test_nothing_is_a_fine_answer(index: Index, typed: str):
    assert index.find(typed) == []


def test_an_empty_index_answers():
    assert build([]).find("hej") == []
