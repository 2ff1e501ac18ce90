"""Who wrote, to whom and when, however the header says it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain import mail


def read(*headers: str | bytes) -> mail.Mail:
    lines = [line if isinstance(line, bytes) else line.encode() for line in headers]
    return mail._read(b"\r\n".join((*lines, b"Message-ID: <1@x>")) + b"\r\n\r\nHej")


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("anna@example.se", None, "anna@example.se"),
        ("<anna@example.se>", None, "anna@example.se"),
        ("Anna Berg <anna@example.se>", "Anna Berg", "anna@example.se"),
        ('"Berg, Anna" <anna@example.se>', "Berg, Anna", "anna@example.se"),
        ("Berg, Anna <anna@example.se>", "Berg, Anna", "anna@example.se"),
        ('"Anna \\"Ankan\\" Berg" <anna@example.se>', 'Anna "Ankan" Berg', "anna@example.se"),
        ("anna@example.se (Anna Berg)", "Anna Berg", "anna@example.se"),
        ("=?utf-8?q?=C3=85sa?= <asa@example.se>", "Åsa", "asa@example.se"),
        ('"=?utf-8?q?=C3=85sa?=" <asa@example.se>', "Åsa", "asa@example.se"),
        ("=?utf-8?q?=C3=85sa?=<asa@example.se>", "Åsa", "asa@example.se"),
        ("=?iso-8859-1?q?Bj=F6rk=2C_=C5sa?= <asa@example.se>", "Björk, Åsa", "asa@example.se"),
        ("Åsa <åsa@exämple.se>", "Åsa", "åsa@exämple.se"),
        ("Åsa <asa@xn--exmple-cua.se>", "Åsa", "asa@xn--exmple-cua.se"),
        ('"anna berg"@example.se', None, '"anna berg"@example.se'),
        ('Anna <"anna"@example.se>', "Anna", "anna@example.se"),
        ("Anna <@relay.example,@b.example:anna@example.se>", "Anna", "anna@example.se"),
        ("Gruppen: anna@example.se, bo@example.se;", None, "anna@example.se"),
        ("ANNA@EXAMPLE.SE", None, "anna@example.se"),
        ("Anna <anna@example.se", "Anna", "anna@example.se"),
        ("anna@example.se <>", None, "anna@example.se"),
        ("anna@example.se, bo@example.se", None, "anna@example.se"),
        ("'anna@example.se'", None, "anna@example.se"),
        ("mailto:anna@example.se", None, "anna@example.se"),
        ('"Anna <anna@example.se>" <bo@other.example>', "Anna <anna@example.se>", "bo@other.example"),
        ('"a\\" <anna@example.se>" <bo@other.example>', 'a" <anna@example.se>', "bo@other.example"),
        ("(<anna@example.se>) <bo@other.example>", "(<anna@example.se>)", "bo@other.example"),
        ("Anna :( <anna@example.se>", "Anna :(", "anna@example.se"),
        ("anna@example.se <bo@other.example>", "anna@example.se", "bo@other.example"),
        ("anna@example.se, Bo <bo@other.example>", None, "anna@example.se"),
        ("undisclosed-recipients:;", None, None),
        ("Anna", None, None),
        ("@", None, None),
        ("", None, None),
    ],
)
def test_the_sender_is_found(value: str, name: str | None, address: str | None) -> None:
    found = read(f"From: {value}")
    assert found.sender_address == address
    assert found.sender_name in {name, None if address is None else name}
    assert ("no_sender" in found.flags) == (address is None)


def test_raw_eight_bit_addresses_can_be_stored() -> None:
    for charset in ("utf-8", "latin-1"):
        found = read("From: Åsa Öman <åsa@example.se>".encode(charset))
        assert (found.sender_name, found.sender_address) == ("Åsa Öman", "åsa@example.se")
        (found.sender_address or "").encode()


def test_who_answers_for_a_missing_from_is_asked_in_turn() -> None:
    assert read("From: Anna", "Sender: anna@example.se").sender_address == "anna@example.se"
    assert read("Reply-To: anna@example.se").sender_address == "anna@example.se"


def test_several_senders_are_said() -> None:
    assert "several_senders" in read("From: a@example.se, b@example.se").flags
    assert "several_senders" in read("From: a@example.se", "From: b@example.se").flags
    assert "several_senders" not in read("From: a@example.se", "From: A@example.se").flags


@pytest.mark.parametrize(
    "headers",
    [
        ['From: "anna@example.se"@evil.example(x)'],
        ['From: "anna@example.se"@evil.example, x'],
        ['From: "anna@example.se"@[192.0.2.4]'],
        ['From: "anna@example.se" @evil.example'],
        ["From: anna@example.se @evil.example"],
        ["From: anna@example.se(x)@evil.example"],
        ["From: <anna@example.se>@evil.example"],
        ["From: anna@example.se@evil.example", "Reply-To: anna@example.se"],
        ['From: (x\\") <bo@evil.example> (") <anna@example.se>'],
        ['From: "anna@example.se"'],
        ["From: (anna@example.se)"],
        ["From: =?utf-8?q?anna=40example.se?="],
        ["From: Bo", "Reply-To: anna@example.se"],
        ["From: Bo", "Sender: anna@example.se"],
        ["Reply-To: anna@example.se"],
        [f"From: {'Bo ' * 7000}<bo@evil.example>", "Reply-To: anna@example.se"],
        [f"From: anna@example.se, {'Bo ' * 7000}<bo@evil.example>"],
    ],
)
def test_an_address_that_no_mail_server_has_proved_is_never_the_sure_sender(headers: list[str]) -> None:
    found = read(*headers)
    assert found.sender_address != "anna@example.se" or "several_senders" in found.flags


@pytest.mark.parametrize(
    "value",
    [
        "anna@example.se",
        "ANNA@EXAMPLE.SE",
        "<anna@example.se>",
        '"anna@example.se" <anna@example.se>',
        "anna@example.se (Anna (Ankan) Berg)",
        '"Berg, Anna (Kiruna)" <anna@example.se>',
        "=?utf-8?q?=C3=85sa?= <anna@example.se>",
        "Åsa Öman <anna@example.se>",
    ],
)
def test_who_writes_as_people_do_is_the_sure_sender(value: str) -> None:
    found = read(f"From: {value}")
    assert (found.sender_address, "several_senders" in found.flags) == ("anna@example.se", False)


def test_of_a_doubled_header_the_first_counts() -> None:
    found = read("Subject: ett", "Subject: två", "From: a@example.se")
    assert found.subject == "ett"


def test_recipients_are_read_from_every_header_that_names_some() -> None:
    found = read("Delivered-To: k@kommun.example", "To: Å <a@b.se>, grupp: c@d.se;", "Cc: (x) E@F.se", "To: g@h.se")
    assert found.recipients == ("k@kommun.example", "a@b.se", "c@d.se", "g@h.se", "e@f.se")


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Mon, 30 Nov 2026 08:00:00 +0100", datetime(2026, 11, 30, 7, tzinfo=UTC)),
        ("30 Nov 2026 08:00 +0100 (CET)", datetime(2026, 11, 30, 7, tzinfo=UTC)),
        ("Mon, 30 Nov 2026 07:00:00 GMT", datetime(2026, 11, 30, 7, tzinfo=UTC)),
        ("Mon, 30 Nov 2026 07:00:00", datetime(2026, 11, 30, 7, tzinfo=UTC)),
        ("Mon, 30 Nov 2026 07:00:00 -0000", datetime(2026, 11, 30, 7, tzinfo=UTC)),
        ("Mon, 99 Nov 2026 07:00:00 +0100", None),
        ("Mon, 30 Nov 2026 07:00:00 +9999", None),
        ("Mon, 30 Nov 99999 07:00:00 +0100", None),
        ("Mon, 30 Nov 1901 07:00:00 +0100", None),
        ("i går", None),
        ("=?utf-8?q?x?=", None),
        ("", None),
    ],
)
def test_a_date_has_a_zone_or_is_none(value: str, moment: datetime | None) -> None:
    found = read(f"Date: {value}").sent_at
    assert found == moment
    assert found is None or found.utcoffset() is not None
    assert found is None or abs(found.utcoffset() or timedelta()) < timedelta(days=1)
