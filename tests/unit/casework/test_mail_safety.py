"""The line to the mail server: STARTTLS with a verified certificate, a login, and what is known when it fails."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from services.casework.mail import File, MailServer, MailServerAwayError, Safety, compose
from services.casework.settings import Settings
from tests.support.certificates import make_certificate
from tests.support.smtp_peer import SmtpPeer
from tests.unit.casework.test_mail import NOW, mail

OURS = "kontakt@kommun.example"


async def _send(peer: SmtpPeer, safety: Safety, **facts: Any) -> None:
    async with MailServer("127.0.0.1", peer.port, OURS, safety) as server:
        await server.send(mail(**facts), NOW)


async def test_mail_goes_by_starttls_with_a_login(tmp_path: Path):
    tls, trusted = make_certificate(tmp_path)
    async with SmtpPeer(tls=tls, login=("kc", "hemligt")) as peer:
        await _send(peer, Safety(starttls=True, user="kc", password="hemligt", ca_file=str(trusted)))
    assert [one["Subject"] for one in peer.mails] == ["Re: Kallt"]
    assert peer.said.index("STARTTLS") < next(at for at, line in enumerate(peer.said) if line.startswith("AUTH"))


@pytest.mark.parametrize(
    ("peer", "safety", "why"),
    [
        ({}, {"ca_file": ""}, "tls"),  # a certificate that nobody we trust has signed
        ({"tls": None}, {}, "tls"),  # no STARTTLS is offered: somebody in between may have taken it away
        ({"login": ("kc", "annat")}, {"user": "kc", "password": "hemligt"}, "login"),
    ],
)
async def test_a_line_that_is_not_safe_sends_nothing(
    tmp_path: Path, peer: dict[str, Any], safety: dict[str, Any], why: str
):
    tls, trusted = make_certificate(tmp_path)
    async with SmtpPeer(**{"tls": tls, **peer}) as server:
        with pytest.raises(MailServerAwayError) as failed:
            await _send(server, Safety(**{"starttls": True, "ca_file": str(trusted), **safety}))
    assert failed.value.why == why
    assert server.mails == []
    assert not any(line.startswith("MAIL") for line in server.said)


async def test_nobody_answers_is_told_apart_from_a_bad_line():
    with pytest.raises(MailServerAwayError) as failed:
        await _send(SmtpPeer(port=9), Safety())
    assert failed.value.why == "connect"


def test_a_password_never_goes_over_an_open_line():
    with pytest.raises(ValidationError, match="smtp_starttls"):
        Settings(smtp_user="kc", smtp_password=SecretStr("hemligt"))


def test_html_and_files_stand_beside_the_plain_text():
    html = "<!doctype html><html lang='sv'><p>Hej på dig</p></html>"
    files = [File("hyresavi åäö.pdf", "application/pdf", b"%PDF"), File("a.html", "text/html", b"<script>")]
    made = compose(mail(html=html), OURS, NOW, files)
    assert made.get_content_type() == "multipart/mixed"
    plain, rich = made.get_body(("plain",)), made.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content() == "Hej på dig\n"
    assert "<p>Hej på dig</p>" in rich.get_content()
    assert [(one.get_filename(), one.get_content_type()) for one in made.iter_attachments()] == [
        ("hyresavi åäö.pdf", "application/pdf"),
        ("a.html", "application/octet-stream"),
    ]


def test_a_unit_writes_from_its_own_address_and_answers_come_to_ours():
    made = compose(mail(sender_address="felanmalan@bolag.example"), OURS, NOW)
    assert made["From"] == "ÅFA kundtjänst <felanmalan@bolag.example>"
    assert made["Reply-To"] == OURS
    assert compose(mail(), OURS, NOW)["Reply-To"] is None
