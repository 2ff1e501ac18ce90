"""What a mail holds, however its parts are put together."""

import pytest

from services.intake.domain import mail
from services.intake.domain.structure import parse
from tests.support.raw_mail import in_base64, letter, multi, part, whole

PLAIN = part(b"text/plain; charset=utf-8", "Hissen står still".encode())
PAGE = part(b"text/html; charset=utf-8", '<p>Hissen står still</p><img src="cid:logo@x">'.encode())
LOGO = part(b"image/png; name=logo.png", b"\x89PNG", b"Content-ID: <logo@x>", b"Content-Disposition: inline")
PDF = part(b"application/pdf; name=ritning.pdf", b"%PDF", b"Content-Disposition: attachment")


def names(read: mail.Mail) -> list[str]:
    return [file.name for file in read.files]


def test_a_picture_that_the_html_names_is_inline_and_an_attached_one_is_not() -> None:
    other = part(b"image/png; name=trapphus.png", b"\x89PNG", b"Content-ID: <other@x>")
    content = multi(b"mixed", multi(b"related", PAGE, LOGO, boundary=b"b1"), other)
    read = mail.read(whole(content))
    assert [(f.name, f.content_id, f.inline) for f in read.files] == [
        ("logo.png", "logo@x", True),
        ("trapphus.png", "other@x", False),
    ]
    assert read.own == "Hissen står still"


def test_versions_of_one_text_are_read_once() -> None:
    read = mail.read(whole(multi(b"alternative", PLAIN, multi(b"related", PAGE, LOGO, boundary=b"b1"))))
    assert read.full == "Hissen står still"
    assert read.files[0].inline


def test_a_stub_beside_the_html_is_not_the_text() -> None:
    stub = part(b"text/plain", b"Your program cannot show this mail.")
    words = " ".join(f"ord{n}" for n in range(30))
    read = mail.read(whole(multi(b"alternative", stub, part(b"text/html", f"<p>{words}</p>".encode()))))
    assert read.own == words


def test_words_behind_a_picture_in_the_html_itself_are_read() -> None:
    picture = b"data:image/jpeg;base64," + b"QUJD\r\n" * 500_000
    read = mail.read(whole(part(b"text/html", b'<p>Hissen</p><img src="' + picture + b'"><p>stannar</p>')))
    assert (read.own, read.flags) == ("Hissen\nstannar", ())


def test_an_empty_plain_version_leaves_the_html() -> None:
    read = mail.read(whole(multi(b"alternative", part(b"text/plain", b" \r\n"), PAGE)))
    assert read.own == "Hissen står still"


def test_two_texts_that_only_claim_to_be_versions_are_both_kept() -> None:
    texts = [" ".join(f"{name}{n}" for n in range(30)) for name in ("alfa", "beta")]
    read = mail.read(whole(multi(b"alternative", *(part(b"text/plain", one.encode()) for one in texts))))
    assert all(one in read.full for one in texts)


def test_texts_around_an_attachment_are_all_read_in_order() -> None:
    more = part(b"text/html; charset=utf-8", "<p>Och här är porten</p>".encode())
    read = mail.read(whole(multi(b"mixed", PLAIN, PDF, more)))
    assert read.own == "Hissen står still\nOch här är porten"
    assert names(read) == ["ritning.pdf"]


def test_an_attached_text_is_a_file_and_is_read_only_when_nothing_else_says_a_word() -> None:
    note = part(b"text/plain; charset=utf-8; name=fraga.txt", "Är det öppet?".encode())
    assert "öppet" not in mail.read(whole(multi(b"mixed", PLAIN, note))).full
    alone = mail.read(whole(multi(b"mixed", note)))
    assert (alone.own, names(alone)) == ("Är det öppet?", ["fraga.txt"])


