"""The names of files: read from whatever header has one, and made safe to store, show and download anywhere."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from services.intake.domain import text
from services.intake.domain.structure import Part

MAX_NAME = 120
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069]+')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
_LOOSE = re.compile(r"\b(?:file)?name\*?=\s*\"?([^\";\r\n]{1,500})", re.IGNORECASE)
_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "message/rfc822": ".eml",
        "message/global": ".eml",
        "message/news": ".eml",
        "message/partial": ".eml",
        "text/plain": ".txt",
        "text/html": ".html",
        "text/calendar": ".ics",
        "text/csv": ".csv",
        "text/vcard": ".vcf",
        "text/x-vcard": ".vcf",
        "text/rtf": ".rtf",
        "application/rtf": ".rtf",
        "text/xml": ".xml",
        "application/xml": ".xml",
        "application/json": ".json",
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/gif": ".gif",
        "image/heic": ".heic",
        "image/webp": ".webp",
        "image/tiff": ".tif",
        "application/pdf": ".pdf",
        "application/zip": ".zip",
        "application/msword": ".doc",
        "application/vnd.ms-excel": ".xls",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
        "application/ms-tnef": ".dat",
        "application/pkcs7-mime": ".p7m",
        "application/x-pkcs7-mime": ".p7m",
        "audio/mpeg": ".mp3",
        "audio/mp4": ".m4a",
        "audio/amr": ".amr",
        "video/mp4": ".mp4",
        "video/quicktime": ".mov",
        "video/3gpp": ".3gp",
    }
)
"""What a part without a name is called after; the machine's own table would differ from machine to machine."""


def written_name(part: Part) -> str:
    """Return the file name that a part gives itself, empty when it gives none."""
    for header, name in (("content-disposition", "filename"), ("content-type", "name")):
        if found := part.parameter(name, header):
            return found
    for header in ("content-disposition", "content-type"):
        loose = _LOOSE.search(str(part.head.get(header) or ""))
        if loose:
            return text.header_text(loose[1].strip())
    return text.header_text(str(part.head.get("content-description") or ""))[:MAX_NAME] if _is_file(part) else ""


def _is_file(part: Part) -> bool:
    description = str(part.head.get("content-description") or "")
    return bool(re.search(r"\.\w{2,5}$", description))


def default_name(kind: str, number: int) -> str:
    """Return a name for a part that has none."""
    suffix = _SUFFIXES.get(kind, ".txt" if kind.startswith("text/") else "")
    return "inbjudan.ics" if kind == "text/calendar" else f"bilaga-{number}{suffix}"


def safe_name(name: str) -> str:
    """Return a file name without folders, control or direction characters, at most 120 long, never a device or dot."""
    composed = unicodedata.normalize("NFC", name[:2000])
    base = _FORBIDDEN.sub("_", re.split(r"[/\\]", composed.strip())[-1]).strip(". _")
    stem, dot, suffix = base.rpartition(".")
    if len(base) > MAX_NAME:
        base = f"{stem[: MAX_NAME - 12]}{dot}{suffix[:10]}" if dot else base[:MAX_NAME]
    return "bilaga" if not base or _RESERVED.match(base) else base
