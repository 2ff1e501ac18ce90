"""Outlook's winmail.dat and signed envelopes: what is in them is read, and what is no such thing is kept."""

import struct

import pytest

from services.intake.domain import mail, rtf, tnef
from tests.support.raw_mail import in_base64, multi, part, whole

BODY, MAPI, CODEPAGE = 0x0002800C, 0x00069003, 0x00069007
RENDERING, TITLE, DATA, ATTACHED_MAPI = 0x00069002, 0x00018010, 0x0006800F, 0x00069005


def attribute(level: int, identity: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, identity, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def text_property(identity: int, value: bytes, kind: int = 0x1E) -> bytes:
    return struct.pack("<HHII", kind, identity, 1, len(value)) + value + b"\x00" * (-len(value) % 4)


def winmail(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def picture(name: str = "trapphus å.png") -> bytes:
    named = struct.pack("<HH", 0x1F, 0x8001) + b"\x00" * 16 + struct.pack("<II", 1, 4) + "x\x00".encode("utf-16-le")
    named += struct.pack("<II", 1, 4) + "y\x00".encode("utf-16-le")
    fixed = struct.pack("<HHi", 0x3, 0x3705, 1)
    properties = [
        named,
        fixed,
        text_property(0x3707, (name + "\x00").encode("utf-16-le"), 0x1F),
        text_property(0x370E, b"image/png\x00"),
        text_property(0x3712, b"<logo@x>\x00"),
    ]
    return (
        attribute(2, RENDERING, b"\x01" * 14)
        + attribute(2, TITLE, b"TRAPPH~1.PNG\x00")
        + attribute(2, DATA, b"\x89PNG")
        + attribute(2, ATTACHED_MAPI, struct.pack("<I", len(properties)) + b"".join(properties))
    )


def packed(data: bytes) -> bytes:
    """Return compressed RTF of letters only, with one reference into the dictionary that both sides know."""
    out = bytearray()
    for start in range(0, len(data), 8):
        piece = data[start : start + 8]
        out += b"\x00" + piece
    return struct.pack("<IIII", len(out) + 12, len(data), 0x75465A4C, 0) + bytes(out)


def sent(data: bytes, *before: bytes) -> mail.Mail:
    body, label = in_base64(data)
    return mail.read(whole(multi(b"mixed", *before, part(b"application/ms-tnef; name=winmail.dat", body, label))))


def test_the_text_and_the_files_in_a_winmail_are_read() -> None:
    read = sent(
        winmail(attribute(1, CODEPAGE, struct.pack("<II", 1252, 0)), attribute(1, BODY, b"\xc5sgatan\x00"), picture())
    )
    assert read.own == "Åsgatan"
    assert [(f.name, f.content_type, f.data, f.content_id) for f in read.files] == [
        ("trapphus å.png", "image/png", b"\x89PNG", "logo@x")
    ]
    assert read.flags == ("winmail",)


def test_words_beside_a_winmail_are_the_words() -> None:
    read = sent(winmail(attribute(1, BODY, b"samma igen"), picture()), part(b"text/plain", b"Hissen"))
    assert read.own == "Hissen"
    assert len(read.files) == 1


def test_the_html_of_a_winmail_is_read_and_its_picture_is_inline() -> None:
    page = b'<html><p>Hissen st\xe5r</p><img src="cid:logo@x"></html>'
    properties = struct.pack("<I", 1) + text_property(0x1013, page, 0x102)
    read = sent(winmail(attribute(1, MAPI, properties), picture()))
    assert read.own == "Hissen står"
    assert read.files[0].inline


PLAIN_RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard Hissen st\'e5r\par still \u228?nnu\par}"
HTML_RTF = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\f0 \htmlrtf0 Hissen st\'e5r"
    rb"{\*\htmltag72 </p>}{\*\htmltag64 <p>}\htmlrtf \par\htmlrtf0 still \'e4nnu{\*\htmltag72 </p>}}"
)


@pytest.mark.parametrize("written", [PLAIN_RTF, HTML_RTF], ids=["plain", "html"])
def test_the_packed_rtf_of_a_winmail_is_read(written: bytes) -> None:
    properties = struct.pack("<I", 1) + text_property(0x1009, packed(written), 0x102)
    assert sent(winmail(attribute(1, MAPI, properties))).own == "Hissen står\nstill ännu"


def test_packed_rtf_repeats_from_what_was_written() -> None:
    data = struct.pack("<IIII", 0, 11, 0x75465A4C, 0) + b"\x02" + b"a" + struct.pack(">H", 207 << 4 | 8)
    assert rtf.unpacked(data) == b"a" * 11


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_one_that_is_cut_raises_nothing_and_is_kept(cut: int) -> None:
    data = winmail(attribute(1, BODY, b"Hissen"), picture())[:cut]
    opened = tnef.read(data)
    read = sent(data, part(b"text/plain", b"ord"))
    assert read.own == "ord"
    assert read.files or (opened and opened.text)
