"""Why an agent said no is kept for years: only codes are."""

import pytest

from services.router.web.pull import GivenBack, PresenceWish, Refusal
from shared.vocabulary import Presence


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("lunch", "lunch"),
        ("wrong_skill", "wrong_skill"),
        ("", ""),
        ("Anna Berg vill ha Per", "other"),
        ("070-1", "other"),
    ],
)
def test_words_become_a_code(said: str, kept: str) -> None:
    assert Refusal(epoch=1, reason=said).reason == kept
    assert GivenBack(epoch=1, reason=said).reason == kept
    assert PresenceWish(presence=Presence.AWAY, reason=said).reason == kept
