"""What a receipt says, whom it greets, and in which language."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.casework.domain.written_in import written_in
from services.casework.mail import Letters, Receipt, Sender
from services.casework.mail.letters import subject_of
from services.casework.mail.receipts import greeted

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 16, tzinfo=UTC)
LETTERS = Letters.make(b"k", "kommun.example", "http://x", frozenset(), b"u")

SWEDISH = (
    *("Hej Olle Ek,", "tack för ditt mejl", "KC-2026-000123", "senast torsdag den 26 november 2026"),
    *("Svara på det här mejlet", "Skicka inte personnummer", "känsliga uppgifter", "allmän handling", "automatiskt"),
)
ENGLISH = (
    *("Hello Olle Ek,", "thank you for your email", "KC-2026-000123", "by Thursday 26 November 2026"),
    *("Answer this email", "personal identity numbers", "sensitive information", "official document", "automatic"),
)


def contact(**more: Any) -> dict[str, Any]:
    plain = {
        "case_id": "11111111-1111-4111-8111-111111111111",
        "sender_name": "Olle Ek",
        "sender_email": "olle@medborgare.example",
        "subject": "Oro för ett barn på Storgatan",
        "message_id": "<1@x>",
        "language": "sv",
    }
    return {**plain, **more}


def facts(**more: Any) -> Receipt:
    return Receipt("KC-2026-000123", Sender("ÅFA kundtjänst"), "Bostadsbolag", THURSDAY, **more)


@pytest.mark.parametrize(("language", "said"), [("sv", SWEDISH), ("en", ENGLISH)])
def test_a_receipt_says_all_that_it_is_to_say_and_quotes_nothing(language: str, said: tuple[str, ...]) -> None:
    mail = LETTERS.receipt(contact(), facts(language=language), NOW)
    for words in said:
        assert words in mail["body"], words
    assert "Storgatan" not in mail["body"] + mail["subject"]
    assert mail["subject"].endswith("[KC-2026-000123]")


def test_a_units_own_text_is_filled_in_once_and_without_a_name_greets_without_one() -> None:
    template = {"body": "Hej {namn},\n\n{ärendenummer} {svar_senast} {enhet} {avsändare}", "subject": "Tack"}
    mail = LETTERS.receipt(contact(sender_name=None), facts(), NOW, template=template)
    assert mail["body"] == ("Hej,\n\nKC-2026-000123 torsdag den 26 november 2026 Bostadsbolag ÅFA kundtjänst\n")
    assert mail["subject"] == "Tack [KC-2026-000123]"


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Olle Ek", "Olle Ek"),
        ("Anna-Karin O'Hara", "Anna-Karin O'Hara"),
        ("  Åsa   Öberg ", "Åsa Öberg"),
        ("Vinn pengar på http://x.example", ""),
        ("Logga in på evil.example", ""),
        ("J.R. Ek", "J.R. Ek"),
        ("{enhet}", ""),
        ("Ring 070 174 06 05", ""),
        ("a" * 61, ""),
        (None, ""),
    ],
)
def test_only_a_name_is_greeted(name: str | None, greeting: str) -> None:
    assert greeted(name) == greeting


@pytest.mark.parametrize("what", ["handed_over", "moved", "resumed", "late"])
@pytest.mark.parametrize(("language", "moment"), [("sv", "2026-11-26 kl. 17.00"), ("en", "2026-11-26 17:00")])
def test_a_notice_greets_by_no_more_than_a_name_and_says_the_time_in_its_language(
    what: str, language: str, moment: str
) -> None:
    forged = contact(sender_name="Logga in på https://evil.example", language=language)
    said: dict[str, Any] = {"sender": Sender("ÅFA"), "nonce": "1", "now": NOW, "answer_by": THURSDAY}
    told: dict[str, Any] = {"unit_name": "Bostad", "url": "http://x", "reason": "Vi väntar."}
    for writer, greeting in ((forged, ""), (contact(language=language), " Olle Ek")):
        mail = LETTERS.notice(writer["case_id"], "KC-2026-000123", writer, what, **said, **told)
        assert mail["body"].splitlines()[0] == f"{'Hello' if language == 'en' else 'Hej'}{greeting},"
        assert "evil" not in mail["body"] + mail["html"]
        assert moment in mail["body"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hej, det är kallt hemma och jag har inte fått svar.", "sv"),
        ("Hello, it is cold at home and I have not heard from you.", "en"),
        ("Kallt", None),
        ("Hello! Jag undrar när det blir varmt och om ni kan hjälpa mig, please.", "sv"),
        ("", None),
    ],
)
def test_the_language_is_told_by_small_words(text: str, language: str | None) -> None:
    assert written_in(text) == language


@pytest.mark.parametrize(
    ("secret", "language", "subject"),
    [
        (False, "sv", "Re: Oro för ett barn på Storgatan [KC-2026-000123]"),
        (True, "sv", "Ärende [KC-2026-000123]"),
        (True, "en", "Case [KC-2026-000123]"),
    ],
)
def test_where_secrecy_is_strong_not_even_the_subject_is_quoted(secret: bool, language: str, subject: str) -> None:
    assert subject_of(contact(language=language), "KC-2026-000123", secret=secret) == subject


def test_the_number_is_never_cut_off_a_long_subject_nor_doubled() -> None:
    long = contact(subject=f"SV: {'Kallt ' * 100} [KC-2026-000123]")
    subject = subject_of(long, "KC-2026-000123", secret=False)
    assert len(subject) <= 200
    assert subject.count("KC-2026-000123") == 1
