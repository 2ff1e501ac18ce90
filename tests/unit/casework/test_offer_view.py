"""What an offer says before it is taken."""

import pytest

from services.casework.web.desk_view import offer_view


@pytest.mark.parametrize(
    ("candidates", "question"),
    [
        (
            [{"question": "Kallt inne?", "confidence": 0.91}, {"question": "Trasigt?", "confidence": 0.05}],
            "Kallt inne?",
        ),
        ([{"question": "Kallt inne?", "confidence": 0.08}], ""),
        ([], ""),
    ],
)
def test_only_a_likely_question_is_named(candidates, question):
    offer = {"offer_id": "o", "channel": "phone", "entrance": "vaxel", "candidates": candidates}
    shown = offer_view(offer, {"vaxel": "Kommunens växel"})
    assert shown is not None
    assert (shown.question, shown.entrance_name) == (question, "Kommunens växel")
