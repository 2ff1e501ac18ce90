"""What our SMS say: two parts at most, in the citizen's language, and nothing that is secret."""

from datetime import UTC, datetime

import pytest

from services.casework.domain.sms import parts
from services.casework.usecases.sms_words import LONGEST, News, confirmed, looked_for, notice, only_number

NUMBER = "KC-2026-000123"
AT = datetime(2026, 11, 27, 15, tzinfo=UTC)
URL = f"https://kontaktcenter.kommun.example/lage/{'x' * 43}"
WHOLE = News(NUMBER, AT, "Bygg och plan", URL, "Kommunens kontaktcenter")


@pytest.mark.parametrize("what", ["handed_over", "moved", "resumed", "late"])
@pytest.mark.parametrize("language", ["sv", "en", "fi", None])
def test_a_notice_says_number_time_and_link_in_two_parts(what: str, language: str | None):
    said = notice(what, WHOLE, language)
    assert len(said) <= LONGEST
    assert parts(said) <= 2
    assert NUMBER in said
    assert URL in said
    assert ("2026-11-27 16:00" if language == "en" else "2026-11-27 kl. 16.00") in said
    assert ("answer" in said) is (language == "en")


@pytest.mark.parametrize("what", ["handed_over", "moved", "resumed", "late"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_of_what_is_secret_a_notice_says_number_and_time_alone(what: str, language: str):
    said = notice(what, News(NUMBER, AT), language)
    assert not [one for one in ("Bygg", "http", "kontaktcenter") if one in said]
    assert NUMBER in said


def test_what_does_not_fit_is_left_out_from_the_end():
    """Who writes, then a unit's long name or one in other letters; number and time always stand there."""
    long = News(NUMBER, AT, "Förvaltningen för " + "mark " * 25, URL, "Kontaktcenter")
    assert "kommunen" in notice("handed_over", long, "sv")
    assert URL in notice("handed_over", long, "sv")
    cyrillic = notice("late", News(NUMBER, AT, "Жилищный отдел", URL, "Kontaktcenter"), "en")
    assert "a unit of the municipality" in cyrillic
    assert parts(cyrillic) <= 2
    endless = notice("late", News(NUMBER, AT, "Bygg", "https://example.se/" + "x" * 300, ""), "sv")
    assert "http" not in endless
    assert len(endless) <= LONGEST


def test_after_a_call_and_when_we_have_called_it_is_said_in_both_languages():
    assert looked_for(NUMBER, 3, phone="+46846500410", sender="ÅFA", language="sv").endswith("+46846500410. ÅFA")
    assert "called you 3 times" in looked_for(NUMBER, 3, language="en")
    assert confirmed(NUMBER, AT, sender="ÅFA", language="sv") == (
        f"Tack för ditt samtal. Ditt ärendenummer är {NUMBER}. Du får svar senast 2026-11-27 kl. 16.00. ÅFA"
    )
    assert "by 2026-11-27 16:00" in confirmed(NUMBER, AT, language="en")
    assert only_number(NUMBER, "en") == f"The number of your case is {NUMBER}."
