"""What a file is by its first bytes, beside what its sender and its name say, and what is dangerous about it."""

import puremagic

from services.intake.domain import archives
from services.intake.domain.archives import EMPTY_ZIP, OLE, ZIP, Limits
from services.intake.domain.endings import ACTIVE, PROGRAMS, SHOWS, WITH_MACROS, ending, endings

PROGRAM = "application/x-executable"
SCRIPT = "text/x-script"
SHORTCUT = "application/x-ms-shortcut"
HTML = "text/html"
SVG = "image/svg+xml"
OLD_OFFICE = "application/x-ole-storage"
_ZIP = "application/zip"
_HEAD = 4096
_RUNS = frozenset({PROGRAM, SCRIPT, SHORTCUT})
_SIGNS = (
    (b"\x7fELF", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xfe\xed\xfa\xce", PROGRAM),
    (b"\xfe\xed\xfa\xcf", PROGRAM),
    (b"#!", SCRIPT),
    (b"L\x00\x00\x00\x01\x14\x02\x00", SHORTCUT),
    (OLE, OLD_OFFICE),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
)
_ARCHIVE_TYPES = frozenset(
    {"application/zip", "application/gzip", "application/vnd.rar", "application/x-7z-compressed"}
)
_PAGE = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<meta", b"<title", b"<style")
_OFFICE = (
    ("word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_SURE = 0.3
"""Of puremagic's confidence: three bytes or more told it."""


def detected_type(data: bytes) -> str | None:
    """Return what the bytes say the file is, None where they do not tell (plain text has no sign)."""
    if data.startswith(b"MZ") and _is_program(data):
        return PROGRAM
    for sign, kind in _SIGNS:
        if data.startswith(sign):
            return kind
    if data.startswith((ZIP, EMPTY_ZIP)):
        return _zip_type(archives.names(data))
    return _page(data[:_HEAD]) or _known(data)


def inspect(name: str, content_type: str, data: bytes, limits: Limits) -> tuple[str | None, tuple[str, ...]]:
    """Return the type that the bytes tell and what is dangerous: what an archive holds, and what it only poses as."""
    detected = detected_type(data)
    return detected, _flags(name, content_type, detected, archives.look_into(data, limits))


def _flags(name: str, content_type: str, detected: str | None, within: tuple[str, ...]) -> tuple[str, ...]:
    last, both = ending(name), endings(name)
    seen = {
        "executable": last in PROGRAMS or detected in _RUNS,
        "double_extension": len(both) == 2 and both[0] in SHOWS and both[1] in PROGRAMS | ACTIVE,
        "type_mismatch": _disguised(last, content_type, detected),
        "macros": last in WITH_MACROS,
    }
    return tuple(dict.fromkeys((*within, *(flag for flag, is_so in seen.items() if is_so))))


def _disguised(last: str, content_type: str, detected: str | None) -> bool:
    """Say whether something that acts poses as something that only shows: by its name or by its declared type."""
    poses = last in SHOWS or content_type.lower().startswith(("image/", "audio/", "video/", "application/pdf"))
    if detected in _RUNS:
        return last not in PROGRAMS
    if detected == SVG:
        return poses and not content_type.lower().startswith(SVG) and last not in ACTIVE
    if detected == HTML:
        return poses
    return detected in _ARCHIVE_TYPES and poses


def _is_program(data: bytes) -> bool:
    """Say whether `MZ` begins a program and not a text about Mozambique."""
    at = int.from_bytes(data[60:64], "little")
    return data[at : at + 2] in {b"PE", b"NE", b"LE"} or b"\x00" in data[:64]


def _zip_type(names: list[str]) -> str:
    if "[Content_Types].xml" in names:
        return next((kind for folder, kind in _OFFICE if any(name.startswith(folder) for name in names)), _ZIP)
    if "META-INF/MANIFEST.MF" in names and any(name.endswith(".class") for name in names):
        return PROGRAM
    if names[:1] == ["mimetype"] and "content.xml" in names:
        return "application/vnd.oasis.opendocument"
    return _ZIP


def _page(head: bytes) -> str | None:
    """Return whether a browser would take it for a page or a drawing: it passes over blanks, marks and comments."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\x00", b"")[2:]
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    while start.startswith((b"<!--", b"<?xml")):
        start = start.partition(b"-->" if start.startswith(b"<!--") else b"?>")[2].lstrip()
    if start.startswith(_PAGE):
        return HTML
    return SVG if start.startswith((b"<svg", b"<!doctype svg")) else None


def _known(data: bytes) -> str | None:
    try:
        found = puremagic.magic_string(data) if data else []
    except (puremagic.PureError, ValueError):
        return None
    sure = [one for one in found if one.confidence >= _SURE and one.mime_type]
    return str(sure[0].mime_type) if sure else None
