"""What comes back, as the mail servers of the world write it: of our mail, of others', late, and what is no bounce."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import bounce, mail
from services.intake.domain.automatic import why_automatic
from shared import thread

CASE = "11111111-1111-4111-8111-111111111111"
ANNA = "anna@medborgare.example"
OURS = thread.message_id(b"k", CASE, ANNA, "a1b2c3", "kommun.example")

POSTFIX_DELAY = """Return-Path: <>
From: MAILER-DAEMON@mx.kommun.example (Mail Delivery System)
Subject: Delayed Mail (still being retried)
To: kontakt@kommun.example
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

YOU DO NOT NEED TO RESEND YOUR MESSAGE. It will be retried until it is 5 days old.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.kommun.example

Final-Recipient: rfc822; anna@medborgare.example
Original-Recipient: rfc822;anna@medborgare.example
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mx.medborgare.example: Connection timed out
Will-Retry-Until: Sat, 05 Dec 2026 10:00:00 +0100

--B
Content-Type: text/rfc822-headers

From: Kontaktcenter <kontakt@kommun.example>
Message-ID:
 {ours}

--B--
"""

EXCHANGE = """From: "Microsoft Outlook" <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@medborgare.example>
To: kontakt@kommun.example
Subject: =?utf-8?q?Kunde_inte_levereras=3A_Re=3A_Kallt?=
In-Reply-To: {ours}
References: {ours}
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: multipart/alternative; boundary="A"

--A
Content-Type: text/html; charset=utf-8

<p>Ditt meddelande till <a href="mailto:anna@medborgare.example">anna</a> kunde inte levereras.</p>
--A--

--B
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB0000.medborgare.example
Received-From-MTA: dns;mx.kommun.example

Final-Recipient: rfc822;anna@medborgare.example
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

--B
Content-Type: message/rfc822

Subject: Re: Kallt

Hej
--B--
"""

GMAIL = """Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@postbox.example>
To: kontakt@kommun.example
Subject: Delivery Status Notification (Failure)
References: {ours}
In-Reply-To: {ours}
X-Failed-Recipients: anna@medborgare.example
Content-Type: multipart/report; boundary="B"; report-type=delivery-status

--B
Content-Type: multipart/related; boundary="R"

--R
Content-Type: text/plain; charset="UTF-8"

Address not found: your message was not delivered to anna@medborgare.example.
--R--
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; postbox.example

Final-Recipient: rfc822; anna@medborgare.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
--B
Content-Type: message/rfc822

Message-ID: {ours}
Subject: Re: Kallt

Hej
--B--
"""

QMAIL = """Return-Path: <>
From: MAILER-DAEMON@medborgare.example
To: kontakt@kommun.example
Subject: failure notice

Hi. This is the qmail-send program at medborgare.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<anna@medborgare.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <kontakt@kommun.example>
Message-ID: {ours}
Subject: Re: Kallt

Hej
"""

EXIM = """Return-Path: <>
X-Failed-Recipients: anna@medborgare.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.medborgare.example>
To: kontakt@kommun.example
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  anna@medborgare.example
    SMTP error from remote mail server after RCPT TO:<anna@medborgare.example>:
    550 Mailbox unavailable

------ This is a copy of the message, including all the headers. ------

Message-ID: {ours}
Subject: Re: Kallt
"""

OLD_EXCHANGE = """From: System Administrator <postmaster@medborgare.example>
To: kontakt@kommun.example
Subject: Undeliverable: Re: Kallt
In-Reply-To: {ours}

Your message

  To:      anna@medborgare.example
  Subject: Re: Kallt
  Sent:    Wed, 25 Nov 2026 10:00:00 +0100

did not reach the following recipient(s):

anna@medborgare.example on Wed, 25 Nov 2026 10:00:05 +0100
    The recipient name is not recognized
