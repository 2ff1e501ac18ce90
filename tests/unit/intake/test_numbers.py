"""Telephone numbers as people and switchboards write them are one number, and no number is nobody's."""

from datetime import UTC, datetime

import pytest

from services.intake.channels.phone import e164
from shared.person import person_key

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "written", ["070/174 06 05", "070-174 06 05", "0701740605", "+46 70 174 06 05", "(070) 1740605"]
)
def test_complaint_14_a_slash_in_a_number_is_the_same_number(written: str):
    assert e164(written) == "+46701740605"
    assert person_key(b"k", AT, phone=e164(written)) == person_key(b"k", AT, phone="+46701740605")


@pytest.mark.parametrize("written", [None, "", "anonymous", "hemligt", "-", "/"])
def test_complaint_14_who_withholds_the_number_is_nobody_in_particular(written: str | None):
    assert e164(written) is None
    assert person_key(b"k", AT, phone=e164(written)) is None
