"""What a file is and what is dangerous about it: by its bytes, its table of contents and its name."""

import io
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import archives, inspect
from services.intake.domain.archives import Limits
from services.intake.domain.endings import ending, endings

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
PE = b"MZ" + bytes(58) + b"\x80\x00\x00\x00" + bytes(64) + b"PE\x00\x00" + bytes(200)
SVG = b'<?xml version="1.0"?>\n<!-- x --><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
HTML = b"\xef\xbb\xbf <!-- -->\n<HTML><script>alert(1)</script>"
PART = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>", "xl/printerSettings/printerSettings1.bin": b"x"}


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def locked(members: Mapping[str, bytes]) -> bytes:
    """Set the bit of encryption in every head of a zip archive."""
    data = bytearray(packed(members))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = data.find(sign)
        while found >= 0:
            data[found + at] |= 1
            found = data.find(sign, found + 4)
    return bytes(data)


def entry(name: str) -> bytes:
    said = name.encode("utf-16-le")
    return said.ljust(64, b"\x00") + (len(said) + 2).to_bytes(2, "little")


def flags(name: str, data: bytes, content_type: str = "application/octet-stream", limits: Limits | None = None):
    return set(inspect.inspect(name, content_type, data, limits or Limits())[1])


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (PDF, "application/pdf"),
        (PE, inspect.PROGRAM),
        (b"\x7fELF\x02\x01\x01" + bytes(60), inspect.PROGRAM),
        (b"#!/bin/sh\nrm -r ~\n", inspect.SCRIPT),
        (HTML, "text/html"),
        ("\ufeff<html>".encode("utf-16-le"), "text/html"),
        (SVG, "image/svg+xml"),
        (packed(PART), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (packed({"a.txt": b"a"}), "application/zip"),
        (archives.OLE + bytes(600), inspect.OLD_OFFICE),
        ("MZ är Moçambiques kod. ".encode() * 9, None),
        ("Hej på dig".encode(), None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_type(data: bytes, kind: str | None) -> None:
    assert inspect.detected_type(data) == kind


@pytest.mark.parametrize(
    ("name", "data", "content_type"),
    [
        ("bild.png", PNG, "image/png"),
        ("bild.jpg", PNG, "image/jpeg"),
        ("bild", JPEG, "application/octet-stream"),
        ("avtal.pdf", PDF, "application/pdf"),
        ("lista.xlsx", packed(PART), "application/octet-stream"),
        ("brev.txt", "Hej på dig".encode(), "text/plain"),
        ("sida.html", HTML, "text/html"),
        ("logga.svg", SVG, "image/svg+xml"),
        ("bilder.zip", packed({"en.jpg": JPEG, "två.jpg": JPEG}), "application/zip"),
        ("gammalt.doc", archives.OLE + "Macros i Word".encode("utf-16-le") + bytes(600), "application/msword"),
        ("2026.03.02 protokoll.pdf", PDF, "application/pdf"),
        ("tom", b"", "text/plain"),
    ],
)
def test_what_people_send_has_no_flags(name: str, data: bytes, content_type: str) -> None:
    assert flags(name, data, content_type) == set()


@pytest.mark.parametrize(
    ("name", "data", "content_type", "seen"),
    [
        ("faktura.pdf.exe", PE, "application/pdf", {"executable", "double_extension"}),
        ("faktura.pdf      .exe", b"x", "application/pdf", {"executable", "double_extension"}),
        ("bild.jpg", PE, "image/jpeg", {"executable", "type_mismatch"}),
        ("bild.png", HTML, "image/png", {"type_mismatch"}),
        ("bild", HTML, "image/png", {"type_mismatch"}),
        ("bild.png", SVG, "image/png", {"type_mismatch"}),
        ("faktura.pdf", packed({"a.txt": b"a"}), "application/pdf", {"type_mismatch"}),
        ("faktura.pdf.html", HTML, "text/html", {"double_extension"}),
        ("kör.sh", b"#!/bin/sh", "text/plain", {"executable"}),
        ("brev.js", b"alert(1)", "text/plain", {"executable"}),
        ("brev.js. ", b"alert(1)", "text/plain", {"executable"}),
        ("skiva.iso", b"x", "application/octet-stream", {"executable"}),
    ],
)
def test_a_program_or_page_in_other_clothing_is_flagged(name: str, data: bytes, content_type: str, seen: set[str]):
    assert flags(name, data, content_type) == seen


@pytest.mark.parametrize(
    ("name", "data", "seen"),
    [
        ("lista.xlsm", packed(PART | {"xl/vbaProject.bin": b"x"}), {"macros"}),
        ("lista.xlsx", packed(PART | {"xl/vbaProject.bin": b"x"}), {"macros"}),
        ("gammalt.doc", archives.OLE + bytes(500) + entry("Macros"), {"macros"}),
        ("gammalt.xls", archives.OLE + bytes(500) + entry("_VBA_PROJECT_CUR"), {"macros"}),
        ("hemligt.docx", archives.OLE + bytes(500) + entry("EncryptedPackage"), {"encrypted"}),
        ("brev.zip", packed({"brev.doc": archives.OLE + entry("Macros")}), {"macros"}),
        ("lås.zip", locked({"brev.txt": b"hej", "in.zip": packed({"a": b"a"})}), {"encrypted"}),
        ("program.zip", packed({"faktura/kör.exe": b"x"}), {"executable"}),
        ("program.zip", packed({"in.zip": packed({"kör.scr": b"x"})}), {"executable"}),
    ],
)
def test_macros_locks_and_programs_are_seen_within(name: str, data: bytes, seen: set[str]) -> None:
    assert flags(name, data) == seen


def test_a_bomb_is_told_by_its_table_of_contents_alone() -> None:
    bomb = packed({"in.zip": bytes(120_000_000)})
    start = bomb.index(b"in.zip") + 6
    spoiled = bomb[:start] + b"\xff" * 5_000 + bomb[start + 5_000 :]  # unpacking it would be an error
    assert flags("bomb.zip", spoiled) == {"archive_too_large"}
    assert flags("bomber.zip", packed({f"{n}.zip": bomb for n in range(5)})) == {"archive_too_large"}
    gzipped = b"\x1f\x8b\x08" + bytes(100) + (400_000_000).to_bytes(4, "little")
    assert flags("nollor.csv.gz", gzipped) == {"archive_too_large"}


def test_many_members_and_many_levels_are_too_many() -> None:
    assert flags("många.zip", packed({str(n): b"" for n in range(6_000)}, zipfile.ZIP_STORED)) == {"archive_too_large"}
    deep = packed({"brev.txt": b"hej"})
    for _ in range(2):
        deep = packed({"in.zip": deep})
    assert flags("djup.zip", deep) == set()
    assert flags("djup.zip", packed({"in.zip": deep})) == {"archive_too_deep"}


def test_a_table_of_contents_that_fills_the_memory_is_not_read() -> None:
    large = packed({f"{n:0800}": b"" for n in range(5_500)}, zipfile.ZIP_STORED)
    assert flags("stor.zip", large, limits=Limits(members=10_000)) == {"archive_too_large"}
    assert flags("trasig.zip", b"PK\x03\x04" + bytes(500)) == {"archive_unreadable"}


def test_the_limits_are_the_installations() -> None:
    assert flags("tre.zip", packed({"1": b"", "2": b"", "3": b""}), limits=Limits(members=2)) == {"archive_too_large"}


@given(st.data())
def test_no_archive_however_broken_raises(data: st.DataObject) -> None:
    whole = packed({"in.zip": packed({"a.txt": b"a" * 500}), "b.exe": b"b" * 99})
    broken = bytearray(data.draw(st.sampled_from([whole, locked({"a.zip": whole}), archives.OLE + whole])))
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(broken[: data.draw(st.integers(1, len(broken)))])
    for seen in (bytes(broken), cut):
        inspect.inspect("a.zip", "application/zip", seen, Limits())


@given(st.text(), st.text(max_size=40), st.binary(max_size=300))
def test_no_file_at_all_raises(name: str, content_type: str, data: bytes) -> None:
    inspect.inspect(name, content_type, data, Limits())


def test_endings_of_names() -> None:
    assert (ending("A.PDF"), ending("a"), ending(".htaccess"), ending("a.exe. ")) == ("pdf", "", "", "exe")
    assert (endings("a.pdf .exe"), endings("a.b.c.d"), endings("a")) == (["pdf", "exe"], ["c", "d"], [])
