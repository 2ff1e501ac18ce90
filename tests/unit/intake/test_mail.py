"""What a mail is, whatever is wrong with it: every row of known breakages, and nothing raised, nothing lost."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import mail, names, parts, text
from services.intake.domain.archives import Limits

LATIN = "Hej! Det är kallt i lägenheten på Åsgatan.".encode("latin-1")


def letter(
    body: bytes = b"Hej", *, headers: tuple[bytes, ...] = (), kind: bytes = b"text/plain; charset=utf-8"
) -> bytes:
    lines = (
        b"From: Anna Berg <anna@example.se>",
        b"To: kontakt@kommun.example",
        b"Message-ID: <1@example.se>",
        b"Content-Type: " + kind,
        *headers,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_an_ordinary_mail_is_read() -> None:
    read = mail.read(letter("Soporna är inte hämtade".encode(), headers=(b"Subject: Sopor",)))
    assert (read.sender_name, read.sender_address) == ("Anna Berg", "anna@example.se")
    assert (read.subject, read.own, read.message_id) == ("Sopor", "Soporna är inte hämtade", "<1@example.se>")
    assert read.recipients == ("kontakt@kommun.example",)
    assert not read.unreadable
    assert read.flags == ()


def test_brackets_inside_the_message_id_are_read() -> None:
    raw = letter().replace(b"<1@example.se>", b"<[abc123]@example.se>")
    assert mail.read(raw).message_id == "<[abc123]@example.se>"


def test_a_group_that_is_only_a_comment_is_read() -> None:
    raw = letter("Hallå".encode(), headers=(b"Cc: undisclosed-recipients: (nobody);",))
    assert mail.read(raw).own == "Hallå"


def test_an_encoded_newline_in_from_stays_on_one_line() -> None:
    raw = letter().replace(b"From: Anna Berg", b"From: =?utf-8?q?Anna=0D=0ABcc:_x?=")
    read = mail.read(raw)
    assert read.sender_address == "anna@example.se"
    assert read.sender_name == "Anna Bcc: x"


def test_an_address_hidden_in_an_encoded_name_is_a_name() -> None:
    raw = letter().replace(b"From: Anna Berg", b"From: =?utf-8?q?Bcc:_victim@example.org?=")
    assert mail.read(raw).sender_address == "anna@example.se"
    assert mail.read(raw).sender_name == "Bcc: victim@example.org"


def test_a_name_and_a_subject_cannot_be_shown_backwards() -> None:
    raw = letter(headers=("Subject: \u202egnp.exe \u2066سلام\u2069".encode(),))
    assert mail.read(raw).subject == "gnp.exe سلام"


def test_mails_without_any_header_of_their_own_are_told_apart() -> None:
    raws = (
        b"Return-Path: <a@example.se>\r\n\r\n\r\n",
        b"Return-Path: <b@example.se>\r\n\r\n\r\n",
        b"Return-Path: <a@example.se>\r\n" + bytes(range(128, 256)) + b"\r\n\r\n",
    )
    assert len({mail.read(raw).message_id for raw in raws}) == 3
    relayed = b"Received: by mx.example.se\r\n" + raws[0]
    assert mail.read(relayed).message_id == mail.read(raws[0]).message_id


def test_plain_words_labelled_base64_are_read_as_they_came() -> None:
    encoding = b"Content-Transfer-Encoding: base64"
    assert mail.read(letter("Hej, det är kallt!".encode(), headers=(encoding,))).own == "Hej, det är kallt!"
    encoded = base64.encodebytes("Hej, det är kallt!".encode())
    assert mail.read(letter(encoded, headers=(encoding,))).own == "Hej, det är kallt!"
    assert "Hej, det är kallt!" in mail.read(letter(encoded + b"\r\nSent to the list!\r\n", headers=(encoding,))).own


def test_parts_nested_too_deep_are_flagged() -> None:
    nest = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(60))
    read = mail.read(b"From: anna@example.se\r\nMessage-ID: <2@example.se>\r\n" + nest + b"\r\nHej\r\n")
    assert "parts_cut" in read.flags


def test_a_parameter_name_that_ends_in_a_star_is_read() -> None:
    read = mail.read(letter("Åh".encode(), kind=b"text/plain; charset*=utf-8; name*=x; *=y"))
    assert "Åh" in read.full or any(b"\xc3\x85h" in file.data for file in read.files)
    assert not read.unreadable


@pytest.mark.parametrize("charset", ["x-foo", "zlib", "rot13", "utf-8; drop", "", "unknown-8bit"])
def test_an_unknown_charset_falls_down_the_ladder(charset: str) -> None:
    kind = b'text/plain; charset="' + charset.encode() + b'"'
    assert mail.read(letter("Är det öppet?".encode(), kind=kind)).own == "Är det öppet?"
    assert mail.read(letter(LATIN, kind=kind)).own == LATIN.decode("latin-1")


@pytest.mark.parametrize("kind", [b"text/plain", b"text/plain; charset=us-ascii", b"text/plain; charset=iso-8859-1"])
def test_eight_bit_text_without_its_charset_keeps_the_swedish_letters(kind: bytes) -> None:
    assert mail.read(letter(LATIN, kind=kind)).own == LATIN.decode("latin-1")
    assert mail.read(letter("Smörgås – på “torsdag”".encode("cp1252"), kind=kind)).own == "Smörgås – på “torsdag”"
    assert mail.read(letter("Smörgås – på “torsdag”".encode(), kind=kind)).own == "Smörgås – på “torsdag”"


def test_a_raw_latin_1_header_keeps_its_letters() -> None:
    subject, name = "Subject: Översvämning".encode("latin-1"), "From: Åsa Öman <asa@example.se>".encode("latin-1")
    read = mail.read(letter(headers=(subject,)).replace(b"From: Anna Berg <anna@example.se>", name))
    assert (read.subject, read.sender_name, read.sender_address) == ("Översvämning", "Åsa Öman", "asa@example.se")


def test_a_nul_in_the_body_is_dropped_and_nothing_else() -> None:
    assert mail.read(letter(b"Hej\x00 hopp\x08!")).own == "Hej hopp!"


def test_a_wrong_boundary_keeps_the_words_and_the_attachment() -> None:
    body = (
        b"--other\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHissen st\xc3\xa5r still\r\n"
        b'--other\r\nContent-Type: image/png; name="a.png"\r\n\r\n123\r\n--other--\r\n'
    )
    read = mail.read(letter(body, kind=b'multipart/mixed; boundary="declared"'))
    assert read.own == "Hissen står still"
    assert [file.name for file in read.files] == ["a.png"]


def test_a_multipart_without_any_parts_is_read_as_text() -> None:
    assert mail.read(letter(b"Bara text", kind=b'multipart/alternative; boundary="x"')).own == "Bara text"
    assert mail.read(letter(b"Bara text", kind=b"multipart/mixed")).own == "Bara text"


def test_a_mail_without_from_and_message_id_is_a_mail() -> None:
    raw = b"Subject: Hej\r\n\r\nJag har en fr\xe5ga"
    read = mail.read(raw)
    assert read.sender_address is None
    assert set(read.flags) == {"no_sender", "no_message_id"}
    assert read.own == "Jag har en fråga"
    assert read.message_id == mail.read(raw).message_id


@pytest.mark.parametrize("raw", [b"", b"\x00\xff\xfe\x01", b"\r\n\r\n"])
def test_what_is_no_mail_is_unreadable(raw: bytes) -> None:
    assert mail.read(raw).unreadable


def test_split_encoded_words_keep_a_letter_cut_in_two() -> None:
    first, second = base64.b64encode("Kallt på v".encode()[:8]), base64.b64encode("Kallt på v".encode()[8:])
    value = f"=?utf-8?B?{first.decode()}?= =?UTF-8?b?{second.decode()}?="
    assert text.header_text(value) == "Kallt på v"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?iso-8859-1?q?=C5sa_=D6man?=", "Åsa Öman"),
        ("=?x-foo?q?=C3=85sa?=", "Åsa"),
        ("=?utf-8?b?%%%?=", "=?utf-8?b?%%%?="),
        ("=?utf-8*sv?q?=C3=85sa?= hej", "Åsa hej"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
    ],
)
def test_encoded_words_are_decoded_where_they_can_be(value: str, expected: str) -> None:
    assert text.header_text(value) in {expected, ""} if "%%%" in value else text.header_text(value) == expected


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\räkning.pdf", "räkning.pdf"),
        ("con.txt", "bilaga"),
        ("...", "bilaga"),
        ("a\x00b\n.pdf", "a_b_.pdf"),
        ("bild\u202egpj.exe", "bild_gpj.exe"),
    ],
)
def test_attachment_names_are_safe(name: str, safe: str) -> None:
    assert parts.safe_name(name) == safe


def test_a_long_name_keeps_its_suffix() -> None:
    name = parts.safe_name("å" * 300 + ".pdf")
    assert len(name) <= names.MAX_NAME
    assert name.endswith(".pdf")


def test_an_rfc_2231_name_and_a_forwarded_mail_are_attachments() -> None:
    body = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nSe bilaga\r\n--b\r\nContent-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''r%C3%A4kning.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(b"%PDF")
        + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.se\r\nSubject: inre\r\n\r\nInre text\r\n--b--\r\n"
    )
    read = mail.read(letter(body, kind=b"multipart/mixed; boundary=b"))
    assert [(file.name, file.content_type) for file in read.files] == [
        ("räkning.pdf", "application/pdf"),
        ("bilaga-2.eml", "message/rfc822"),
    ]
    assert read.files[0].data == b"%PDF"
    assert b"Inre text" in read.files[1].data
    assert read.own == "Se bilaga"


def test_html_alone_is_read_as_text() -> None:
    page = "<style>p{}</style><p>Hej&nbsp;där</p><script>x()</script><ul><li>ett<li>två</ul>"
    page += "<blockquote>gammalt</blockquote>"
    read = mail.read(letter(page.encode(), kind=b"text/html; charset=utf-8"))
    assert read.own == "Hej där\n- ett\n- två"
    assert "> gammalt" in read.full


def test_too_many_and_too_large_is_cut_and_flagged() -> None:
    part = b"--b\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n"
    read = mail.read(letter(part * 60 + b"--b--", kind=b"multipart/mixed; boundary=b"))
    assert len(read.files) == 50
    assert "attachments_cut" in read.flags
    few = mail.read(letter(part * 60 + b"--b--", kind=b"multipart/mixed; boundary=b"), Limits(files=60, file_bytes=9))
    assert (len(few.files), "attachments_cut" in few.flags) == (9, True)
    long = mail.read(letter(b"ord " * 60_000))
    assert len(long.own) <= mail.MAX_TEXT
    assert long.flags == ("text_cut",)
    assert mail.read(letter(b"ord " * 600_000)).flags == ("text_cut",)


def test_deep_nesting_ends() -> None:
    body = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(400))
    read = mail.read(letter(body + b"text", kind=b"multipart/mixed; boundary=b0"))
    assert read.message_id == "<1@example.se>"


def test_the_thread_is_oldest_first_and_what_is_answered_last() -> None:
    raw = letter(headers=(b"References: <a@x> <b@x> <c@x>", b"In-Reply-To: <b@x>"))
    assert mail.read(raw).references == ("<a@x>", "<c@x>", "<b@x>")


@given(st.binary(max_size=400), st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_bytes_raise(body: bytes, header: bytes) -> None:
    for raw in (body, letter(body, headers=(header,)), letter(body, kind=header.replace(b"\n", b" "))):
        read = mail.read(raw)
        read.own.encode()
        read.subject.encode()
        assert "\x00" not in read.full
