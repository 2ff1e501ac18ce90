"""A visit's own rules: what a ticket says, and how often who does not come is called."""

import pytest

from services.intake.domain.visit import CalledAgain, direction, missed, said_to_visitor, ticket
from shared.languages import SHOWN


@pytest.mark.parametrize(
    ("calls", "recalls", "follows"),
    [
        (1, 2, CalledAgain(True, 2)),
        (2, 2, CalledAgain(True, 3)),
        (3, 2, CalledAgain(False, 3)),
        (1, 0, CalledAgain(False, 1)),
    ],
)
def test_who_does_not_come_is_called_again_as_often_as_the_setting_says(calls, recalls, follows):
    assert missed(calls, recalls) == follows


def test_every_language_of_the_reception_has_its_sentence_with_the_ticket():
    sentences = {code: said_to_visitor(ticket(7), code) for code, _ in SHOWN}
    assert all("B007" in sentence for sentence in sentences.values())
    assert len(set(sentences.values())) == len(SHOWN)
    assert said_to_visitor("B007", "xx") == f"{sentences['sv']} {sentences['en']}"


def test_swedish_is_at_most_five_steps_of_an_arrow_key_from_any_language():
    assert SHOWN[0][0] == "sv"
    assert len(SHOWN) <= 11
    assert direction("ar") == "rtl"
    assert direction("pl") == "ltr"
