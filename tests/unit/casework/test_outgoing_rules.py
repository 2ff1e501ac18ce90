"""What goes out, without any server: templates, lengths of SMS, numbers, HTML, and words for what went wrong."""

import pytest

from services.casework.channels.numbers import mobile
from services.casework.domain import sms
from services.casework.domain.outgoing import BlankFieldsError, Delivery, delivery, why
from services.casework.domain.sms import SmsTooLongError, parts, short_enough
from services.casework.domain.template import blanks, fields, fill, refuse_blanks
from services.casework.mail.html import html_of


def test_known_fields_are_filled_in_and_others_are_marked():
    body = "Hej {namn}, {ärendenummer} {tom} {okänd_sak} {namn}."
    assert fields(body) == ("namn", "ärendenummer", "tom", "okänd_sak")
    text = fill(body, {"namn": "Olle", "ärendenummer": "KC-2026-000001", "tom": "  "})
    assert text == "Hej Olle, KC-2026-000001 [fyll i: tom] [fyll i: okänd sak] Olle."
    assert blanks(text) == ("tom", "okänd sak")


def test_a_value_is_never_read_as_a_template_again():
    assert fill("{namn}", {"namn": "{ärendenummer}", "ärendenummer": "hemligt"}) == "{ärendenummer}"


def test_blanks_are_refused_and_brackets_of_ones_own_are_not():
    refuse_blanks("Ring [växeln] eller {skriv}.")
    with pytest.raises(BlankFieldsError) as refused:
        refuse_blanks("[fyll i: dag] och [fyll i: dag]")
    assert refused.value.params == {"fields": "dag"}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("å" * 160, 1),
        ("å" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_an_sms_is_counted_as_it_is_paid(text: str, count: int):
    assert parts(text) == count


def test_typography_does_not_make_an_sms_dearer_and_a_long_one_is_refused():
    assert short_enough("”Hej” – ring’ oss…") == '"Hej" - ring\' oss...'
    with pytest.raises(SmsTooLongError) as refused:
        short_enough("a" * (153 * sms.MOST + 1))
    assert refused.value.params == {"parts": sms.MOST + 1, "most": sms.MOST}


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("070-174 06 05", "+46701740605"),
        ("+46701740605", "+46701740605"),
        ("08-465 004 10", None),
        ("", None),
        (None, None),
        ("dolt", None),
    ],
)
def test_only_a_mobile_number_is_reached(number: str | None, found: str | None):
    assert mobile(number) == found


def test_html_says_the_same_escaped_with_links_and_nothing_to_fetch():
    text = "Hej <b>du</b> & co,\n\nse https://kommun.example/a?b=1&c=2.\nSkriv till kontakt@kommun.example!\n"
    html = html_of(text, "sv", "Re: <Kallt>")
    assert html.startswith('<!doctype html>\n<html lang="sv">')
    assert "<title>Re: &lt;Kallt&gt;</title>" in html
    assert "<p>Hej &lt;b&gt;du&lt;/b&gt; &amp; co,</p>" in html
    assert '<a href="https://kommun.example/a?b=1&amp;c=2">https://kommun.example/a?b=1&amp;c=2</a>.<br>' in html
    assert '<a href="mailto:kontakt@kommun.example">kontakt@kommun.example</a>!' in html
    assert not any(sign in html for sign in ("<img", "<script", "<link", "url("))


@pytest.mark.parametrize(
    "text", ['https://x.example/"onmouseover="alert(1)', "javascript:alert(1)", "<script>x</script>"]
)
def test_no_text_becomes_markup(text: str):
    html = html_of(text, "sv", "x")
    assert '"onmouseover' not in html
    assert "<script" not in html
    assert 'href="javascript' not in html


@pytest.mark.parametrize(
    ("problem", "word"),
    [
        ("", ""),
        ("away connect ConnectionRefusedError", "away"),
        ("unknown ReadTimeout", "unknown"),
        ("550", "refused"),
        ("5.1.1", "refused"),
        ("451", "later"),
        ("address", "address"),
        ("file", "file"),
        ("SMTPServerDisconnected", "other"),
    ],
)
def test_every_problem_has_a_word(problem: str, word: str):
    assert why(problem) == word


def test_what_waits_after_a_problem_is_being_tried_again():
    assert delivery("queued", 0) is Delivery.QUEUED
    assert delivery("queued", 1) is Delivery.RETRYING
    assert delivery("bounced", 1) is Delivery.BOUNCED
