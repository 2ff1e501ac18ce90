"""Robots, loops and bounces are told from people."""

import pytest

from services.intake.domain import bounce, mail
from services.intake.domain.automatic import why_automatic


def read(*headers: str, sender: str = "anna@example.se", subject: str = "Hej", body: str = "Hej") -> mail.Mail:
    lines = (f"From: {sender}", f"Subject: {subject}", "Message-ID: <1@x>", *headers)
    return mail.read(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (("Auto-Submitted: auto-replied",), "auto_submitted"),
        (("Auto-Submitted: Auto-Generated; x=y",), "auto_submitted"),
        (("Auto-Submitted: auto-replied (vacation)",), "auto_submitted"),
        (("Auto-Submitted: no",), None),
        (("Auto-Submitted: No (written by hand)",), None),
        (("Return-Path: <>",), "null_return_path"),
        (("Return-Path: <anna@example.se>",), None),
        (("Precedence: bulk",), "precedence"),
        (("Precedence: auto_reply",), "precedence"),
        (("Precedence: first-class",), None),
        (("List-Id: <lista.example.se>",), "list"),
        (("X-Autoreply: yes",), "autoreply"),
        (("X-Autorespond: x",), "autoreply"),
        (("X-Loop: kontakt@kommun.example",), "loop"),
        (("Content-Type: multipart/report; boundary=b",), "report"),
        (("X-Auto-Response-Suppress: All",), None),
        (("X-Auto-Response-Suppress: None",), None),
    ],
)
def test_signs_in_the_header(headers: tuple[str, ...], why: str | None) -> None:
    assert why_automatic(read(*headers)) == why


@pytest.mark.parametrize(
    "name",
    ["No-Reply", "MAILER-DAEMON", "noreply", "no_reply+4711", "do-not-reply", "donotreply", "svara-ej", "bounces+1=x"],
)
def test_a_robot_is_known_by_its_address(name: str) -> None:
    assert why_automatic(read(sender=f"{name}@shop.example")) == "robot_sender"


@pytest.mark.parametrize("name", ["noreen", "bouncer", "replyson", "anna+noreply", "nora"])
def test_a_person_is_no_robot_though_her_address_begins_like_one(name: str) -> None:
    assert why_automatic(read(sender=f"{name}@x.example")) is None


def test_a_subject_is_a_weak_sign_and_counts_only_on_a_reply() -> None:
    assert why_automatic(read(subject="Autosvar: Sopor")) is None
    assert why_automatic(read("In-Reply-To: <a@b>", subject="Autosvar: Sopor")) == "subject"
    assert why_automatic(read("In-Reply-To: <a@b>", subject="Re: Sopor")) is None


REPORT = """--b
Content-Type: text/plain

Det gick inte.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; Anna@Example.se
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user
--b
Content-Type: {kind}

Message-ID: <ours@kommun.example>
Subject: Svar
--b--
"""


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_delivery_report_names_mail_recipient_and_status(kind: str) -> None:
    body = REPORT.format(action="failed", status="5.1.1", kind=kind)
    report = read("Content-Type: multipart/report; report-type=delivery-status; boundary=b", body=body)
    assert bounce.find(report) == bounce.Bounce("<ours@kommun.example>", "anna@example.se", "5.1.1", permanent=True)


def test_a_delay_is_not_permanent_and_success_is_no_bounce() -> None:
    header = "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
    late = bounce.find(read(header, body=REPORT.format(action="delayed", status="4.4.1", kind="message/rfc822")))
    assert late is not None
    assert not late.permanent
    assert bounce.find(read(header, body=REPORT.format(action="delivered", status="2.0.0", kind="x/y"))) is None


def test_a_report_in_words_is_a_bounce_and_a_citizens_mail_is_not() -> None:
    words = "This message was created by Exim. 550 5.1.1 unknown\n\n> Message-ID: <ours@kommun.example>\n"
    found = bounce.find(read("X-Failed-Recipients: anna@example.se", sender="Mailer-Daemon@x.example", body=words))
    assert found == bounce.Bounce("<ours@kommun.example>", "anna@example.se", "5.1.1", permanent=True)
    assert bounce.find(read(body=words)) is None
