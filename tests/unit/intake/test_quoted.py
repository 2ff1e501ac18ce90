"""The citizen's own words stand apart from the thread and the signature, whatever program wrote them."""

import pytest

from services.intake.domain.html import to_text
from services.intake.domain.quoted import own_words

OUTLOOK = "{0}: Kontaktcenter <k@kommun.example>\n{1}: den 3 november 2026 10:12\n{2}: Anna\n{3}: Sopor\n\nGammalt"


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


@pytest.mark.parametrize(
    "thread",
    [
        OUTLOOK.format("Från", "Skickat", "Till", "Ämne"),
        OUTLOOK.format("From", "Sent", "To", "Subject"),
        OUTLOOK.format("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
        OUTLOOK.format("Von", "Gesendet", "An", "Betreff"),
        OUTLOOK.format("Fra", "Sendt", "Til", "Emne"),
        OUTLOOK.format("*Från", "*Skickat", "*Till", "*Ämne"),
        "________________________________\n" + OUTLOOK.format("Från", "Skickat", "Till", "Ämne"),
        "________________________________________\nFrom: K <k@kommun.example>\nSent: Tue\nTo: A\nSubject: S\n\nOld",
        "-----Original Message-----\nFrom: k\nGammalt",
        "-------- Originalmeddelande --------\nFrån: k@kommun.example\nDatum: 2026-11-03\nGammalt",
        "-----Alkuperäinen viesti-----\nvanha",
        "-----Ursprüngliche Nachricht-----\nalt",
        "-----Opprinnelig melding-----\ngammelt",
        "> Den 3 nov. 2026 kl 10:12 skrev Kontaktcenter <k@kommun.example>:\n> \n> Gammalt",
        "3 nov. 2026 kl. 10:12 skrev Kontaktcenter <k@kommun.example>:\n\n> Gammalt",
        "Den 2026-11-03 kl. 10:12, skrev Kontaktcenter:\n> Gammalt",
        "On 2026-11-03 10:12, Kontaktcenter wrote:\n> Gammalt",
        "On Tue, Nov 3, 2026 at 10:12 AM Kontaktcenter i Exempelby\n<kontakt@exempelby.example>\nwrote:\n\nGammalt",
        "Kontaktcenter <k@kommun.example> skrev den 3 nov 2026 kl 10:12:\nGammalt",
        "Am Di., 3. Nov. 2026 um 10:12 Uhr schrieb Kontaktcenter <k@kommun.example>:\nalt",
        "ti 3. marrask. 2026 klo 10.12 Kontaktcenter (k@kommun.example) kirjoitti:\nvanha",
        "Kontaktcenter kirjoitti 3.11.2026 klo 10.12:\n> vanha",
        "tir. 3. nov. 2026 kl. 10:12 skrev Kontaktcenter <k@kommun.example>:\ngammelt",
        "Le mar. 3 nov. 2026 à 10:12, Kontaktcenter <k@kommun.example> a écrit :\nvieux",
        "2026-11-03 10:12 skrev Kontaktcenter:\n> Gammalt",
    ],
)
def test_the_thread_below_is_not_her_own(thread: str) -> None:
    assert (
        own_words(f"Hissen står still igen.\nNär kommer ni?\n\n{thread}") == "Hissen står still igen.\nNär kommer ni?"
    )


@pytest.mark.parametrize(
    "closing",
    [
        "Med vänlig hälsning\nAnna Berg\nStorgatan 1",
        "Med vänliga hälsningar,\n\nAnna",
        "Vänligen\nAnna",
        "Hälsn Anna",
        "/ Mvh Anna",
        "Ystävällisin terveisin\nAnna",
        "Med vennlig hilsen\nAnna",
        "Mit freundlichen Grüßen\nAnna",
        "Best regards,\nAnna",
        "--\nAnna Berg\nStorgatan 1",
        "Skickat från Outlook för iOS",
        "Hämta Outlook för Android",
        "Skickat från min Samsung Galaxy-smartphone.",
        "Sent from my iPhone",
        "Lähetetty iPhonesta",
        "Von meinem iPhone gesendet",
    ],
)
def test_the_signature_is_not_her_own(closing: str) -> None:
    assert own_words(f"Lampan på Åsgatan är trasig.\n\n{closing}") == "Lampan på Åsgatan är trasig."


@pytest.mark.parametrize(
    "text",
    [
        "Jag ska flytta.\nFrån: Storgatan 1\nTill: Lillgatan 2\nDatum: 1 maj\nVad gör jag?",
        "Den 3 maj kl 10.00 skrev jag till er:\ningen har svarat",
        "Hej,\nJag skrev till er i går:\nmen fick inget svar",
        "Grannen skrev:\nHan är arg för att det låter.",
        "Hej!\n____________\nNamn: Anna\nTelefon: 070-174 06 05",
        "-- \nAnna",
        "Från: mig\nHej",
        "Mvh Anna",
        "Namn: Anna\nFrån: 2026-01-01\nTill: 2026-02-01\nÄmne: Bygglov\nMeddelande: Får jag?",
    ],
)
def test_what_a_person_wrote_is_never_taken_for_a_thread(text: str) -> None:
    assert own_words(text) == text


def test_a_postscript_below_the_signature_is_read() -> None:
    assert own_words("Lampan är trasig\n\nMvh\nAnna\n\nPS. Porten också") == "Lampan är trasig\n\nPS. Porten också"


def test_long_text_below_dashes_is_no_signature() -> None:
    text = "Inledning\n--\n" + "\n".join(f"Punkt {n}" for n in range(40))
    assert own_words(text) == text


def test_answers_between_the_quoted_lines_are_kept() -> None:
    text = "Se svar nedan.\n\nDen 3 nov. 2026 kl 10:12 skrev K <k@x.example>:\n> Vilken gata?\nÅsgatan 3\n> När?\nI går"
    assert own_words(text) == "Se svar nedan.\n\nÅsgatan 3\nI går"


def test_a_forwarded_mail_is_all_its_words() -> None:
    text = "-----Forwarded message-----\nFrån: A\nDatum: i dag\n\nHissen står still"
    assert own_words(text) == text
    passed_on = "För kännedom\n\n---------- Forwarded message ---------\nFrom: A <a@b.se>\n\nHissen står still"
    assert own_words(passed_on) == passed_on
    outlook = "Se nedan.\n\n" + OUTLOOK.format("Från", "Skickat", "Till", "Ämne")
    assert own_words(outlook, forwarded=True) == outlook
    assert own_words(outlook) == "Se nedan."


@pytest.mark.parametrize(
    "page",
    [
        '<div>Tack</div><div class="gmail_quote">Den 3 nov skrev K:<blockquote>Gammalt</blockquote></div>',
        '<div>Tack</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">Från: K</div><div>Gammalt</div>',
        '<p>Tack</p><div id="x_divRplyFwdMsg">x</div><p>Gammalt</p>',
        '<p>Tack</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm">K</div><p>Gammalt</p>',
        '<p>Tack</p><div class="moz-cite-prefix">K skrev den 3:</div><blockquote type="cite">Gammalt</blockquote>',
        '<div>Tack<div><br><blockquote type="cite"><div>3 nov. skrev K:</div>Gammalt</blockquote></div></div>',
        '<div>Tack</div><div class="yahoo_quoted">Gammalt</div>',
        '<div>Tack</div><div class="protonmail_quote">Gammalt</div>',
        '<div>Tack</div><div id="mail-editor-reference-message-container"><div>Gammalt</div></div>',
        '<div>Tack</div><div name="messageReplySection">Gammalt</div>',
        '<div>Tack</div><div class="gmail_signature">Anna<br>070-174 06 05</div>',
        '<div>Tack</div><div id="Signature"><p>Anna</p></div><div id="appendonsend"></div><div>Gammalt</div>',
        "<div>Tack</div><div><br></div><pre class='moz-signature'>-- \nAnna</pre>",
    ],
)
def test_html_of_mail_programs(page: str) -> None:
    assert own_words(to_text(f"<html><body>{page}</body></html>")) == "Tack"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("a<br>b<p>c<b>d</b></p><img src=x>e</div></div>", "a\nb\ncd\ne"),
        ("<script>x<p>y</p></script>z", "z"),
        ("<script>never closed <p>but words", "never closed \nbut words"),
        ("<head><title>t</title><style>p > a {}</style><body>ord", "ord"),
        ("a <!-- b --> c <!-- d", "a c d"),
        ("1 < 2 &amp; 3 > 2 &aring;&#228;&#xf6;&nbsp;x", "1 < 2 & 3 > 2 åäö x"),
        ("<a title=\"x > y\" href='z'>ord</a>", "ord"),
        ('<p class="a>ord</p>', "ord"),
        ("<![if !mso]><o:p>ord</o:p><![endif]>", "ord"),
        ("<pre>a\n  b</pre>c", "a\n  b\nc"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("&#" + "1" * 5000 + ";ord", "ord"),
        ("<ul><li>ett<li>två</ul>", "- ett\n- två"),
    ],
)
def test_html_is_read_as_it_is_seen(page: str, text: str) -> None:
    assert [line.rstrip() for line in to_text(page).split("\n")] == [line.rstrip() for line in text.split("\n")]