"""

EXPIRED = POSTFIX_DELAY.replace("Action: delayed", "Action: failed").replace("4.4.1", "4.4.7")

SAMPLES = {
    "postfix, late": (POSTFIX_DELAY, "4.4.1", False),
    "postfix, given up after days": (EXPIRED, "4.4.7", True),
    "exchange": (EXCHANGE, "5.1.10", True),
    "gmail": (GMAIL, "5.1.1", True),
    "qmail": (QMAIL, "5.1.1", True),
    "exim": (EXIM, "550", True),
    "old exchange": (OLD_EXCHANGE, None, True),
}


def read(sample: str, ours: str = OURS) -> mail.Mail:
    return mail.read(sample.replace("{ours}", ours).replace("\n", "\r\n").encode())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_bounce_of_a_mail_of_ours_is_told_whoever_wrote_it(name: str) -> None:
    sample, status, permanent = SAMPLES[name]
    assert bounce.find(read(sample), thread.is_ours) == bounce.Bounce(OURS, ANNA, status, permanent)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_bounce_of_somebody_elses_mail_is_none_of_ours_but_known_as_one_and_as_automatic(name: str) -> None:
    strange = read(SAMPLES[name][0], "<spam@elsewhere.example>")
    assert bounce.find(strange, thread.is_ours) is None
    assert bounce.report(strange, thread.is_ours) is not None
    assert why_automatic(strange) is not None


def test_a_report_that_names_no_mail_is_ours_by_whom_it_could_not_reach() -> None:
    bare = QMAIL.partition("--- Below")[0]
    assert bounce.find(read(bare), thread.is_ours) == bounce.Bounce(None, ANNA, "5.1.1", permanent=True)
    nobody = "From: mailer-daemon@x.example\nSubject: Returned\n\nNågot gick fel.\n"
    assert bounce.find(read(nobody), thread.is_ours) is None


def test_a_person_who_forwards_a_report_has_written_a_mail() -> None:
    forwarded = (
        "From: Bo <bo@medborgare.example>\nSubject: Varför får jag det här?\nMessage-ID: <1@x>\n"
        'Content-Type: multipart/mixed; boundary="M"\n\n--M\n\nSe nedan.\n--M\nContent-Type: message/rfc822\n\n'
        f"{GMAIL}\n--M--\n"
    )
    assert bounce.report(read(forwarded)) is None
    assert why_automatic(read(forwarded)) is None


def test_a_report_that_all_went_well_or_that_it_was_read_is_no_bounce() -> None:
    assert bounce.report(read(GMAIL.replace("Action: failed", "Action: delivered"))) is None
    seen = (
        "From: anna@medborgare.example\nSubject: Läst: Re: Kallt\nMessage-ID: <1@x>\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="B"\n\n'
        "--B\n\nDitt meddelande lästes.\n--B\nContent-Type: message/disposition-notification\n\n"
        f"Original-Message-ID: {OURS}\nDisposition: manual-action/MDN-sent-manually; displayed\n--B--\n"
    )
    assert bounce.report(read(seen)) is None
    assert why_automatic(read(seen)) == "report"


def test_an_absence_from_nobody_is_no_bounce() -> None:
    away = (
        "Return-Path: <>\nFrom: Anna <anna@medborgare.example>\nSubject: Autosvar: Re: Kallt\nMessage-ID: <1@x>\n"
        "Auto-Submitted: auto-replied\nIn-Reply-To: {ours}\n\nJag är på semester till den 7 januari 2027.\n"
        "Ring 08-465 004 00 om det är bråttom.\n"
    )
    assert bounce.report(read(away)) is None
    assert why_automatic(read(away)) == "auto_submitted"


def test_several_recipients_and_the_one_that_failed_counts() -> None:
    two = GMAIL.replace(
        "Final-Recipient: rfc822; anna@",
        "Final-Recipient: rfc822; bo@medborgare.example\nAction: delayed\nStatus: 4.2.2\n\n"
        "Final-Recipient: rfc822; anna@",
    )
    found = bounce.find(read(two), thread.is_ours)
    assert found is not None
    assert (found.recipient, found.permanent) == (ANNA, True)


def test_of_more_failed_recipients_than_anybody_names_the_first_is_told() -> None:
    header = "z@borta.example, " + ", ".join(f"a{number}@borta.example" for number in range(2000))
    read_mail = mail.read(f"From: robot@mx.example\nX-Failed-Recipients: {header}\n\nBorta".encode())
    found = bounce.find(read_mail)
    assert found is not None
    assert found.recipient == "z@borta.example"


def test_a_report_without_any_sense_raises_nothing() -> None:
    nested = "Content-Type: multipart/report; boundary=b\nFrom: mailer-daemon@x.example\n\n"
    nested += "".join(f"--b{'b' * n}\nContent-Type: multipart/mixed; boundary=b{'b' * (n + 1)}\n\n" for n in range(200))
    assert bounce.find(read(nested)) is None
    assert bounce.find(mail.nothing(b"\x00\xff")) is None


@settings(max_examples=150)
@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 2000), st.integers(0, 60), st.binary(max_size=20))
def test_a_wounded_report_raises_nothing(name: str, at: int, gone: int, new: bytes) -> None:
    raw = SAMPLES[name][0].replace("{ours}", OURS).encode()
    wounded = mail.read(raw[:at] + new + raw[at + gone :])
    found = bounce.find(wounded, thread.is_ours)
    assert found is None or found.message_id is None or thread.is_ours(found.message_id)
    why_automatic(wounded)
