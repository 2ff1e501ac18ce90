"""Why an agent said no is kept for years: only codes are."""

import pytest

from services.router.web.names import Names
from services.router.web.pull import GivenBack, PresenceWish, Refusal
from shared.catalogue import Catalogue
from shared.records import UnitRecord
from shared.settings import ServiceSettings
from shared.vocabulary import Presence


def test_a_sign_off_is_called_by_its_unit_and_a_wish_is_not_asked_for() -> None:
    catalogue = Catalogue(ServiceSettings())
    unit = UnitRecord(id="skola", name="Grundskola")
    catalogue.apply(unit.key, unit)
    names = Names(catalogue, lambda _: None)
    assert names.skills("skola=2,signed:skola,?signed:skola", "sv") == [
        ("Grundskola", 2),
        ("godkänd för Grundskola", 1),
    ]
    assert names.skill("signed:skola", "en") == "signed off for Grundskola"


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