def test_a_mail_passed_on_as_a_file_is_read_when_there_are_no_other_words() -> None:
    inner = part(b"message/rfc822", b"From: x@y.se\r\nSubject: Hiss\r\nContent-Type: text/plain\r\n\r\nDen har fastnat")
    with_words = mail.read(whole(multi(b"mixed", PLAIN, inner)))
    assert (with_words.full, names(with_words)) == ("Hissen står still", ["bilaga-1.eml"])
    without = mail.read(whole(multi(b"mixed", inner)))
    assert without.own == "Den har fastnat"
    assert "text_within" in without.flags
    assert b"Den har fastnat" in without.files[0].data
    assert not without.unreadable


def test_a_mail_within_that_is_encoded_against_the_rules_is_read() -> None:
    body, label = in_base64(b"Subject: inre\r\n\r\nDen har fastnat")
    read = mail.read(whole(multi(b"mixed", part(b"message/rfc822", body, label))))
    assert read.own == "Den har fastnat"


def test_an_invitation_is_a_file_and_said_so() -> None:
    calendar = part(b"text/calendar; charset=utf-8; method=REQUEST", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR")
    read = mail.read(whole(multi(b"alternative", PLAIN, PAGE, calendar)))
    assert (read.own, names(read), read.flags) == ("Hissen står still", ["inbjudan.ics"], ("calendar",))


@pytest.mark.parametrize(
    ("content", "flag"),
    [
        (multi(b"signed", PLAIN, part(b"application/pkcs7-signature; name=smime.p7s", b"x")), "signed"),
        (multi(b"signed", PLAIN, part(b"application/pgp-signature", b"x")), "signed"),
        (
            multi(b"encrypted", part(b"application/pgp-encrypted", b"Version: 1"), part(b"application/x", b"x")),
            "encrypted",
        ),
        (part(b"application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"0\x80"), "encrypted"),
        (part(b"application/x; name=smime.p7m", b"0\x80\x06\x09\x2a\x86\x48\x86\xf7\r\x01\x07\x03"), "encrypted"),
        (part(b"text/plain", b"-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n-----END PGP MESSAGE-----"), "encrypted"),
        (part(b"message/partial; number=1; total=2; id=x", b"Subject: a\r\n\r\nDen har"), "partial"),
        (part(b"message/external-body; access-type=URL", b"Content-Type: image/png\r\n\r\n"), "elsewhere"),
        (part(b"application/ms-tnef; name=winmail.dat", b"no tnef"), "winmail"),
    ],
)
def test_what_is_special_about_a_mail_is_said(content: bytes, flag: str) -> None:
    read = mail.read(whole(content))
    assert flag in read.flags
    assert not read.unreadable


def test_a_clear_signed_mail_reads_through_and_its_signature_is_no_attachment() -> None:
    read = mail.read(whole(multi(b"signed", PLAIN, part(b"application/pkcs7-signature; name=smime.p7s", b"x"))))
    assert (read.own, read.files) == ("Hissen står still", ())
    armoured = (
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n- --- Hissen\r\nstannar\r\n"
        b"-----BEGIN PGP SIGNATURE-----\r\n\r\nabc\r\n-----END PGP SIGNATURE-----\r\n"
    )
    assert mail.read(letter(armoured)).own == "--- Hissen\nstannar"


def test_an_opaque_signed_mail_is_opened() -> None:
    def der(tag: int, content: bytes) -> bytes:
        length = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
        return bytes([tag]) + length + content

    inner = b"Content-Type: text/plain\r\n\r\nHissen stannar" + b" igen" * 30
    octets = der(0x24, der(0x04, inner[:40]) + der(0x04, inner[40:]))
    data = der(0x30, der(0x06, bytes.fromhex("2a864886f70d010701")) + der(0xA0, octets))
    signed = der(0x30, der(0x02, b"\x01") + der(0x31, b"") + data)
    whole_thing = der(0x30, der(0x06, bytes.fromhex("2a864886f70d010702")) + der(0xA0, signed))
    streamed = b"\x30\x80" + whole_thing[4:] + b"\x00\x00"
    for cms in (whole_thing, streamed):
        body, label = in_base64(cms)
        read = mail.read(whole(part(b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", body, label)))
        assert read.own.startswith("Hissen stannar igen")
        assert read.flags == ("signed",)


def test_flowed_paragraphs_are_joined_and_quotations_keep_their_depth() -> None:
    body = b"Hissen har \r\nstannat.\r\n Fri rad\r\n>> Gammal \r\n>> fr\xc3\xa5ga\r\n> Svar\r\n-- \r\nAnna"
    read = mail.read(letter(body, kind=b"text/plain; charset=utf-8; format=flowed"))
    assert read.full == "Hissen har stannat.\nFri rad\n>> Gammal fråga\n> Svar\n-- \nAnna"
    assert read.own == "Hissen har stannat.\nFri rad"
    together = mail.read(letter(b"Hiss \r\nen stannar", kind=b"text/plain; format=flowed; delsp=yes"))
    assert together.own == "Hissen stannar"


def test_uuencoded_files_are_taken_out_of_the_text() -> None:
    read = mail.read(letter(b"Se bilden\r\nbegin 644 bild.gif\r\n#0V%T\r\n`\r\nend\r\nHej"))
    assert [(f.name, f.data) for f in read.files] == [("bild.gif", b"Cat")]
    assert read.own == "Se bilden\nHej"
    assert mail.read(letter(b"begin 644 x\r\nvanliga ord h\xc3\xa4r\r\nend")).own == "begin 644 x\nvanliga ord här\nend"


def test_a_boundary_that_begins_like_another_is_another() -> None:
    inner = multi(b"alternative", PLAIN, PAGE, boundary=b"b0b")
    assert mail.read(whole(multi(b"mixed", inner, PDF, boundary=b"b0"))).own == "Hissen står still"


def test_parts_behind_the_last_delimiter_are_read() -> None:
    raw = whole(multi(b"mixed", PLAIN)) + b"--b0\r\nContent-Type: text/plain\r\n\r\nEfter\r\n"
    assert mail.read(raw).own == "Hissen står still\nEfter"


def test_words_before_the_first_part_are_read_when_there_are_no_others() -> None:
    raw = whole(b'Content-Type: multipart/mixed; boundary="b0"\r\n\r\nBara h\xc3\xa4r\r\n--b0--\r\n')
    assert mail.read(raw).own == "Bara här"


def test_a_digest_holds_mails() -> None:
    read = mail.read(whole(multi(b"digest", b"\r\nSubject: ett\r\n\r\nHissen", b"\r\nSubject: tv\r\n\r\nPorten")))
    assert [file.content_type for file in read.files] == ["message/rfc822", "message/rfc822"]
    assert "Hissen" in read.own


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"filename*0*=iso-8859-1'sv'%E5tg; filename*1*=%E4rd; filename*2=.pdf", "åtgärd.pdf"),
        (b"filename*=x-foo''%C3%A5.pdf", "å.pdf"),
        (b"filename*=utf-8''%E5.pdf", "å.pdf"),
        (b'filename="=?utf-8?Q?=C3=A5tg=C3=A4rd.pdf?="', "åtgärd.pdf"),
        (b'filename="=?utf-8?B?w6V0Zw==?= =?utf-8?B?w6RyZC5wZGY=?="', "åtgärd.pdf"),
        ('filename="åtgärd.pdf"'.encode(), "åtgärd.pdf"),
        ('filename="åtgärd.pdf"'.encode("latin-1"), "åtgärd.pdf"),
        (b'filename="a\\"b.pdf"', "a_b.pdf"),
        (b'filename="..\\..\\x.exe"', "x.exe"),
        (b'filename="faktura.pdf.exe"', "faktura.pdf.exe"),
        ('filename="a\u030atga\u0308rd.pdf"'.encode(), "åtgärd.pdf"),
        (b"filename*" + b"9" * 5000 + b"*=x", "bilaga-1.pdf"),
        (b"filename", "bilaga-1.pdf"),
    ],
)
def test_names_of_files_are_read_whatever_wrote_them(header: bytes, name: str) -> None:
    raw = whole(part(b"application/pdf", b"%PDF", b"Content-Disposition: attachment; " + header))
    assert names(mail.read(raw)) == [name]
    loose = whole(part(b"application/pdf", b"%PDF", b'Content-Disposition: attachment filename="loose.pdf"'))
    assert names(mail.read(loose)) == ["loose.pdf"]


@pytest.mark.parametrize(
    ("raw", "own"),
    [
        (b"From x@y.se Mon Nov 30 08:00:00 2026\nFrom: a@example.se\nSubject: x\n\nHej", "Hej"),
        (b"\xef\xbb\xbfFrom: a@example.se\r\nSubject: x\r\n\r\nHej", "Hej"),
        (b"\r\n\r\nFrom: a@example.se\r\nSubject: x\r\n\r\nHej", "Hej"),
        (b"From: a@example.se\rSubject: x\r\rHej", "Hej"),
        (b"From: a@example.se\r\r\nSubject: x\r\r\n\r\r\nHej", "Hej"),
        (b"From: a@example.se\r\nSubject: x\r\nHej utan tomrad", "Hej utan tomrad"),
        (b"From: a@example.se\r\nSubject: x\r\nObs: utan tomrad", "Obs: utan tomrad"),
        (b"Subject: l\xc3\xa5ngt\r\nfelvikt \xc3\xa4mne\r\nFrom: a@example.se\r\n\r\nHej", "Hej"),
        (b"skr\xc3\xa4p\r\nFrom: a@example.se\r\n\r\nHej", "Hej"),
        (b"From: a@example.se\r\n \r\nHej", "Hej"),
    ],
)
def test_headers_are_found_though_the_frame_is_broken(raw: bytes, own: str) -> None:
    read = mail.read(raw)
    assert (read.sender_address, read.own) == ("a@example.se", own)


def test_a_return_in_a_header_makes_no_header() -> None:
    read = mail.read(b"From: a@example.se\r\nSubject: x\rBcc: y@z.se\r\n\r\nHej")
    assert read.headers.raw("bcc") is None
    assert read.subject == "x Bcc: y@z.se"


def test_ten_thousand_headers_and_a_thousand_parts_are_read_and_said() -> None:
    many = b"".join(b"X-H%d: v\r\n" % n for n in range(10_000)) + whole(PLAIN)
    assert mail.read(many).own == "Hissen står still"
    read = mail.read(whole(multi(b"mixed", *(part(b"text/plain", b"ord%d" % n) for n in range(1000)))))
    assert "ord400" in read.full
    assert "parts_cut" in read.flags


def test_a_hundred_levels_keep_their_words_as_a_file() -> None:
    content = PLAIN
    for level in range(100):
        content = multi(b"mixed", content, boundary=b"n%d" % level)
    read = mail.read(whole(content))
    assert "parts_cut" in read.flags
    assert any("Hissen står still".encode() in file.data for file in read.files)
    assert "Hissen står still" in read.own


def test_mails_within_each_other_are_slices_of_the_outermost() -> None:
    raw = whole(b"Content-Type: message/rfc822\r\n\r\n" * 20 + b"Subject: x\r\n\r\nHissen")
    one = parse(raw)
    while one.parts:
        one = one.parts[0]
        assert one.raw is raw
    assert one.body == b"Hissen"


def test_a_mail_of_attachments_alone_is_no_unreadable_one() -> None:
    read = mail.read(whole(multi(b"mixed", PDF)))
    assert (read.own, read.unreadable, names(read)) == ("", False, ["ritning.pdf"])


def test_bodies_are_slices_of_the_mail() -> None:
    raw = whole(multi(b"mixed", PLAIN, PDF))
    assert parse(raw).parts[0].raw is raw
