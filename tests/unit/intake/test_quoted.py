"""The citizen's own words stand apart from the thread and the signature."""

import pytest

from services.intake.domain.html import to_text
from services.intake.domain.quoted import own_words


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Tack!\n\nDen tis 3 nov. 2026 kl 10:12 skrev Kontaktcenter <k@kommun.example>:\n> Hej\n> Svar", "Tack!"),
        ("Nej\n\nDen tis 3 nov. 2026 kl 10:12 skrev Kontaktcenter\n<k@kommun.example>:\n> Hej", "Nej"),
        ("Thanks\n\nOn Tue, 3 Nov 2026 at 10:12, A <a@b.se> wrote:\nOld text", "Thanks"),
        ("Svar\n\n-----Ursprungligt meddelande-----\nFrån: x\nGammalt", "Svar"),
        ("Svar\n\nFrån: Kontaktcenter\nSkickat: den 3 november\nTill: Anna\nÄmne: Sopor\n\nGammalt", "Svar"),
        ("> Fråga ett?\nJa.\n> Fråga två?\nNej.", "Ja.\nNej."),
        ("Lampan är trasig\n\nMvh\nAnna Berg\n070-123 45 67", "Lampan är trasig"),
        ("Lampan är trasig\n-- \nAnna", "Lampan är trasig"),
        ("Hej\n\nSkickat från min iPhone", "Hej"),
        ("Hälsningar från kommunen har jag fått, men var är mitt svar?", None),
        ("Jag skrev till er i går:\nmen fick inget svar", None),
    ],
)
def test_own_words(text: str, own: str | None) -> None:
    assert own_words(text) == (text if own is None else own)


def test_a_forwarded_mail_is_all_its_words() -> None:
    text = "-----Forwarded message-----\nFrån: A\nDatum: i dag\n\nHissen står still"
    assert own_words(text) == text


def test_html_of_mail_programs() -> None:
    gmail = (
        '<div>Tack för svaret</div><div class="gmail_quote">Den 3 nov skrev K:<blockquote>Gammalt</blockquote></div>'
    )
    assert own_words(to_text(gmail)) == "Tack för svaret"
    assert to_text("a<br>b<p>c<b>d</b></p><img src=x>e</div></div>") == "a\nb\ncd\ne"
